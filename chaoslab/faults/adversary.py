"""Somebody on the network: listens, and sends messages that no node sent.

Rules:

1. Whoever listens changes nothing. What was overheard is kept by the network, also after the heal: the latest messages.
2. A forged message is made from one that was overheard: the same once more, one field changed, or the sender changed.
   It travels as any other, so a partition stops it.
3. No secret is known that was not overheard, and nothing is decrypted or signed: a message that proves who made it,
   and that it is new, cannot be forged this way.

This file does not know how a message is changed: see ``chaoslab.net.mutation``.
"""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar, Final, Self

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.faults.link_rule import LinkDelays, LinkRule, NetworkFault, match_parameter, where
from chaoslab.faults.scene import Scene
from chaoslab.net import Copies, Link, Match, Network
from chaoslab.net.mutation import mutated
from chaoslab.net.network import OVERHEARD_MAX
from chaoslab.parameters import RATE, one_of, parameter
from chaoslab.units import NS_PER_S

__all__ = ["WAYS", "Eavesdrop", "Forge"]

WAYS: Final = ("replay", "tamper", "spoof")


@attrs.frozen(kw_only=True)
class Eavesdrop(NetworkFault):
    """Somebody listens: what passes is kept, to be looked at or used for forged messages later."""

    kind: ClassVar[str] = "eavesdrop"
    counts: ClassVar[str] = "messages overheard"

    match: Match | None = match_parameter()

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return _Listen(targets, self.match)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"eavesdrop: somebody listens {where(targets, self.match)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self:
        return cls()


class _Listen(LinkRule):
    word = "eavesdrop"

    def treat(self, link: Link, delay_ns: int, message: Any, network: Network) -> Copies:
        self.hits += 1
        network.overheard.append((link, message))
        return [(delay_ns, message)]


@attrs.frozen(kw_only=True)
class Forge(NetworkFault):
    """Somebody sends messages that no node sent, made from those that were overheard: before, or since it began."""

    kind: ClassVar[str] = "forge"
    counts: ClassVar[str] = "messages forged"
    demands: ClassVar[str] = "tampering"

    rate: float = parameter(RATE, "How many forged messages are sent a second on average.", default=5.0)
    way: str = parameter(
        one_of(*WAYS),
        "replay: the same once more; tamper: one field changed; spoof: from another sender.",
        default="replay",
    )
    match: Match | None = match_parameter()

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return _Forge(targets, self, cluster.network)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"forge: {self.way}, {self.rate:.3g} messages a second, {where(targets, self.match)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self:
        return cls(rate=round(stream.between(0.5, 20), 2), way=stream.pick(WAYS))


class _Forge(LinkRule):
    word = "forge"

    def __init__(self, targets: tuple[str, ...], fault: Forge, network: Network) -> None:
        super().__init__(targets, fault.match)
        self._way = fault.way
        self._interval_ns = NS_PER_S / fault.rate
        began_ns = network.now_ns  # in the name: one forger more or less moves no other
        self._stream = network.choices.stream(f"{self.word} {fault.way} {began_ns}")
        self._delays = LinkDelays(network.latency, self.word)
        self._known: deque[tuple[Link, Any]] = deque(maxlen=OVERHEARD_MAX)
        self._over = False
        for link, message in network.overheard:
            if self.covers(link.source, link.target) and (self.matcher is None or self.matcher.takes(message)):
                self._known.append((link, message))
        self._wait(network)

    def treat(self, link: Link, delay_ns: int, message: Any, network: Network) -> Copies:
        self._known.append((link, message))
        return [(delay_ns, message)]

    def _wait(self, network: Network) -> None:
        network.after(int(self._stream.exponential(self._interval_ns)), self._send, network)

    def _send(self, network: Network) -> None:
        if self._over:
            return
        if self._known:
            self._forge(*self._known[self._stream.below(len(self._known))], network)
        self._wait(network)

    def _forge(self, link: Link, message: Any, network: Network) -> None:
        stream = self._stream
        if self._way == "tamper":
            forged = mutated(message, stream)
            if forged is message:
                return  # nothing in it to change
            message = forged
        elif self._way == "spoof":
            others = [name for name in network.names if name not in (link.source, link.target)]
            if not others:
                return
            link = network.link(stream.pick(others), link.target)
        self.hits += 1
        network.note(link, message, self.word)
        network.post(link, self._delays.draw(link, network), message)

    def let_go(self, network: Network) -> None:
        self._over = True
