"""Clients at work: closed and open arrivals."""

from __future__ import annotations

from typing import Any

import trio

import chaoslab as cl
from chaoslab.cluster import Drive, key_names
from chaoslab.service_levels import service_levels
from chaoslab.statemachine import Context, Effects, SetTimer, reply


class Slow:
    """Answers each request after a quarter of a second, one at a time."""

    def __init__(self, context: Context) -> None:
        self.waiting: list[tuple[str, Any]] = []

    def start(self) -> Effects:
        return None

    def message(self, sender: str, message: Any) -> Effects:
        self.waiting.append((sender, message))
        return [SetTimer("answer", 0.25)] if len(self.waiting) == 1 else None

    def timer(self, name: str) -> Effects:
        sender, message = self.waiting.pop(0)
        return [reply(sender, message, None), *([SetTimer("answer", 0.25)] if self.waiting else [])]


def history_with(arrivals: Any) -> Any:
    """Return the history of one client that wants eight operations a second of a service that can do four."""

    async def main(cluster: cl.Cluster) -> Any:
        cluster.start(Slow, nodes=1)
        drive = Drive(
            cluster.engine,
            cl.workload("register"),
            cluster.add_clients(1),
            keys=key_names(1),
            rate=8.0,
            arrivals=arrivals,
        )
        drive.begin()
        await trio.sleep(20)
        return cluster.history

    return cl.run(main, latency=0.0)


def test_a_closed_workload_asks_a_slow_service_less_and_hides_how_slow_it_is() -> None:
    """Every operation takes a quarter of a second, though twice as many were wanted as could be done."""
    latencies = service_levels(history_with("closed")).latencies
    assert latencies.p50_ns == latencies.p99_ns == 250_000_000


def test_an_open_workload_counts_the_time_that_operations_waited_to_be_asked() -> None:
    """Twice as many are due as can be done: at the end the latest has been waiting for half of the run."""
    history = history_with("open")
    latencies = service_levels(history).latencies
    assert latencies.max_ns is not None
    assert latencies.max_ns > 5_000_000_000
    assert history.due_ns, "waiting was not recorded"
