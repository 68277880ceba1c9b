"""Faults that are written in Python: a value that no file could hold is refused in a sentence, as in a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import trio

import chaoslab as cl


async def serve(node: cl.Node) -> None:
    async for _ in node:
        pass


def inject(make: Callable[[], Any]) -> None:
    """Let a run have the fault that *make* makes."""

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=2)
        with cluster.faults(make()):
            await trio.sleep(1)

    cl.run(main)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: cl.drop(2), "ratio: 2 is not a ratio: it must be from 0 to 1"),
        (lambda: cl.drop("a"), "ratio: 'a' is not a ratio"),
        (lambda: cl.drop("5%"), "ratio: '5%' is for files: in Python it is 0.05"),
        (lambda: cl.duplicate(-1), "ratio: -1 is not a ratio"),
        (lambda: cl.corrupt(5), "ratio: 5 is not a ratio"),
        (lambda: cl.spike(-1), "size: '-1s' is negative"),
        (lambda: cl.jitter("5ms"), "'5ms' is not a time: it must be a finite number of seconds, such as 0.25"),
        (lambda: cl.latency("5"), "'5' has no unit: a duration takes one of"),
        (lambda: cl.latency({"distribution": "unifrom"}), "did you mean 'uniform'"),
        (lambda: cl.bandwidth(None), "None is no bandwidth, such as"),
        (lambda: cl.slow_disk("n1", seconds=-1), "'-1s' is negative"),
        (lambda: cl.clock_drift("n1", "x"), "rate: 'x' is not a drift"),
        (lambda: cl.match("AppendEntries"), "match: 'AppendEntries' is not a table"),
        (lambda: cl.crash(1), "1 is no name of a node, such as 'n1'"),
        (lambda: cl.crash("n9"), "unknown node 'n9'; did you mean"),
    ],
)
def test_a_value_that_is_none_is_refused_in_a_sentence(make: Callable[[], Any], told: str) -> None:
    with pytest.raises(cl.UsageError) as refused:
        inject(make)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_latencies_may_be_written_as_in_a_file() -> None:
    assert cl.latency("5ms") == cl.latency(0.005)
    table = {"distribution": "uniform", "low": "1ms", "high": "2ms"}
    inject(lambda: cl.latency(table))
    inject(lambda: cl.duplicate(0.5, later="1s"))
