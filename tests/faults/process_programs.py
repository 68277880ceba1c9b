"""Small programs for the tests of process faults, each as a state machine and as an async function.

Their settings are a list to which they add what they have to tell.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import attrs
import trio

import chaoslab as cl
from chaoslab.statemachine import Context, Effects, Persist, Probe, Send, SetTimer, Write

__all__ = ["EFFECTS", "LISTENERS", "WRITERS", "Go", "One", "Two", "outcomes", "told"]


class Listener:
    """The first node hears numbers from the second, a hundred a second, and ticks ten times a second."""

    def __init__(self, context: Context) -> None:
        self.first = context.name == "n1"
        self.told: list[Any] = context.settings
        self.now = context.monotonic_time
        self.number = 0

    def start(self) -> Effects:
        return [SetTimer("tick", 0.1)] if self.first else [SetTimer("send", 0.01)]

    def message(self, sender: str, message: Any) -> Effects:
        self.told.append((message, self.now()))
        return None

    def timer(self, name: str) -> Effects:
        if name == "send":
            self.number += 1
            return [Send("n1", self.number), SetTimer("send", 0.01)]
        self.told.append(("tick", self.now()))
        return [SetTimer("tick", 0.1)]


async def listen(node: cl.Node) -> None:
    """The same, as an async function."""
    if node.name != "n1":
        number = 0
        while True:
            await node.sleep(0.01)
            number += 1
            node.send("n1", number)

    async def tick() -> None:
        while True:
            await node.sleep(0.1)
            node.settings.append(("tick", node.monotonic()))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(tick)
        while True:
            message = await node.recv()
            node.settings.append((message.body, node.monotonic()))


LISTENERS = [Listener, listen]


class Writer:
    """Tells what its disk kept of two files, and writes both again; it syncs only one."""

    def __init__(self, context: Context) -> None:
        context.settings.append((context.files.get("synced", b""), context.files.get("unsynced", b"")))

    def start(self) -> Effects:
        return [Persist("synced", b"s"), Write("unsynced", b"u")]

    def message(self, sender: str, message: Any) -> Effects:
        return None

    def timer(self, name: str) -> Effects:
        return None


async def write(node: cl.Node) -> None:
    """The same, as an async function."""
    disk = node.disk
    node.settings.append((disk.read("synced"), disk.read("unsynced")))
    disk.write("synced", b"s")
    await disk.fsync("synced")
    disk.write("unsynced", b"u")
    await trio.sleep_forever()


WRITERS = [Writer, write]


@attrs.frozen
class Go:
    """Begin."""


@attrs.frozen
class One:
    """Sent first."""


@attrs.frozen
class Two:
    """Sent last."""


class Effectful:
    """Told to go, the first node sends one, syncs f, passes p and sends two; the second says go ten times a second."""

    def __init__(self, context: Context) -> None:
        self.first = context.name == "n1"
        self.told: list[Any] = context.settings

    def start(self) -> Effects:
        return None if self.first else [SetTimer("go", 0.1)]

    def message(self, sender: str, message: Any) -> Effects:
        if self.first:
            return [Send("n2", One()), Persist("f", b"x", append=True), Probe("p"), Send("n2", Two())]
        self.told.append(type(message).__name__)
        return None

    def timer(self, name: str) -> Effects:
        return [Send("n1", Go()), SetTimer("go", 0.1)]


async def be_effectful(node: cl.Node) -> None:
    """The same, as an async function."""
    if node.name == "n1":
        while True:
            await node.recv()
            node.send("n2", One())
            node.disk.write("f", b"x", append=True)
            await node.disk.fsync("f")
            node.probe("p")
            node.send("n2", Two())

    async def go() -> None:
        while True:
            await node.sleep(0.1)
            node.send("n1", Go())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(go)
        while True:
            message = await node.recv()
            node.settings.append(type(message.body).__name__)


EFFECTS = [Effectful, be_effectful]


def told(code: Any, then: Callable[[cl.Cluster], Awaitable[Any]], *, nodes: int = 2, seed: int = 0) -> list[Any]:
    """Run *code* on *nodes* nodes while *then* does what it wants with them; return what the code has told."""
    heard: list[Any] = []

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(code, nodes=nodes, settings=heard)
        await then(cluster)

    cl.run(main, seed=seed, latency=0.001)
    return heard


def outcomes(
    code: Any,
    then: Callable[[cl.Cluster], Awaitable[Any]],
    *,
    nodes: int = 1,
    seeds: Sequence[int] = range(8),
    seconds: float = 3.0,
) -> set[str]:
    """Run clients of a register against *code* while *then* does harm; return every verdict about linearizability."""
    found = set()
    for seed in seeds:

        async def main(cluster: cl.Cluster) -> str:
            cluster.start(code, nodes=nodes)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(then, cluster)
                await cluster.drive(cl.workload("register"), seconds=seconds, clients=4, rate=100, keys=1)
            return str(cl.linearizable()(cluster.history).outcome)

        found.add(cl.run(main, seed=seed, latency=0.001))
    return found
