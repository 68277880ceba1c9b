"""The engine against bare Trio and SimPy: messages a second, with trace, hash and named streams on."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import simpy
import trio

import chaoslab as cl
from chaoslab.statemachine import Context, Effects, Invocation, Send
from tests.benchmarks.harness import Row, seconds_of_each

__all__ = ["rows"]

_MESSAGES = 60_000
_RING = 5
_REPETITIONS = 9


def trio_ping_pong() -> None:
    """Two tasks and two memory channels of bare Trio: no network, no time, no record."""

    async def main() -> None:
        to_b, at_b = trio.open_memory_channel[int](1)
        to_a, at_a = trio.open_memory_channel[int](1)

        async def echo() -> None:
            for _ in range(_MESSAGES // 2):
                await to_a.send(await at_b.receive())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(echo)
            for number in range(_MESSAGES // 2):
                await to_b.send(number)
                await at_a.receive()

    trio.run(main)


def async_ping_pong() -> None:
    """Two async nodes on the simulated network, with latency, and clients' history on beside them."""

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            for number in range(_MESSAGES // 2):
                node.send("n2", number)
                await node.recv()
        else:
            for _ in range(_MESSAGES // 2):
                message = await node.recv()
                node.send("n1", message.body)
        await trio.sleep_forever()

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=2)
        await trio.sleep(_MESSAGES * 0.001 + 1)

    cl.run(main, latency=0.001)


class _Ring:
    """Passes a token on until it has made its way."""

    def __init__(self, context: Context) -> None:
        position = context.nodes.index(context.name)
        self.first = position % _RING == 0
        self.last = position % _RING == _RING - 1
        self.target = context.nodes[position - _RING + 1 if self.last else (position + 1) % len(context.nodes)]
        self.hops: int = context.settings

    def start(self) -> Effects:
        return [Send(self.target, self.hops)] if self.first else None

    def message(self, sender: str, message: Any) -> Effects:
        return [Send(self.target, message - 1)] if message > 1 else None

    def timer(self, name: str) -> Effects:
        return None


def machine_rings(nodes: int, messages: int = _MESSAGES) -> Callable[[], None]:
    """Return a run in which *nodes* / 5 rings of five state machines each pass a token, *messages* times in all."""

    def work() -> None:
        async def main(cluster: cl.Cluster) -> None:
            cluster.start(_Ring, nodes=nodes, settings=messages * _RING // nodes)
            await trio.sleep(messages * 0.01 * _RING / nodes + 1)

        cl.run(main, latency=cl_lognormal())

    return work


def cl_lognormal() -> Any:
    """Return a latency that is drawn for each message."""
    from chaoslab.net.latency import Lognormal

    return Lognormal(median_ns=1_000_000, p99_ns=5_000_000)


def simpy_ring() -> None:
    """The same ring in SimPy: five processes, a store each, a lognormal delay drawn for each message."""
    environment = simpy.Environment()
    inboxes: list[Any] = [simpy.Store(environment) for _ in range(_RING)]
    draw = random.Random(1).lognormvariate

    def deliver(inbox: Any, hops: int) -> Any:
        yield environment.timeout(draw(0.0, 0.7) * 0.001)
        inbox.put(hops)

    def node(number: int) -> Any:
        following = inboxes[(number + 1) % _RING]
        while True:
            hops = yield inboxes[number].get()
            if hops <= 1:
                return
            environment.process(deliver(following, hops - 1))

    for number in range(_RING):
        environment.process(node(number))
    inboxes[0].put(_MESSAGES)
    environment.run()


def clients_and_history() -> None:
    """A whole workload on state machines: clients, history, checks left out."""

    class Echo:
        def __init__(self, context: Context) -> None:
            self.values: dict[Any, Any] = {}

        def start(self) -> Effects:
            return None

        def message(self, sender: str, message: Any) -> Effects:
            from chaoslab.statemachine import reply

            body: Invocation = message.body
            if body.f == "write":
                self.values[body.key] = body.value
            return [reply(sender, message, self.values.get(body.key))]

        def timer(self, name: str) -> Effects:
            return None

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(Echo, nodes=1)
        await cluster.drive(cl.workload("register"), seconds=20, clients=10, rate=500)

    cl.run(main)


def rows() -> list[Row]:
    """Measure everything in turns, and return a row a ratio."""
    bare, nodes, five, five_more, thousand, thousand_more, simpy_time, clients = seconds_of_each(
        [
            trio_ping_pong,
            async_ping_pong,
            machine_rings(5),
            machine_rings(5, 3 * _MESSAGES),
            machine_rings(1000),
            machine_rings(1000, 3 * _MESSAGES),
            simpy_ring,
            clients_and_history,
        ],
        repetitions=_REPETITIONS,
    )
    # What a message costs is the difference between many and few: starting a thousand nodes is another matter.
    of_five, of_thousand = (five_more - five) / 2, (thousand_more - thousand) / 2

    def rate(seconds: float) -> str:
        return f"{_MESSAGES / seconds / 1000:.0f}k messages/s"

    def row(
        work: str, seconds: float, ratio: float | None = None, meaning: str = "", target: float | None = None
    ) -> Row:
        at_most = meaning.endswith("cost")
        return Row(
            work=work,
            size=rate(seconds),
            seconds=seconds,
            ratio=ratio,
            meaning=meaning,
            target="" if target is None else f"{'<=' if at_most else '>='} {target}",
            holds=None if target is None or ratio is None else (ratio <= target if at_most else ratio >= target),
        )

    return [
        row("bare Trio, memory channels, ping-pong", bare),
        row("async nodes, ping-pong", nodes, bare / nodes, "x bare Trio", 1.0),
        row("state machines, ring of 5, lognormal", five, bare / five, "x bare Trio", 3.0),
        row("SimPy, ring of 5, lognormal", simpy_time, simpy_time / five, "x slower than state machines"),
        row(
            "state machines, 1,000 nodes, a message", of_thousand, of_thousand / of_five, "x of the 5 nodes' cost", 1.5
        ),
        Row(work="starting 1,000 nodes", size="1,000 nodes", seconds=thousand - of_thousand),
        Row(work="10 clients, 10,000 operations, with history", size="20 virtual s", seconds=clients),
    ]
