"""Service levels: how long the figures of a long history take, and that they are those that a hand would write down."""

from __future__ import annotations

import functools

from chaoslab.history import History
from chaoslab.service_levels import service_levels
from tests.benchmarks.harness import Row, seconds

__all__ = ["history_of_known_latencies", "rows"]

_SIZES = (10_000, 100_000, 1_000_000)
_STEP = 7_919  # a prime that divides none of the sizes: its multiples visit every latency once


def history_of_known_latencies(operations: int) -> History:
    """Return operations one after the other that take 1, 2, ... *operations* nanoseconds, in a scattered order.

    The first of every hundred in that order of latency fails.
    """
    history = History()
    now_ns = 0
    for number in range(operations):
        latency_ns = number * _STEP % operations + 1
        history.invoke(0, "read", "x", time_ns=now_ns)
        now_ns += latency_ns
        history.complete(0, "fail" if latency_ns % 100 == 1 else "ok", time_ns=now_ns)
    return history


def rows() -> list[Row]:
    """Measure three sizes; each is to cost about ten times the one before."""
    found: list[Row] = []
    for operations in _SIZES:
        history = history_of_known_latencies(operations)
        levels = service_levels(history)
        p99_ns = operations - operations // 100  # of hundred latencies one failed, and one is above
        assert (levels.availability, levels.latencies.p99_ns, levels.latencies.max_ns) == (0.99, p99_ns, operations)
        took = seconds(functools.partial(service_levels, history), repetitions=3)
        growth = took / found[-1].seconds if found else None
        found.append(
            Row(
                work="all figures of a history",
                size=f"{operations:,} operations",
                seconds=took,
                ratio=growth,
                meaning="x of a tenth of it",
                target="<= 13" if growth else "",
                holds=None if growth is None else growth <= 13,
            )
        )
    return found
