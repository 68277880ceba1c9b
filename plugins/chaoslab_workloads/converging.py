"""Workloads that ask whether replicas come to agree: registers, counters and sets that every client reads at the end.

When the run ends, nobody asks for anything for a while; then each client reads each key, at the node beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from chaoslab.cluster import ClientView, Workload
from chaoslab.parameters import COUNT, RATIO, parameter
from chaoslab.statemachine import Invocation
from chaoslab_workloads.last_reads import read_all
from chaoslab_workloads.registers import RegisterParameters, reads_and_writes

__all__ = ["CONVERGING_COUNTER", "CONVERGING_REGISTER", "CONVERGING_SET"]

QUIET_NS = 5_000_000_000


@attrs.frozen(kw_only=True)
class CounterParameters:
    """Parameters of the converging-counter workload."""

    reads: float = parameter(RATIO, "The share of operations that are reads.", default=0.3)
    decrements: float = parameter(RATIO, "The share of updates that are decrements; the rest add.", default=0.3)
    amount: int = parameter(COUNT, "The largest amount of an update.", default=5)


@attrs.frozen(kw_only=True)
class SetParameters:
    """Parameters of the converging-set workload."""

    reads: float = parameter(RATIO, "The share of operations that are reads.", default=0.2)
    removes: float = parameter(RATIO, "The share of updates that are removes; the rest add.", default=0.3)
    elements: int = parameter(COUNT, "How many different elements there are.", default=20)


def _counter(view: ClientView) -> Iterator[Invocation]:
    parameters: CounterParameters = view.parameters or CounterParameters()
    while True:
        key = view.random.pick(view.keys)
        if view.random.chance(parameters.reads):
            yield Invocation(f="read", key=key)
        else:
            f = "decrement" if view.random.chance(parameters.decrements) else "add"
            yield Invocation(f=f, key=key, value=1 + view.random.below(max(1, parameters.amount)))


def _set(view: ClientView) -> Iterator[Invocation]:
    parameters: SetParameters = view.parameters or SetParameters()
    while True:
        key = view.random.pick(view.keys)
        if view.random.chance(parameters.reads):
            yield Invocation(f="read", key=key)
        else:
            # Few elements on purpose: what is added once and never removed again would not tell one set from another.
            f = "remove" if view.random.chance(parameters.removes) else "add"
            yield Invocation(f=f, key=key, value=view.random.below(max(1, parameters.elements)))


CONVERGING_REGISTER = Workload(
    name="converging-register",
    summary="reads and writes of unique values; after a quiet time, every client reads every key",
    model="register",
    operations=reads_and_writes,
    last=read_all,
    quiet_ns=QUIET_NS,
    all_read=True,
    parameters=RegisterParameters,
)

CONVERGING_COUNTER = Workload(
    name="converging-counter",
    summary="adds, decrements and reads of counters; after a quiet time, every client reads every key",
    model="counter",
    operations=_counter,
    last=read_all,
    quiet_ns=QUIET_NS,
    all_read=True,
    parameters=CounterParameters,
)

CONVERGING_SET = Workload(
    name="converging-set",
    summary="adds, removes and reads of sets; after a quiet time, every client reads every key",
    model="set",
    operations=_set,
    last=read_all,
    quiet_ns=QUIET_NS,
    all_read=True,
    parameters=SetParameters,
)
