"""Faults of connections: reset, half open, slow to close, cut into small pieces.

Rules:

1. They act on the connections of async nodes and clients (``node.connect``, Trio's sockets), and on no other message.
2. With targets they act where one of the two sides is a target; without, on all connections.
3. Healing ends what goes on. A connection that was broken stays broken: its programs know, and connect again.

How segments, retransmission and resets work is told in ``chaoslab.net.connection``.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import Any, ClassVar

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.errors import UsageError
from chaoslab.faults.scene import Scene
from chaoslab.net import Connection, Copies, Link, Network, Segment, Stack
from chaoslab.net.latency import LATENCY, Constant, Latency, sampler
from chaoslab.parameters import DURATION, FLAG, RATIO, SIZE, parameter
from chaoslab.units import format_duration

__all__ = ["HalfOpen", "Reset", "Slicer", "SlowClose"]

_MS = 1_000_000

_End = tuple[Stack, Connection]


class _SegmentRule:
    """A rule for the links that touch any of *targets*; for all links if there are none."""

    guarding: ClassVar[bool] = False

    def __init__(self, targets: tuple[str, ...]) -> None:
        self.targets = frozenset(targets)
        self.hits = 0

    def covers(self, source: str, target: str) -> bool:
        return not self.targets or source in self.targets or target in self.targets

    def send(self, link: Link, copies: Copies, network: Network) -> None:
        raise NotImplementedError

    def arrive(self, link: Link, message: Any, network: Network) -> bool:
        return True


class _StreamFault:
    """What these faults share."""

    family: ClassVar[str] = "network"
    needs_target: ClassVar[bool] = False
    demands: ClassVar[str] = ""

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> _SegmentRule:
        raise NotImplementedError

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> Any:
        rule = self.rule(cluster, targets)
        cluster.network.add_rule(rule)
        return rule

    def heal(self, cluster: Cluster, state: Any) -> None:
        cluster.network.remove_rule(state)

    def effects(self, state: Any) -> int:
        hits: int = state.hits
        return hits


def _where(targets: tuple[str, ...]) -> str:
    return f"of {' '.join(targets)}" if targets else "of all"


def _name(end: _End) -> str:
    stack, connection = end
    return f"{stack.machine}:{connection.local_port} {connection.remote}:{connection.remote_port}"


@attrs.frozen(kw_only=True)
class Reset(_StreamFault):
    """Established connections are reset: both sides get an error, and neither knows what the other has received."""

    kind: ClassVar[str] = "reset"
    counts: ClassVar[str] = "connections reset"

    now: float = parameter(RATIO, "The share of the established connections that is reset at once.", default=1.0)
    ratio: float = parameter(
        RATIO, "The share of the segments with data that are lost and reset their connection meanwhile.", default=0.0
    )

    def __attrs_post_init__(self) -> None:
        if self.now == 0 and self.ratio == 0:
            raise UsageError("this resets nothing: now or ratio must be above 0.", key="now")

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Reset | None:
        if not scene.streams:
            return None
        return cls(now=round(stream.between(0.3, 1.0), 2), ratio=round(stream.between(0.0, 0.05), 3))

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> _SegmentRule:
        rule = _Reset(cluster, targets, self.ratio)
        rule.reset_now(self.now)
        return rule

    def describe(self, targets: tuple[str, ...]) -> str:
        later = f", later {self.ratio:.3g} of the segments" if self.ratio else ""
        return f"reset: {self.now:.3g} of the connections {_where(targets)}{later}"


class _Reset(_SegmentRule):
    def __init__(self, cluster: Cluster, targets: tuple[str, ...], ratio: float) -> None:
        super().__init__(targets)
        self._cluster = cluster
        self._ratio = ratio

    def reset_now(self, share: float) -> None:
        for end in tuple(self._connections()):
            stack, connection = end
            stream = self._cluster.network.choices.stream(f"reset {stack.machine}>{connection.remote}")
            if stream.chance(share):
                self._reset(*end)

    def _connections(self) -> Iterator[_End]:
        """Yield one end of each connection that this fault covers."""
        internet = self._cluster.internet
        for stack, connection in internet.connections():
            if self.covers(stack.machine, connection.remote) and not (
                connection.incoming and internet.other_end(stack, connection)
            ):
                yield stack, connection

    def _reset(self, stack: Stack, connection: Connection) -> None:
        if connection.state == "closed":
            return
        self.hits += 1
        other = self._cluster.internet.other_end(stack, connection)
        self._cluster.engine.note(f"reset {_name((stack, connection))}")
        connection.vanish(errno.ECONNRESET)
        if other is not None:
            other[1].vanish(errno.ECONNRESET)

    def send(self, link: Link, copies: Copies, network: Network) -> None:
        message = copies[0][1]
        if not isinstance(message, Segment) or not message.data or not self._ratio:
            return
        if network.choices.stream(f"reset {link.label}").chance(self._ratio):
            stack = self._cluster.internet.stacks.get(link.source)
            connection = stack and stack.find(message.source_port, link.target, message.target_port)
            if stack and connection:
                copies.clear()
                network.lose(link, message, "reset")
                network.after(0, self._reset, stack, connection)  # not in the middle of what its sender does


@attrs.frozen(kw_only=True)
class HalfOpen(_StreamFault):
    """The target's side of its connections is gone, and the other sides are not told."""

    kind: ClassVar[str] = "half-open"
    counts: ClassVar[str] = "connections half open"
    needs_target: ClassVar[bool] = True

    ratio: float = parameter(RATIO, "The share of the established connections that it happens to.", default=1.0)
    silent: bool = parameter(
        FLAG,
        "Meanwhile what the other side sends gets no answer, as if the machine were off; else it gets a reset.",
        default=True,
    )

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> HalfOpen | None:
        if not scene.streams:
            return None
        return cls(ratio=round(stream.between(0.3, 1.0), 2), silent=stream.chance(0.7))

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> list[tuple[Stack, tuple[int, str, int]]]:
        gone = []
        for stack, connection in tuple(cluster.internet.connections()):
            stream = cluster.network.choices.stream(f"half-open {stack.machine}>{connection.remote}")
            if stack.machine in targets and stream.chance(self.ratio) and connection.established:
                cluster.engine.note(f"half-open {_name((stack, connection))}")
                key = (connection.local_port, connection.remote, connection.remote_port)
                connection.vanish(errno.ECONNABORTED)
                if self.silent:
                    stack.muted[key] = stack.muted.get(key, 0) + 1
                gone.append((stack, key))
        return gone

    def heal(self, cluster: Cluster, state: list[tuple[Stack, tuple[int, str, int]]]) -> None:
        for stack, key in state if self.silent else ():
            stack.muted[key] -= 1
            if not stack.muted[key]:
                del stack.muted[key]

    def effects(self, state: list[tuple[Stack, tuple[int, str, int]]]) -> int:
        return len(state)

    def describe(self, targets: tuple[str, ...]) -> str:
        answer = "without an answer" if self.silent else "answered by resets"
        return f"half-open: {self.ratio:.3g} of the connections {_where(targets)}, {answer}"


