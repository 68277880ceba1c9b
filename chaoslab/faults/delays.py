"""Faults that make messages late: more latency, jitter, spikes.

This file does not know overtaking: late messages overtake each other, unless the link keeps order (see ``ordering``).
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.errors import UsageError
from chaoslab.faults.link_rule import LinkDelays, LinkRule, NetworkFault, delays_in_words, match_parameter, where
from chaoslab.faults.scene import Scene
from chaoslab.net import Copies, Link, Match, Network
from chaoslab.net.latency import LATENCY, Exponential, Latency
from chaoslab.parameters import DURATION, RATIO, parameter
from chaoslab.units import format_duration

__all__ = ["Jitter", "SlowLinks", "Spike"]

_MS = 1_000_000


@attrs.frozen(kw_only=True)
class SlowLinks(NetworkFault):
    """Every message takes longer, by a delay drawn for each; or it takes another delay instead of its usual one."""

    kind: ClassVar[str] = "latency"
    counts: ClassVar[str] = "messages slowed"

    added: Latency | None = parameter(LATENCY, "The delay on top of the usual one.", default=None)
    instead: Latency | None = parameter(LATENCY, "The delay in place of the usual one.", default=None)
    match: Match | None = match_parameter()

    def __attrs_post_init__(self) -> None:
        if (self.added is None) == (self.instead is None):
            raise UsageError('latency is added or instead: one of them, such as added = "50ms".', key="added")

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return _Slow(targets, self)

    def describe(self, targets: tuple[str, ...]) -> str:
        if self.added is not None:
            return f"latency: {delays_in_words(self.added)} more {where(targets, self.match)}"
        assert self.instead is not None
        return f"latency: {delays_in_words(self.instead)} {where(targets, self.match)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self:
        delay = Exponential(mean_ns=int(stream.between(5 * _MS, 200 * _MS)))
        return cls(added=delay) if stream.chance(0.7) else cls(instead=delay)


class _Slow(LinkRule):
    word = "slow"

    def __init__(self, targets: tuple[str, ...], fault: SlowLinks) -> None:
        super().__init__(targets, fault.match)
        self._keeps_usual = fault.added is not None
        latency = fault.added or fault.instead
        assert latency is not None
        self._delays = LinkDelays(latency, self.word)

    def treat(self, link: Link, delay_ns: int, message: Any, network: Network) -> Copies:
        self.hits += 1
        drawn_ns = self._delays.draw(link, network)
        return [(delay_ns + drawn_ns if self._keeps_usual else drawn_ns, message)]


@attrs.frozen(kw_only=True)
class Jitter(NetworkFault):
    """Each message, or a share of them, takes up to so much longer, any amount equally likely."""

    kind: ClassVar[str] = "jitter"
    counts: ClassVar[str] = "messages slowed"

    size_ns: int = parameter(DURATION, "The most that is added to a delay.", name="size")
    probability: float = parameter(RATIO, "How likely a message is slowed.", default=1.0)
    match: Match | None = match_parameter()

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return _Jitter(targets, self)

    def describe(self, targets: tuple[str, ...]) -> str:
        share = "" if self.probability == 1 else f" for {self.probability:.3g} of the messages"
        return f"jitter: up to {format_duration(self.size_ns)} more{share} {where(targets, self.match)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self:
        size_ns = int(stream.between(5 * _MS, 150 * _MS))
        return cls(size_ns=size_ns, probability=round(stream.between(0.1, 1.0), 3))


class _Jitter(LinkRule):
    word = "jitter"

    def __init__(self, targets: tuple[str, ...], fault: Jitter) -> None:
        super().__init__(targets, fault.match)
        self._size_ns = fault.size_ns
        self._probability = fault.probability

    def treat(self, link: Link, delay_ns: int, message: Any, network: Network) -> Copies:
        stream = self.stream(link, network)
        slowed, share = stream.chance(self._probability), stream.random()
        if slowed:
            self.hits += 1
            delay_ns += int(share * self._size_ns)
        return [(delay_ns, message)]


@attrs.frozen(kw_only=True)
class Spike(NetworkFault):
    """Now and then a link is slow for a while: all its messages take so much longer, then it is as before."""

    kind: ClassVar[str] = "spike"
    counts: ClassVar[str] = "messages slowed"

    size_ns: int = parameter(DURATION, "The delay on top of the usual one during a spike.", name="size")
    probability: float = parameter(RATIO, "How likely a message finds its link at the beginning of one.", default=0.01)
    length_ns: int = parameter(DURATION, "How long a spike lasts.", default=500 * _MS, name="length")
    match: Match | None = match_parameter()

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return _Spike(targets, self)

    def describe(self, targets: tuple[str, ...]) -> str:
        size, length = format_duration(self.size_ns), format_duration(self.length_ns)
        return f"spike: {size} more for {length} now and then {where(targets, self.match)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self:
        return cls(
            size_ns=int(stream.between(50 * _MS, 1000 * _MS)),
            probability=round(stream.between(0.005, 0.1), 3),
            length_ns=int(stream.between(50 * _MS, 1000 * _MS)),
        )


class _Spike(LinkRule):
    word = "spike"

    def __init__(self, targets: tuple[str, ...], fault: Spike) -> None:
        super().__init__(targets, fault.match)
        self._fault = fault
        self._until_ns: dict[str, int] = {}

    def treat(self, link: Link, delay_ns: int, message: Any, network: Network) -> Copies:
        now_ns = network.now_ns
        if now_ns >= self._until_ns.get(link.label, 0):
            if not self.stream(link, network).chance(self._fault.probability):
                return [(delay_ns, message)]
            network.note(link, message, "spike")
            self._until_ns[link.label] = now_ns + self._fault.length_ns
        self.hits += 1
        return [(delay_ns + self._fault.size_ns, message)]
