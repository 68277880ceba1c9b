"""Gossip at size: a hundred members of SWIM, and a thousand replicas of a counter; messages a second."""

from __future__ import annotations

import time
from typing import Any

import trio

import chaoslab as cl
from chaoslab.plugins import registry
from chaoslab.statemachine import Effects
from chaoslab_protocols.crdt import CounterReplica
from chaoslab_protocols.swim.client import Client
from chaoslab_protocols.swim.member import Member
from tests.benchmarks.harness import Row

__all__ = ["rows"]


def members(seconds: float) -> int:
    """Run a hundred members of SWIM, one of which is down for a while, and return how many messages arrived."""
    arrived = 0

    class Counting(Member):
        def message(self, sender: str, message: Any) -> Effects:
            nonlocal arrived
            arrived += 1
            return super().message(sender, message)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(Counting, nodes=100, client=Client)
        await trio.sleep(seconds / 3)
        with cluster.faults(cl.crash("n50")):
            await trio.sleep(seconds / 3)
        await trio.sleep(seconds / 3)

    cl.run(main)
    return arrived


def counters(seconds: float) -> int:
    """Run a thousand replicas of a counter, ten clients that add to it, and return how many messages arrived."""
    arrived = 0

    class Counting(CounterReplica):
        def message(self, sender: str, message: Any) -> Effects:
            nonlocal arrived
            arrived += 1
            return super().message(sender, message)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(Counting, nodes=1000)
        await cluster.drive(registry().workload("converging-counter"), seconds=seconds, clients=10, rate=20.0, keys=1)

    cl.run(main)
    return arrived


def rows() -> list[Row]:
    """Measure messages a CPU second."""
    found = []
    for work, size, run in (
        ("SWIM", "100 members, 30 s", lambda: members(30.0)),
        ("a counter by gossip", "1,000 replicas, 3 s", lambda: counters(3.0)),
    ):
        began = time.process_time()
        arrived = run()
        taken = time.process_time() - began
        found.append(Row(work=work, size=size, seconds=taken, ratio=arrived / taken, meaning="messages a CPU second"))
    return found
