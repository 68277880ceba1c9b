"""Workloads of authors: each client has a key that it alone writes, and reads its own and the others'.

A post, a balance, a status: what counts is that people see what they did themselves. Values grow. Clients beyond the
number of keys only read. When the run ends, nobody asks for anything for a while; then everybody reads everything.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from chaoslab.cluster import ClientView, Workload
from chaoslab.parameters import RATIO, parameter
from chaoslab.statemachine import Invocation
from chaoslab_systems.additions import read_all
from chaoslab_systems.promises import QUIET_NS, own_writes_are_seen

__all__ = ["Parameters", "authors"]


@attrs.frozen(kw_only=True)
class Parameters:
    """Parameters of a workload of authors."""

    writes: float = parameter(RATIO, "The share of operations that write.", default=0.4)
    own: float = parameter(RATIO, "The share of reads that an author makes of the own key.", default=0.5)


def _operations(view: ClientView) -> Iterator[Invocation]:
    parameters: Parameters = view.parameters or Parameters()
    own = view.keys[view.number] if view.number < len(view.keys) else None
    while True:
        if own is not None and view.random.chance(parameters.writes):
            yield Invocation(f="write", key=own, value=view.unique())
        elif own is not None and view.random.chance(parameters.own):
            yield Invocation(f="read", key=own)
        else:
            yield Invocation(f="read", key=view.random.pick(view.keys))


def authors(name: str, summary: str, *, sees_own: bool = True) -> Workload:
    """Return a workload of authors under the name of their work.

    Args:
        name: Of the workload.
        summary: One line for people.
        sees_own: Whether that everybody sees what they wrote is a promise of this system.
    """
    workload = Workload(
        name=name,
        summary=summary,
        model="register",
        operations=_operations,
        last=read_all,
        quiet_ns=QUIET_NS,
        all_read=True,
        parameters=Parameters,
    )
    return attrs.evolve(workload, checks=own_writes_are_seen) if sees_own else workload
