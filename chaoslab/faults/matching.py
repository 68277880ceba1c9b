"""The fault that does one thing to exactly the messages that match: "drop the third append-reply from n1".

This file does not know how messages are matched: see ``chaoslab.net.match``.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final, Self

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.faults.link_rule import LinkDelays, LinkRule, NetworkFault
from chaoslab.faults.scene import Scene
from chaoslab.net import MATCH, Copies, Link, Match, Network
from chaoslab.net.latency import LATENCY, Constant, Latency
from chaoslab.parameters import one_of, parameter

__all__ = ["ACTIONS", "MatchMessages"]

ACTIONS: Final = ("drop", "delay", "duplicate")

_MS = 1_000_000


@attrs.frozen(kw_only=True)
class MatchMessages(NetworkFault):
    """Exactly the messages that match are lost, or late, or arrive twice."""

    kind: ClassVar[str] = "match"
    counts: ClassVar[str] = "messages matched"

    match: Match = parameter(MATCH, "Which messages.")
    action: str = parameter(one_of(*ACTIONS), "What becomes of them.", default="drop")
    later: Latency = parameter(
        LATENCY, "How much later they, or their copies, arrive.", default=Constant(value_ns=1000 * _MS)
    )

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return _Matched(targets, self)

    def describe(self, targets: tuple[str, ...]) -> str:
        links = f" on the links of {' '.join(targets)}" if targets else ""
        return f"match: {self.action} {self.match.describe()}{links}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self:
        later_ns = int(stream.between(0, 2000 * _MS))
        every = Match(skip=stream.below(20), every=2 + stream.below(10))
        return cls(match=every, action=stream.pick(ACTIONS), later=Constant(value_ns=later_ns))


class _Matched(LinkRule):
    word = "match"

    def __init__(self, targets: tuple[str, ...], fault: MatchMessages) -> None:
        super().__init__(targets, fault.match)
        self._action = fault.action
        self._later = LinkDelays(fault.later, self.word)

    def treat(self, link: Link, delay_ns: int, message: Any, network: Network) -> Copies:
        self.hits += 1
        if self._action == "drop":
            network.lose(link, message, "match-drop")
            return []
        network.note(link, message, f"match-{self._action}")
        late = (delay_ns + self._later.draw(link, network), message)
        return [late] if self._action == "delay" else [(delay_ns, message), late]
