"""Faults of a node that cannot keep up: it limps, its inbox is full, it has no memory left.

Rules:

1. They change when things are handled and what is let in, see ``chaoslab.cluster.backlog``; what waits is handled in
   order when they are healed.
2. What does not wait cannot fill an inbox: a state machine that is neither slow nor paused handles each message when it
   arrives. Use these together with ``slow`` or ``pause``.
3. A message counts against a limit from its arrival until the node's code has it. Answers to calls go straight to the
   task of an async node that waits for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster, Host
from chaoslab.errors import UsageError
from chaoslab.faults.crashes import Downtime
from chaoslab.faults.scene import Scene
from chaoslab.net.latency import LATENCY, Constant, Latency, Lognormal, sampler
from chaoslab.net.sizes import size_bytes
from chaoslab.parameters import COUNT, DURATION, NUMBER, SIZE, one_of, parameter
from chaoslab.sim import Entry
from chaoslab.units import NS_PER_S, format_duration

__all__ = ["Inbox", "Memory", "Slow"]


@attrs.frozen(kw_only=True)
class Slow:
    """The node limps: it handles messages, timers and syncs one after the other, and each takes time."""

    kind: ClassVar[str] = "slow"
    family: ClassVar[str] = "process"
    counts: ClassVar[str] = "handlers slowed"
    needs_target: ClassVar[bool] = True
    demands: ClassVar[str] = "down"

    cost: Latency = parameter(LATENCY, "How long each handler takes.", default=Constant(value_ns=1_000_000))
    factor: float = parameter(NUMBER, "How many times the cost it takes.", default=1.0)

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Slow:
        median_ns = int(stream.between(0.2, 5.0) * 1_000_000)
        return cls(cost=Lognormal(median_ns=median_ns, p99_ns=int(median_ns * stream.between(1.0, 10.0))))

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> _Limping:
        return _Limping(self, cluster, targets)

    def heal(self, cluster: Cluster, state: _Limping) -> None:
        state.end()

    def effects(self, state: _Limping) -> int:
        return state.hits

    def describe(self, targets: tuple[str, ...]) -> str:
        cost = self.cost
        much = format_duration(cost.value_ns) if isinstance(cost, Constant) else f"a {cost.distribution} time"
        times = "" if self.factor == 1 else f"{self.factor:.3g} times "
        return f"slow: {' '.join(targets)} needs {times}{much} for each handler"


class _Limping:
    """The nodes that one fault makes slow."""

    def __init__(self, fault: Slow, cluster: Cluster, targets: tuple[str, ...]) -> None:
        self.hits = 0
        self._fault = fault
        self._costs = [(cluster.node(name), self._cost(cluster, name)) for name in targets]
        for host, cost in self._costs:
            host.backlog.add_cost(cost)

    def _cost(self, cluster: Cluster, name: str) -> Callable[[], int]:
        sample, factor = sampler(self._fault.cost), self._fault.factor
        draw = cluster.engine.choices.stream(f"slow node {name}").random

        def cost() -> int:
            self.hits += 1
            return int(sample(draw()) * factor)

        return cost

    def end(self) -> None:
        for host, cost in self._costs:
            host.backlog.remove_cost(cost)


class _Bounds:
    """A bound at each of some nodes, and what it has done."""

    def __init__(self, cluster: Cluster, targets: tuple[str, ...]) -> None:
        self.hits = 0
        self.cluster = cluster
        self._hosts = [cluster.node(name) for name in targets]
        for host in self._hosts:
            host.backlog.add_bound(self)

    def takes(self, host: Host, entry: Entry) -> bool:
        raise NotImplementedError

    def end(self) -> None:
        for host in self._hosts:
            host.backlog.remove_bound(self)


@attrs.frozen(kw_only=True)
class Memory:
    """The node has little memory: it is killed when the messages that wait have more bytes than that."""

    kind: ClassVar[str] = "memory"
    family: ClassVar[str] = "process"
    counts: ClassVar[str] = "times out of memory"
    needs_target: ClassVar[bool] = True
    demands: ClassVar[str] = "down"

    limit_bytes: int = parameter(SIZE, "How many bytes may wait.", name="limit")
    restart_ns: int | None = parameter(
        DURATION, "How long after it was killed it starts again; when healed if left out.", default=None, name="restart"
    )

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Memory:
        limit, restart_s = int(stream.between(100, 4000)), stream.between(0.1, 1.0)
        return cls(limit_bytes=limit, restart_ns=int(restart_s * NS_PER_S))

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> _OutOfMemory:
        return _OutOfMemory(self, cluster, targets)

    def heal(self, cluster: Cluster, state: _OutOfMemory) -> None:
        state.end()
        state.down.end_all()

    def effects(self, state: _OutOfMemory) -> int:
        return state.hits

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"memory: {' '.join(targets)} holds {self.limit_bytes} bytes"


class _OutOfMemory(_Bounds):
    def __init__(self, fault: Memory, cluster: Cluster, targets: tuple[str, ...]) -> None:
        self._fault = fault
        self.down = Downtime(cluster, "kept")  # the process is killed, not the machine: what it wrote gets to the disk
        super().__init__(cluster, targets)

    def takes(self, host: Host, entry: Entry) -> bool:
        _, waiting_bytes = host.mailbox()
        link, message = entry[3], entry[4]
        if waiting_bytes + size_bytes(message) <= self._fault.limit_bytes:
            return True
        self.hits += 1
        engine = self.cluster.engine
        engine.note(f"out of memory {host.name}")
        self.cluster.network.lose(link, message, "out of memory")
        self.down.begin(host.name)
        if self._fault.restart_ns is not None:
            engine.after(self._fault.restart_ns, self.down.end, host.name)
        return False


@attrs.frozen(kw_only=True)
class Inbox:
    """Only so many messages may wait at the node: more are lost, or sent again until there is room."""

    kind: ClassVar[str] = "inbox"
    family: ClassVar[str] = "process"
    counts: ClassVar[str] = "messages refused"
    needs_target: ClassVar[bool] = True
    demands: ClassVar[str] = ""

    limit: int = parameter(COUNT, "How many messages may wait.")
    policy: str = parameter(
        one_of("drop", "push-back"), "Whether more are lost, or wait at the sender, who tries again.", default="drop"
    )
    retry_ns: int = parameter(
        DURATION, "With push-back: how long the sender waits before it tries again.", default=10_000_000, name="retry"
    )

    def __attrs_post_init__(self) -> None:
        if self.limit < 1:
            raise UsageError("a limit of no message would cut the node off: limit is at least 1.", key="limit")
        if self.retry_ns < 1:
            raise UsageError("retry is above zero.", key="retry")

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Inbox:
        limit, policy = 1 + stream.below(8), stream.pick(("drop", "push-back"))
        return cls(limit=limit, policy=policy, retry_ns=int(stream.between(1, 50) * 1_000_000))

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> _FullInbox:
        return _FullInbox(self, cluster, targets)

    def heal(self, cluster: Cluster, state: _FullInbox) -> None:
        state.end()

    def effects(self, state: _FullInbox) -> int:
        return state.hits

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"inbox: {' '.join(targets)} holds {self.limit} messages, {self.policy}"


class _FullInbox(_Bounds):
    def __init__(self, fault: Inbox, cluster: Cluster, targets: tuple[str, ...]) -> None:
        self._fault = fault
        super().__init__(cluster, targets)

    def takes(self, host: Host, entry: Entry) -> bool:
        waiting, _ = host.mailbox()
        if waiting < self._fault.limit:
            return True
        self.hits += 1
        link, message = entry[3], entry[4]
        network = self.cluster.network
        if self._fault.policy == "drop":
            network.lose(link, message, "inbox full")
        else:  # as with a full window of TCP, whose sender asks again and again
            network.note(link, message, "push-back")
            network.post(link, self._fault.retry_ns, message)
        return False
