"""Traffic for the tests of network faults: messages at a steady pace along some links, and what arrived of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import trio

import chaoslab as cl

__all__ = ["Seen", "traffic"]

BEGIN_S = 1.0
"""When the first message is sent; the faults are in force from half a second before."""


@attrs.define
class Seen:
    """What came of it.

    Attributes:
        arrived: For each link what arrived, in order: (seconds since the start, body).
        injections: The faults.
        cluster: The cluster afterwards.
        waiting: How many messages were held just before the heal.
    """

    arrived: dict[tuple[str, str], list[tuple[float, Any]]]
    injections: list[Any]
    cluster: cl.Cluster
    waiting: int = 0

    @property
    def bodies(self) -> list[Any]:
        """What arrived on the only link."""
        (arrived,) = self.arrived.values()
        return [body for _, body in arrived]

    @property
    def delays(self) -> list[float]:
        """How long each message on the only link took; bodies are (number, when it was sent)."""
        (arrived,) = self.arrived.values()
        return [at - body[1] for at, body in arrived]

    def counts(self) -> list[int]:
        """How many messages arrived on each link."""
        return [len(arrived) for arrived in self.arrived.values()]


def traffic(
    *faults: Any,
    links: Sequence[tuple[str, str]] = (("n1", "n2"),),
    number: int = 200,
    gap: float = 0.01,
    body: Callable[[int], Any] | None = None,
    heal_after: float = 5.0,
    nodes: int = 4,
    latency: Any = 0.001,
    seed: int = 0,
) -> Seen:
    """Send *number* messages along each of *links*, *gap* seconds apart, while *faults* are in force.

    Args:
        faults: Each a fault, or a pair of a fault and its targets.
        links: Pairs of sender and receiver.
        number: How many on each link.
        gap: Seconds from one to the next.
        body: From the number of a message, from 0, to what is sent; (number, time) if left out.
        heal_after: Seconds from the last message to the heal.
        nodes: How many nodes there are.
        latency: Of every link.
        seed: Of the run.
    """
    arrived: dict[tuple[str, str], list[tuple[float, Any]]] = {link: [] for link in links}

    async def serve(node: cl.Node) -> None:
        async def receive() -> None:
            while True:
                message = await node.recv()
                arrived.setdefault((message.sender, node.name), []).append((trio.current_time(), message.body))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(receive)
            await node.sleep(BEGIN_S)
            for count in range(number):
                for source, target in links:
                    if source == node.name:
                        node.send(target, (count, trio.current_time()) if body is None else body(count))
                await node.sleep(gap)
            await trio.sleep_forever()

    async def main(cluster: cl.Cluster) -> Seen:
        cluster.start(serve, nodes=nodes)
        await trio.sleep(BEGIN_S / 2)
        with cluster.faults(*faults):
            await trio.sleep(BEGIN_S / 2 + number * gap + heal_after)
            waiting = len(cluster.held())
        await trio.sleep(20)
        return Seen(arrived, cluster.injections, cluster, waiting)

    seen: Seen = cl.run(main, latency=latency, seed=seed)
    return seen
