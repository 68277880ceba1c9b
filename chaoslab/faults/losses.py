"""Faults that lose messages, and faults that deliver them more than once.

Bursts follow Gilbert (1960) and Elliott (1963): a link is in one of two states, between bursts or in one, and each
message moves it from one to the other with a fixed probability. So the lengths of bursts and gaps, in messages, are
geometric with the given means.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final, Self

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.errors import UsageError
from chaoslab.faults.link_rule import LinkDelays, LinkRule, NetworkFault, match_parameter, where
from chaoslab.faults.scene import Scene
from chaoslab.net import Copies, Link, Match, Network
from chaoslab.net.latency import LATENCY, Exponential, Latency
from chaoslab.parameters import FLAG, NUMBER, RATIO, nested, parameter

__all__ = ["Burst", "Drop", "Duplicate"]

_MS = 1_000_000

REPLAYED_MAX: Final = 1_000
"""How many copies wait for the heal at most: the first ones."""


@attrs.frozen(kw_only=True)
class Burst:
    """Losses that come together."""

    length: float = parameter(NUMBER, "How many messages a burst has on average, at least 1.")
    gap: float = parameter(NUMBER, "How many messages there are between two bursts on average, at least 1.")
    loss: float = parameter(RATIO, "The share of messages lost in a burst.", default=1.0)
    loss_between: float = parameter(RATIO, "The share of messages lost between bursts.", default=0.0)

    def __attrs_post_init__(self) -> None:
        for key in ("length", "gap"):
            if getattr(self, key) < 1:
                raise UsageError(f"{key} is a number of messages on average: at least 1.", key=key)

    @property
    def share(self) -> float:
        """The share of messages that meet a burst, in the long run: length / (length + gap)."""
        return self.length / (self.length + self.gap)

    @property
    def stationary_loss(self) -> float:
        """The share of messages that is lost, in the long run."""
        return self.share * self.loss + (1 - self.share) * self.loss_between


BURST = nested(Burst, "burst", "{ length = 5, gap = 95 }")


@attrs.frozen(kw_only=True)
class Drop(NetworkFault):
    """A share of the messages is lost, each independently of the others, or in bursts."""

    kind: ClassVar[str] = "drop"
    counts: ClassVar[str] = "messages lost"

    ratio: float | None = parameter(RATIO, "The share of messages that is lost.", default=None)
    burst: Burst | None = parameter(
        BURST,
        "Losses in bursts instead: in the long run length / (length + gap) of the messages.",
        default=None,
    )
    match: Match | None = match_parameter()

    def __attrs_post_init__(self) -> None:
        if (self.ratio is None) == (self.burst is None):
            raise UsageError("drop has a ratio or a burst: one of them, such as ratio = 0.1.", key="ratio")

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        if self.burst is not None:
            return _BurstDrop(targets, self.match, self.burst)
        assert self.ratio is not None
        return _Drop(targets, self.match, self.ratio)

    def describe(self, targets: tuple[str, ...]) -> str:
        if self.burst is not None:
            return f"drop: {self.burst.stationary_loss:.3g} of the messages, in bursts, {where(targets, self.match)}"
        return f"drop: {self.ratio:.3g} of the messages {where(targets, self.match)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self:
        ratio, length, in_bursts = round(stream.between(0.01, 0.4), 3), stream.between(2, 10), stream.chance(0.4)
        if not in_bursts:
            return cls(ratio=ratio)
        return cls(burst=Burst(length=round(length, 1), gap=round(max(1.0, length * (1 / ratio - 1)), 1)))


class _Drop(LinkRule):
    word = "drop"

    def __init__(self, targets: tuple[str, ...], match: Match | None, ratio: float) -> None:
        super().__init__(targets, match)
        self._ratio = ratio

    def treat(self, link: Link, delay_ns: int, message: Any, network: Network) -> Copies:
        if not self.stream(link, network).chance(self._ratio):
            return [(delay_ns, message)]
        self.hits += 1
        network.lose(link, message, "drop")
        return []


class _BurstDrop(LinkRule):
    word = "burst"

    def __init__(self, targets: tuple[str, ...], match: Match | None, burst: Burst) -> None:
        super().__init__(targets, match)
        self._burst = burst
        self._bursting: dict[str, bool] = {}

    def treat(self, link: Link, delay_ns: int, message: Any, network: Network) -> Copies:
        burst, stream = self._burst, self.stream(link, network)
        bursting = self._bursting.get(link.label)
        if bursting is None:
            bursting = stream.chance(burst.share)  # as if it had gone on for long already
        lost = stream.chance(burst.loss if bursting else burst.loss_between)
        turns = stream.chance(1 / burst.length if bursting else 1 / burst.gap)
        self._bursting[link.label] = bursting != turns
        if not lost:
            return [(delay_ns, message)]
        self.hits += 1
        network.lose(link, message, "drop")
        return []


@attrs.frozen(kw_only=True)
class Duplicate(NetworkFault):
    """A share of the messages arrives twice, the second time later, perhaps only after the heal."""

    kind: ClassVar[str] = "duplicate"
    counts: ClassVar[str] = "messages doubled"

    ratio: float = parameter(RATIO, "The share of messages that arrives twice.")
    later: Latency = parameter(
        LATENCY,
        "How much later the copy arrives.",
        default=LATENCY.parse({"distribution": "exponential", "mean": "50ms"}),
    )
    after_heal: bool = parameter(
        FLAG, f"The copies arrive only when the fault is healed, so much later; at most {REPLAYED_MAX}.", default=False
    )
    match: Match | None = match_parameter()

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return _Duplicate(targets, self)

    def describe(self, targets: tuple[str, ...]) -> str:
        when = ", again after the heal," if self.after_heal else ""
        return f"duplicate: {self.ratio:.3g} of the messages{when} {where(targets, self.match)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self:
        return cls(
            ratio=round(stream.between(0.05, 0.6), 3),
            later=Exponential(mean_ns=int(stream.between(10 * _MS, 1500 * _MS))),
            after_heal=stream.chance(0.3),
        )


class _Duplicate(LinkRule):
    word = "duplicate"

    def __init__(self, targets: tuple[str, ...], fault: Duplicate) -> None:
        super().__init__(targets, fault.match)
        self._ratio = fault.ratio
        self._later = LinkDelays(fault.later, self.word)
        self._after_heal = fault.after_heal
        self._kept: list[tuple[Link, Any]] = []

    def treat(self, link: Link, delay_ns: int, message: Any, network: Network) -> Copies:
        if not self.stream(link, network).chance(self._ratio):
            return [(delay_ns, message)]
        if not self._after_heal:
            self.hits += 1
            return [(delay_ns, message), (delay_ns + self._later.draw(link, network), message)]
        if len(self._kept) < REPLAYED_MAX:
            self.hits += 1
            self._kept.append((link, message))
        return [(delay_ns, message)]

    def let_go(self, network: Network) -> None:
        kept, self._kept = self._kept, []
        for link, message in kept:
            network.note(link, message, "replay")
            network.post(link, self._later.draw(link, network), message)
