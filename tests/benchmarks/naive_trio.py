"""The same state machines hosted as one would at first: a task a message, a task a timer, Trio's own MockClock.

The reference of ``bench_raft``. It has no trace, no history, no named streams and no faults, and the order of what
happens at one instant is Trio's; a latency is drawn for each message and each sync, as in the simulator.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import trio
import trio.testing

from chaoslab.statemachine import (
    CancelTimer,
    Complete,
    Context,
    Effects,
    Invocation,
    Persist,
    Send,
    SetTimer,
    Sync,
)

__all__ = ["run_naively"]


class _Draws(random.Random):
    """Draws as a node asks for them."""

    def between(self, low: float, high: float) -> float:
        return self.uniform(low, high)


class _Host:
    """A node or client: an inbox, a loop that empties it, and tasks for everything that takes time."""

    def __init__(self, name: str, factory: Callable[[Context], Any], cluster: _Cluster) -> None:
        self.name = name
        self.cluster = cluster
        self.timers: dict[str, trio.CancelScope] = {}
        self.inbox_end, self.inbox = trio.open_memory_channel[tuple[str, Any]](math.inf)
        self.completed = trio.Event()
        self.machine = factory(
            Context(
                name=name,
                nodes=cluster.nodes,
                settings=cluster.settings,
                files={},
                wall_time=trio.current_time,
                monotonic_time=trio.current_time,
                true_time=lambda: (trio.current_time(), trio.current_time()),  # type: ignore[arg-type, return-value]
                home=cluster.nodes[0],
                random=_Draws(name),  # type: ignore[arg-type]
                zones={},
            )
        )

    async def serve(self) -> None:
        await self.perform(self.machine.start())
        async for sender, message in self.inbox:
            if sender == self.name:
                await self.perform(self.machine.timer(message))
            else:
                await self.perform(self.machine.message(sender, message))

    async def perform(self, effects: Effects) -> None:
        for effect in effects or ():
            match effect:
                case Send():
                    self.cluster.nursery.start_soon(self.deliver, effect.to, effect.message)
                case SetTimer():
                    self.cluster.nursery.start_soon(self.wait_for_timer, effect, self.new_timer(effect.name))
                case CancelTimer():
                    if effect.name in self.timers:
                        self.timers.pop(effect.name).cancel()
                case Persist() | Sync():
                    await trio.sleep(self.cluster.draw_sync())
                case Complete():
                    self.completed.set()
                case _:
                    pass

    def new_timer(self, name: str) -> trio.CancelScope:
        if name in self.timers:
            self.timers[name].cancel()
        scope = self.timers[name] = trio.CancelScope()
        return scope

    async def wait_for_timer(self, effect: SetTimer, scope: trio.CancelScope) -> None:
        after = effect.after
        with scope:
            await trio.sleep(random.uniform(*after) if isinstance(after, tuple) else max(after, 0.0))
            if self.timers.get(effect.name) is scope:
                del self.timers[effect.name]
            self.inbox_end.send_nowait((self.name, effect.name))

    async def deliver(self, to: str, message: Any) -> None:
        await trio.sleep(self.cluster.draw_latency())
        self.cluster.hosts[to].inbox_end.send_nowait((self.name, message))

    async def work(self, rate: float, invocation: Callable[[], Invocation]) -> None:
        while True:
            await trio.sleep(random.expovariate(rate))
            self.completed = trio.Event()
            await self.perform(self.machine.invoke(invocation()))
            await self.completed.wait()
            self.cluster.operations += 1


class _Cluster:
    """Everything that a host has to know of the others."""

    def __init__(self, nodes: int, settings: Any, nursery: trio.Nursery) -> None:
        self.nodes = tuple(f"n{number}" for number in range(1, nodes + 1))
        self.settings = settings
        self.nursery = nursery
        self.hosts: dict[str, _Host] = {}
        self.operations = 0

    def draw_latency(self) -> float:
        return random.lognormvariate(math.log(0.002), 1.16)

    def draw_sync(self) -> float:
        return random.lognormvariate(math.log(0.001), 0.5)


def run_naively(
    replica: Callable[[Context], Any],
    client: Callable[[Context], Any],
    *,
    nodes: int,
    clients: int,
    rate: float,
    seconds: float,
    settings: Any,
) -> int:
    """Run a key-value workload on *replica* for *seconds* of virtual time and return the operations that ended.

    Args:
        replica: Makes the state machine of a node.
        client: Makes the state machine of a client.
        nodes: How many nodes.
        clients: How many clients.
        rate: Operations a second of all clients together.
        seconds: Virtual seconds.
        settings: The protocol's settings.
    """
    random.seed(1)

    def invocation() -> Invocation:
        key = f"k{random.randrange(3)}"
        if random.random() < 0.5:
            return Invocation(f="get", key=key, value=None)
        return Invocation(f="put", key=key, value=random.randrange(1 << 30))

    async def main() -> int:
        async with trio.open_nursery() as nursery:
            cluster = _Cluster(nodes, settings, nursery)
            hosts = [_Host(name, replica, cluster) for name in cluster.nodes]
            working = [_Host(f"c{number}", client, cluster) for number in range(1, clients + 1)]
            cluster.hosts = {host.name: host for host in [*hosts, *working]}
            for host in cluster.hosts.values():
                nursery.start_soon(host.serve)
            for host in working:
                nursery.start_soon(host.work, rate / clients, invocation)
            await trio.sleep(seconds)
            nursery.cancel_scope.cancel()
        return cluster.operations

    return trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
