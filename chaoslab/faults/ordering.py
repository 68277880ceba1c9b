"""Faults of order: messages that overtake each other, and links that never let them.

This file does not know delays: a late message may overtake and be overtaken without any of this.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.errors import UsageError
from chaoslab.faults.link_rule import LinkRule, NetworkFault, match_parameter, where
from chaoslab.faults.scene import Scene
from chaoslab.net import Copies, KeepOrder, Link, Match, Network
from chaoslab.parameters import COUNT, DURATION, RATIO, parameter

__all__ = ["Fifo", "Reorder"]

_MS = 1_000_000


@attrs.frozen(kw_only=True)
class Reorder(NetworkFault):
    """A share of the messages is overtaken by messages that were sent after them on the same link.

    By construction, not by chance: a message that is chosen waits until so many later ones have set off, and arrives
    after the last of them. A link that keeps order is left alone.
    """

    kind: ClassVar[str] = "reorder"
    counts: ClassVar[str] = "messages overtaken"

    ratio: float = parameter(RATIO, "The share of messages that is overtaken.")
    window: int = parameter(COUNT, "By how many later messages at most.", default=3)
    longest_ns: int = parameter(
        DURATION, "How long a message waits to be overtaken at most.", default=500 * _MS, name="longest"
    )
    match: Match | None = match_parameter()

    def __attrs_post_init__(self) -> None:
        if self.window < 1:
            raise UsageError("window is at least 1: it takes a message to overtake one.", key="window")

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return _Reorder(targets, self)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"reorder: {self.ratio:.3g} of the messages, by up to {self.window}, {where(targets, self.match)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self:
        return cls(ratio=round(stream.between(0.05, 0.6), 3), window=1 + stream.below(5))


@attrs.define(kw_only=True, eq=False)
class _Waiting:
    """A message that is to be overtaken by *left* more; it arrives no earlier than at *arrives_ns*."""

    link: Link
    message: Any
    left: int
    arrives_ns: int
    overtaken: bool = False


class _Reorder(LinkRule):
    word = "reorder"

    def __init__(self, targets: tuple[str, ...], fault: Reorder) -> None:
        super().__init__(targets, fault.match)
        self._fault = fault
        self._waiting: dict[str, list[_Waiting]] = {}

    def send(self, link: Link, copies: Copies, network: Network) -> None:
        if link.keepers:
            return
        travelling: Copies = []
        for delay_ns, message in copies:
            if self._waits(link, delay_ns, message, network):
                continue
            travelling.append((delay_ns, message))
            travelling += self._overtaken(link, delay_ns, network.now_ns)
        copies[:] = travelling

    def _waits(self, link: Link, delay_ns: int, message: Any, network: Network) -> bool:
        """Decide whether *message* is to be overtaken, and keep it back if so."""
        if self.matcher is not None and not self.matcher.takes(message):
            return False
        fault, stream = self._fault, self.stream(link, network)
        chosen, share = stream.chance(fault.ratio), stream.random()
        waiting = self._waiting.setdefault(link.label, [])
        if not chosen or len(waiting) >= fault.window:  # somebody has to overtake
            return False
        one = _Waiting(
            link=link, message=message, left=1 + int(share * fault.window), arrives_ns=network.now_ns + delay_ns
        )
        waiting.append(one)
        network.note(link, message, "overtaken")
        network.after(fault.longest_ns, self._give_up, one, network)
        return True

    def _overtaken(self, link: Link, delay_ns: int, now_ns: int) -> Copies:
        """Count a message that sets off now, and return those that wait for no more."""
        going: Copies = []
        staying = []
        for one in self._waiting.get(link.label, ()):
            one.left -= 1
            one.arrives_ns = max(one.arrives_ns, now_ns + delay_ns + 1)
            if not one.overtaken:
                one.overtaken = True
                self.hits += 1
            if one.left:
                staying.append(one)
            else:
                going.append((one.arrives_ns - now_ns, one.message))
        self._waiting[link.label] = staying
        return going

    def _give_up(self, one: _Waiting, network: Network) -> None:
        waiting = self._waiting.get(one.link.label, [])
        if any(other is one for other in waiting):
            self._waiting[one.link.label] = [other for other in waiting if other is not one]
            network.forward(one.link, [(max(one.arrives_ns - network.now_ns, 0), one.message)], self)

    def let_go(self, network: Network) -> None:
        for waiting in list(self._waiting.values()):
            for one in waiting:
                self._give_up(one, network)
        self._waiting.clear()


@attrs.frozen(kw_only=True)
class Fifo(NetworkFault):
    """The messages of one link never overtake each other: one that is late makes all behind it late.

    As on a TCP connection. It holds for what is sent from then on; what another fault keeps back counts as sent when
    it goes on.
    """

    kind: ClassVar[str] = "fifo"
    counts: ClassVar[str] = "messages kept from overtaking"
    match: ClassVar[None] = None  # type: ignore[misc]  # it is about all messages of a link

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> Any:
        rule = KeepOrder(LinkRule(targets).covers)
        cluster.network.add_rule(rule)
        return rule

    def heal(self, cluster: Cluster, state: Any) -> None:
        cluster.network.remove_rule(state)

    def figures(self, state: Any) -> dict[str, Any]:
        return {}

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"fifo: no message overtakes another {where(targets, None)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self:
        return cls()
