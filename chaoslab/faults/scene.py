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
        administers: The commands with which administrators change the membership.
        settings: The protocol's settings, or None.
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
    administers: tuple[str, ...] = ()
    settings: Any = None
    kinds: dict[str, Any] = attrs.field(factory=dict)

    @classmethod
    def of(
        cls,
        protocol: Any,
        *,
        nodes: int,
        duration_ns: int,
        zones: tuple[tuple[str, str], ...] = (),
        settings: Any = None,
        beyond_budget: bool = False,
        kinds: dict[str, Any],
    ) -> Scene:
        """Return the scene of a run of *protocol*, which is a ``chaoslab.plugins.Protocol``."""
        return cls(
            nodes=tuple(f"n{number}" for number in range(1, nodes + 1)),
            duration_ns=duration_ns,
            roles=protocol.roles,
            leader=protocol.leader,
            zones={name: zone for zone, names in zones for name in names.split()},
            budget=None if beyond_budget else protocol.budget,
            versions=tuple(protocol.versions),
            administers=tuple(protocol.administers),
            settings=settings,
            kinds=kinds,
        )