@attrs.frozen(kw_only=True)
class SlowClose(_StreamFault):
    """The end of each stream arrives late, long after its last byte."""

    kind: ClassVar[str] = "slow-close"
    counts: ClassVar[str] = "ends delayed"

    delay: Latency = parameter(LATENCY, "How much later than usual the end arrives.")

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> SlowClose | None:
        if not scene.streams:
            return None
        return cls(delay=Constant(value_ns=int(stream.between(100, 5_000)) * _MS))

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> _SegmentRule:
        return _SlowClose(targets, self.delay)

    def describe(self, targets: tuple[str, ...]) -> str:
        delay = self.delay
        much = format_duration(delay.value_ns) if isinstance(delay, Constant) else f"{delay.distribution} delays"
        return f"slow-close: ends {_where(targets)} {much} late"


class _SlowClose(_SegmentRule):
    def __init__(self, targets: tuple[str, ...], delay: Latency) -> None:
        super().__init__(targets)
        self._sample = sampler(delay)

    def send(self, link: Link, copies: Copies, network: Network) -> None:
        message = copies[0][1]
        if isinstance(message, Segment) and message.fin:
            self.hits += 1
            network.note(link, message, "slow-close")
            draw = network.choices.stream(f"slow-close {link.label}").random
            copies[:] = [(delay_ns + self._sample(draw()), copy) for delay_ns, copy in copies]


@attrs.frozen(kw_only=True)
class Slicer(_StreamFault):
    """Data arrives in small pieces, one after the other."""

    kind: ClassVar[str] = "slicer"
    counts: ClassVar[str] = "segments cut up"

    size_bytes: int = parameter(SIZE, "The largest piece; each has a size drawn from 1 byte to this.", name="size")
    gap_ns: int = parameter(DURATION, "The time from one piece to the next.", name="gap", default=_MS)

    def __attrs_post_init__(self) -> None:
        if self.size_bytes < 1:
            raise UsageError("a piece has at least 1 byte.", key="size")

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Slicer | None:
        if not scene.streams:
            return None
        return cls(size_bytes=16 + stream.below(200), gap_ns=int(stream.between(0, 5) * _MS))

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> _SegmentRule:
        return _Slicer(targets, self.size_bytes, self.gap_ns)

    def describe(self, targets: tuple[str, ...]) -> str:
        gap = format_duration(self.gap_ns)
        return f"slicer: data {_where(targets)} in pieces of up to {self.size_bytes} bytes, {gap} apart"


class _Slicer(_SegmentRule):
    def __init__(self, targets: tuple[str, ...], size_bytes: int, gap_ns: int) -> None:
        super().__init__(targets)
        self._size_bytes = size_bytes
        self._gap_ns = gap_ns
        self._free_ns: dict[tuple[str, int, int], int] = {}  # when the last piece of a connection arrives

    def send(self, link: Link, copies: Copies, network: Network) -> None:
        if isinstance(copies[0][1], Segment) and len(copies[0][1].data) > 1:
            self.hits += 1
            network.note(link, copies[0][1], "slicer")
            copies[:] = [piece for copy in copies for piece in self._pieces(link, *copy, network)]

    def _pieces(self, link: Link, delay_ns: int, segment: Segment, network: Network) -> Iterator[tuple[int, Segment]]:
        stream = network.choices.stream(f"slicer {link.label}")
        flow = (link.label, segment.source_port, segment.target_port)
        arrives_ns = network.now_ns + delay_ns
        if flow in self._free_ns:
            arrives_ns = max(arrives_ns, self._free_ns[flow] + self._gap_ns)
        position = 0
        while position < len(segment.data):
            size = 1 + stream.below(self._size_bytes)
            data = segment.data[position : position + size]
            yield arrives_ns - network.now_ns, _part(segment, position, data)
            self._free_ns[flow] = arrives_ns
            arrives_ns += self._gap_ns
            position += size


def _part(segment: Segment, offset: int, data: bytes) -> Segment:
    return Segment(
        source_port=segment.source_port,
        target_port=segment.target_port,
        sequence=segment.sequence + offset,
        acknowledged=segment.acknowledged,
        window=segment.window,
        data=data,
    )
