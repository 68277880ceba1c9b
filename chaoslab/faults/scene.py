"""The scene of a run: what is known of it before it begins, for those who make up faults for it."""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.faults.budget import Budget

__all__ = ["Scene"]


@attrs.frozen(kw_only=True)
class Scene:
    """What a nemesis may know when it makes up its plan.

    Attributes:
        nodes: The names of the nodes, in order.
        duration_ns: How long faults may come and go.
        roles: The roles that nodes report.
        leader: The role that ``leader`` means, or None.
        zones: The zone of each node that has one.
        budget: What the protocol survives; None: do what you like.
        versions: The names of the versions in which a node can run.
        streams: The nodes speak over connections, so faults of connections and names have something to hit.
        kinds: The kinds of fault that are installed, by name, in the order in which they are listed.
    """

    nodes: tuple[str, ...]
    duration_ns: int
    roles: tuple[str, ...] = ()
    leader: str | None = None
    zones: dict[str, str] = attrs.field(factory=dict)
    budget: Budget | None = None
    versions: tuple[str, ...] = ()
    streams: bool = False
    kinds: dict[str, Any] = attrs.field(factory=dict)
