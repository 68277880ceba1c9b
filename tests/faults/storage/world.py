"""A small world for programs that keep values on a disk: they save, are told to crash, and say what they find again.

The world knows which values a program has acknowledged and complains about each that is lost, made up or there twice.
"""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import attrs
import trio

import chaoslab as cl

SEEDS = range(6)


class Store(Protocol):
    """A program that keeps values. One object for each life of the node."""

    async def recover(self, node: Any) -> list[bytes]:
        """Return the values that it finds."""

    async def save(self, node: Any, value: bytes) -> bool:
        """Keep *value*; return whether that is acknowledged."""


@attrs.define
class World:
    """What was asked for, what was promised, and what went wrong."""

    asked: list[bytes] = attrs.field(factory=list)
    promised: list[bytes] = attrs.field(factory=list)
    complaints: list[str] = attrs.field(factory=list)
    lives: int = 0
    panics: int = 0
    effects: int = 0

    def next(self) -> bytes:
        value = b"v%04d" % len(self.asked)
        self.asked.append(value)
        return value

    def judge(self, found: list[bytes]) -> None:
        self.complaints += [f"lost {value!r}" for value in self.promised if value not in found]
        self.complaints += [f"made up {value!r}" for value in found if value not in self.asked]
        if len(set(found)) < len(found):
            self.complaints.append("found a value twice")


def play(
    store: Callable[[], Store],
    fault: Any,
    seed: int,
    *,
    crashes: int = 5,
    every: float = 0.05,
    crashing: bool = True,
    nodes: int = 1,
    peer: Callable[[Any], Awaitable[None]] | None = None,
) -> World:
    """Let n1 run *store* while *fault* is in force, crash it at drawn moments, heal, crash it once more, and judge.

    With *crashing* False only the last crash takes place, after the heal.
    """
    world = World()

    async def serve(node: cl.Node) -> None:
        if node.name != "n1":
            assert peer is not None
            await peer(node)
            return
        world.lives += 1
        mine = store()
        world.judge(await mine.recover(node))
        while True:
            value = world.next()
            if await mine.save(node, value):
                world.promised.append(value)
            await node.sleep(0.002)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=nodes)
        moments = cluster.engine.choices.stream("moments")
        await trio.sleep(0.02)
        injection = cluster.inject(*fault)
        for _ in range(crashes):
            await trio.sleep(moments.between(0.0, 2 * every))
            if crashing:
                cluster.crash("n1")
                cluster.restart("n1")
        cluster.heal(injection)
        world.effects = injection.took_effect or 0
        await trio.sleep(0.02)
        cluster.crash("n1")
        cluster.restart("n1")
        await trio.sleep(0.02)
        world.panics = cluster.node("n1").panics

    cl.run(main, seed=seed, latency=0.0001)
    assert world.promised
    return world


def fails(store: Callable[[], Store], fault: Any, **how: Any) -> bool:
    """Return whether *store* breaks its promises under *fault* in most seeds; the fault must have done something."""
    worlds = [play(store, fault, seed, **how) for seed in SEEDS]
    assert any(world.effects for world in worlds)
    return sum(bool(world.complaints) for world in worlds) > len(SEEDS) // 2


def survives(store: Callable[[], Store], fault: Any, **how: Any) -> bool:
    """Return whether *store* keeps its promises under *fault* in every seed; the fault must have done something."""
    worlds = [play(store, fault, seed, **how) for seed in SEEDS]
    assert any(world.effects for world in worlds)
    assert [world.complaints for world in worlds if world.complaints] == []
    return True


def sealed(value: bytes, place: int = 0) -> bytes:
    """Return *value* as a record with a checksum over it and its place."""
    return b"%s %d\n" % (value, zlib.crc32(b"%d %s" % (place, value)))


def opened(record: bytes, place: int = 0) -> bytes | None:
    """Return the value of a record, or None if it is damaged or of another place."""
    value, space, _ = record.rpartition(b" ")
    return value if space and record + b"\n" == sealed(value, place) else None
