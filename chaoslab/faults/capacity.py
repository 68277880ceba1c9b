"""Links that carry only so much: bandwidth in bytes, and a queue of messages in front of a slow line.

Rules:

1. A line passes messages one after the other; each takes its share of the rate. What finds the line busy waits behind
   what is there already: latency grows with load ("bufferbloat"), and messages of one line keep their order up to here.
2. A burst that fits into the bucket passes at once (a token bucket, as in RFC 2697: here in its form of a virtual
   schedule, ITU-T I.371).
3. A full queue drops what comes last.

Sizes of messages are estimated: see ``chaoslab.net.sizes``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.errors import UsageError
from chaoslab.faults.link_rule import LinkRule, NetworkFault, match_parameter, where
from chaoslab.faults.scene import Scene
from chaoslab.net import Copies, Link, Match, Network
from chaoslab.net.sizes import size_bytes
from chaoslab.parameters import BANDWIDTH, COUNT, FLAG, RATE, SIZE, parameter
from chaoslab.units import NS_PER_S

__all__ = ["Bandwidth", "Queue"]

_SHARED = "All that a node sends shares one line, instead of each link having its own."


@attrs.frozen(kw_only=True)
class Bandwidth(NetworkFault):
    """Links carry so many bytes a second; what is more waits, and is lost where too much waits already."""

    kind: ClassVar[str] = "bandwidth"
    counts: ClassVar[str] = "messages that waited or were lost"

    rate_bytes: int = parameter(BANDWIDTH, "How many bytes pass a second.", name="rate")
    burst_bytes: int = parameter(SIZE, "How many bytes may pass at once after a calm time.", default=0, name="burst")
    queue_bytes: int | None = parameter(
        SIZE,
        "How many bytes wait at most; what comes then is lost.",
        default=None,
        name="queue",
    )
    shared: bool = parameter(FLAG, _SHARED, default=False)
    match: Match | None = match_parameter()

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        line = _Line(units_per_s=self.rate_bytes, burst=self.burst_bytes, waiting_max=self.queue_bytes)
        return _Capacity(targets, self.match, line, size_bytes, self.shared)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"bandwidth: {self.rate_bytes} bytes a second {where(targets, self.match)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self:
        rate, queue = int(2 ** stream.between(10, 15)), int(2 ** stream.between(10, 14))
        return cls(rate_bytes=rate, queue_bytes=queue if stream.chance(0.5) else None, shared=stream.chance(0.5))


@attrs.frozen(kw_only=True)
class Queue(NetworkFault):
    """Links pass so many messages a second; the others wait in a queue, and are lost where it is full."""

    kind: ClassVar[str] = "queue"
    counts: ClassVar[str] = "messages that waited or were lost"

    rate: float = parameter(RATE, "How many messages pass a second.")
    length: int = parameter(COUNT, "How many messages wait at most; what comes then is lost.", default=100)
    shared: bool = parameter(FLAG, _SHARED, default=False)
    match: Match | None = match_parameter()

    def __attrs_post_init__(self) -> None:
        if self.length < 1:
            raise UsageError("length is at least 1: a message waits while it passes.", key="length")

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        line = _Line(units_per_s=self.rate, burst=0, waiting_max=self.length)
        return _Capacity(targets, self.match, line, lambda message: 1, self.shared)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"queue: {self.rate:.4g} messages a second, {self.length} wait, {where(targets, self.match)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self:
        rate = round(stream.between(20, 300), 1)
        return cls(rate=rate, length=1 + stream.below(50), shared=stream.chance(0.5))


@attrs.frozen(kw_only=True)
class _Line:
    """What a line can do, in units of bytes or of messages.

    Attributes:
        units_per_s: How many pass a second.
        burst: How many may pass at once after a calm time.
        waiting_max: How many wait at most, or None.
    """

    units_per_s: float
    burst: int
    waiting_max: int | None

    def time_ns(self, units: int) -> int:
        """Return how long so many units take."""
        return int(units * NS_PER_S / self.units_per_s)


@attrs.define(kw_only=True)
class _Traffic:
    """What is on one line: (when it is through, how many units), the first at the left."""

    schedule_ns: int = 0
    units: int = 0
    waiting: deque[tuple[int, int]] = attrs.Factory(deque)


class _Capacity(LinkRule):
    def __init__(
        self,
        targets: tuple[str, ...],
        match: Match | None,
        line: _Line,
        size: Callable[[Any], int],
        shared: bool,
    ) -> None:
        super().__init__(targets, match)
        self._line = line
        self._burst_ns = line.time_ns(line.burst)
        self._size = size
        self._shared = shared
        self._traffic: dict[str, _Traffic] = {}
        self._lost = 0
        self._longest_ns = 0
        self._most = 0

    def treat(self, link: Link, delay_ns: int, message: Any, network: Network) -> Copies:
        line, now_ns, units = self._line, network.now_ns, self._size(message)
        where = link.source if self._shared else link.label
        traffic = self._traffic.get(where)
        if traffic is None:
            traffic = self._traffic[where] = _Traffic()
        while traffic.waiting and traffic.waiting[0][0] <= now_ns:
            traffic.units -= traffic.waiting.popleft()[1]
        if line.waiting_max is not None and traffic.waiting and traffic.units + units > line.waiting_max:
            self.hits += 1
            self._lost += 1
            network.lose(link, message, "overflow")
            return []
        traffic.schedule_ns = max(traffic.schedule_ns, now_ns) + line.time_ns(units)
        wait_ns = max(traffic.schedule_ns - self._burst_ns - now_ns, 0)
        if wait_ns == 0:
            return [(delay_ns, message)]
        traffic.waiting.append((now_ns + wait_ns, units))
        traffic.units += units
        self.hits += 1
        self._longest_ns = max(self._longest_ns, wait_ns)
        self._most = max(self._most, traffic.units)
        return [(delay_ns + wait_ns, message)]

    def figures(self) -> Mapping[str, Any]:
        return {"lost": self._lost, "longest_wait_ms": self._longest_ns / 1e6, "most_waiting": self._most}
