"""Clogs: for a while a link, or all links of a node, take nothing through. What is sent waits, and then bursts.

Each clogged thing closes at a moment of its own in the first third of a period and opens at one in the last third, so
they open in another order than they closed, and in the middle third all of them are closed together. Then the next
period begins.

Source: FoundationDB's documentation, "Simulation and Testing", on swizzle-clogging.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import attrs

from chaoslab.choices import Choices, Stream
from chaoslab.cluster import Cluster
from chaoslab.errors import UsageError
from chaoslab.faults.holding import HELD_MAX
from chaoslab.faults.link_rule import LinkRule, NetworkFault, match_parameter, where
from chaoslab.faults.scene import Scene
from chaoslab.net import Copies, HoldQueue, Link, Match, Network
from chaoslab.parameters import DURATION, RATIO, parameter
from chaoslab.units import format_duration

__all__ = ["Clog", "Swizzle"]

_MS = 1_000_000


@attrs.frozen(kw_only=True)
class Clog(NetworkFault):
    """Random links clog one by one and open again in another order: what is sent on them waits meanwhile."""

    kind: ClassVar[str] = "clog"
    counts: ClassVar[str] = "messages held"

    share: float = parameter(RATIO, "How likely a link is among them, drawn anew in each period.", default=0.3)
    period_ns: int = parameter(
        DURATION, "How long it takes until all have clogged and opened; then it begins anew.", default=3000 * _MS,
        name="period",
    )  # fmt: skip
    match: Match | None = match_parameter()

    def __attrs_post_init__(self) -> None:
        _refuse_no_time(self.period_ns)

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return _Clog(targets, self.match, cluster.network, self.period_ns, lambda link: (link.label,), self.share)

    def describe(self, targets: tuple[str, ...]) -> str:
        period = format_duration(self.period_ns)
        return f"clog: {self.share:.3g} of the links, one by one in {period}, {where(targets, self.match)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self:
        return cls(share=round(stream.between(0.1, 0.7), 2), period_ns=int(stream.between(300 * _MS, 5000 * _MS)))


@attrs.frozen(kw_only=True)
class Swizzle(NetworkFault):
    """Random nodes clog one by one and open again in another order: what they send, and what is sent to them, waits."""

    kind: ClassVar[str] = "swizzle"
    counts: ClassVar[str] = "messages held"

    share: float = parameter(RATIO, "The share of nodes that clog, at least one; of the target, if given.", default=0.5)
    period_ns: int = parameter(
        DURATION, "How long it takes until all have clogged and opened; then it begins anew.", default=3000 * _MS,
        name="period",
    )  # fmt: skip
    match: Match | None = match_parameter()

    def __attrs_post_init__(self) -> None:
        _refuse_no_time(self.period_ns)

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        nodes = targets or tuple(cluster.nodes)
        now_ns = cluster.engine.now_ns  # in the name: one swizzle more or less moves no other
        stream = cluster.engine.choices.stream(f"swizzle {now_ns}")
        chosen = tuple(stream.sample(nodes, max(1, round(self.share * len(nodes)))))
        cluster.engine.note(f"swizzle {' '.join(chosen)}")

        def ends(link: Link) -> tuple[str, ...]:
            return tuple(name for name in (link.source, link.target) if name in chosen)

        return _Clog(chosen, self.match, cluster.network, self.period_ns, ends, 1.0)

    def describe(self, targets: tuple[str, ...]) -> str:
        among = f" of {' '.join(targets)}" if targets else " of the nodes"
        only = "" if self.match is None else f", only {self.match.describe()}"
        return f"swizzle: {self.share:.3g}{among} clog one by one in {format_duration(self.period_ns)}{only}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self:
        return cls(share=round(stream.between(0.2, 1.0), 2), period_ns=int(stream.between(300 * _MS, 5000 * _MS)))


def _refuse_no_time(period_ns: int) -> None:
    if period_ns < 3:
        raise UsageError("period is above zero: things clog, stay so, and open.", key="period")


@attrs.define(kw_only=True)
class _Times:
    """When one thing is closed in one period, in virtual nanoseconds; never if both are the same."""

    period: int
    closes_ns: int
    opens_ns: int


class _Clog(LinkRule):
    """Closes things (links, or nodes) and opens them.

    Times are drawn when a message asks for them, so things that carry nothing cost nothing.
    """

    word = "clog"

    def __init__(
        self,
        targets: tuple[str, ...],
        match: Match | None,
        network: Network,
        period_ns: int,
        things: Callable[[Link], tuple[str, ...]],
        share: float,
    ) -> None:
        super().__init__(targets, match)
        self._queue = HoldQueue(network, self, self.word, HELD_MAX)
        self._began_ns = network.now_ns
        self._period_ns = period_ns
        self._things = things
        self._share = share
        self._times: dict[str, _Times] = {}
        self._opening: dict[str, None] = {}
        self._over = False

    def treat(self, link: Link, delay_ns: int, message: Any, network: Network) -> Copies:
        opens_ns = self._opens_ns(link, network)
        if opens_ns is None:
            return [(delay_ns, message)]
        self.hits += 1
        self._queue.hold(link, delay_ns, message)
        self._open_at(opens_ns, link, network)
        return []

    def _opens_ns(self, link: Link, network: Network) -> int | None:
        """Return until when *link* is closed, or None if it is open."""
        now_ns = network.now_ns
        closed = [
            times.opens_ns
            for thing in self._things(link)
            if (times := self._times_of(thing, now_ns, network.choices)).closes_ns <= now_ns < times.opens_ns
        ]
        return max(closed, default=None)

    def _times_of(self, thing: str, now_ns: int, choices: Choices) -> _Times:
        period = (now_ns - self._began_ns) // self._period_ns
        times = self._times.get(thing)
        while times is None or times.period < period:
            number = 0 if times is None else times.period + 1
            times = self._times[thing] = self._drawn(number, choices.stream(f"{self.word} {thing}"))
        return times

    def _drawn(self, period: int, stream: Stream) -> _Times:
        takes_part, closes, opens = stream.chance(self._share), stream.random(), stream.random()
        begin_ns = self._began_ns + period * self._period_ns
        third_ns = self._period_ns // 3
        closes_ns = begin_ns + int(closes * third_ns)
        opens_ns = begin_ns + 2 * third_ns + int(opens * third_ns)
        return _Times(period=period, closes_ns=closes_ns, opens_ns=opens_ns if takes_part else closes_ns)

    def _open_at(self, opens_ns: int, link: Link, network: Network) -> None:
        if link.label not in self._opening:
            self._opening[link.label] = None
            network.after(opens_ns - network.now_ns, self._open, link, network)

    def _open(self, link: Link, network: Network) -> None:
        if self._over:
            return
        del self._opening[link.label]
        opens_ns = self._opens_ns(link, network)
        if opens_ns is None:
            self._queue.release(lambda held: held.link is link)
        else:
            self._open_at(opens_ns, link, network)  # its other end is closed still

    def let_go(self, network: Network) -> None:
        self._over = True
        self._queue.close()

    def figures(self) -> Mapping[str, Any]:
        return {"most_waiting": self._queue.most}
