"""Workloads of people who put things into a collection that they share: a cart, comments, edits, bookings, messages.

What is put in is unique in its run. When the run ends, nobody asks for anything for a while; then each client reads
each collection, at the node beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from chaoslab.cluster import ClientView, Workload
from chaoslab.parameters import RATIO, parameter
from chaoslab.statemachine import Invocation
from chaoslab_systems.promises import QUIET_NS, nothing_is_lost

__all__ = ["Parameters", "additions", "read_all"]


@attrs.frozen(kw_only=True)
class Parameters:
    """Parameters of a workload of additions."""

    reads: float = parameter(RATIO, "The share of operations that read a whole collection.", default=0.4)
    removes: float = parameter(
        RATIO, "The share of updates that take something out again that the same client put in.", default=0.0
    )


def _operations(view: ClientView) -> Iterator[Invocation]:
    parameters: Parameters = view.parameters or Parameters()
    own: list[tuple[str, int]] = []
    while True:
        if view.random.chance(parameters.reads):
            yield Invocation(f="read", key=view.random.pick(view.keys))
        elif own and view.random.chance(parameters.removes):
            key, item = own.pop(view.random.below(len(own)))
            yield Invocation(f="remove", key=key, value=item)
        else:
            key, item = view.random.pick(view.keys), view.unique()
            own.append((key, item))
            yield Invocation(f="add", key=key, value=item)


def read_all(view: ClientView) -> Iterator[Invocation]:
    """Read every key."""
    return (Invocation(f="read", key=key) for key in view.keys)


def additions(name: str, summary: str) -> Workload:
    """Return a workload of additions under the name of its users' work."""
    return Workload(
        name=name,
        summary=summary,
        model="set",
        operations=_operations,
        last=read_all,
        quiet_ns=QUIET_NS,
        all_read=True,
        parameters=Parameters,
        checks=nothing_is_lost,
    )
