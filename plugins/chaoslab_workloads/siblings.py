"""The workload of stores that keep siblings: values that replace what was read, and clears.

When the run ends, nobody asks for anything for a while; then each client reads each key, at the node beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from chaoslab.cluster import ClientView, Workload
from chaoslab.parameters import RATIO, parameter
from chaoslab.statemachine import Invocation

__all__ = ["SIBLINGS"]


@attrs.frozen(kw_only=True)
class Parameters:
    """Parameters of the siblings workload."""

    reads: float = parameter(RATIO, "The share of operations that are reads.", default=0.2)
    clears: float = parameter(RATIO, "The share of updates that clear; the rest replace.", default=0.3)


def _operations(view: ClientView) -> Iterator[Invocation]:
    parameters: Parameters = view.parameters or Parameters()
    while True:
        key = view.random.pick(view.keys)
        if view.random.chance(parameters.reads):
            yield Invocation(f="read", key=key)
        elif view.random.chance(parameters.clears):
            yield Invocation(f="clear", key=key)
        else:
            yield Invocation(f="replace", key=key, value=view.unique())


SIBLINGS = Workload(
    name="siblings",
    summary="replaces of what was read, clears, reads; after a quiet time, every client reads every key",
    model="siblings",
    operations=_operations,
    last=lambda view: (Invocation(f="read", key=key) for key in view.keys),
    quiet_ns=5_000_000_000,
    all_read=True,
    parameters=Parameters,
)
