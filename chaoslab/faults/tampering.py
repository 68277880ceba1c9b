"""Faults that change what messages say. A protocol survives them only if it promises to: they demand ``tampering``.

This file does not know how a message is changed: see ``chaoslab.net.mutation``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.faults.link_rule import LinkRule, NetworkFault, match_parameter, where
from chaoslab.faults.scene import Scene
from chaoslab.net import Copies, Link, Match, Network
from chaoslab.net.mutation import mutated, truncated
from chaoslab.parameters import RATIO, parameter

__all__ = ["Corrupt", "Truncate"]


@attrs.frozen(kw_only=True)
class Corrupt(NetworkFault):
    """A share of the messages arrives changed: one field of another value, or one bit of raw bytes."""

    kind: ClassVar[str] = "corrupt"
    counts: ClassVar[str] = "messages changed"
    demands: ClassVar[str] = "tampering"

    ratio: float = parameter(RATIO, "The share of messages that is changed.")
    match: Match | None = match_parameter()

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return _Change(targets, self.match, self.ratio, mutated, self.kind)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"corrupt: {self.ratio:.3g} of the messages {where(targets, self.match)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self:
        return cls(ratio=round(stream.between(0.005, 0.1), 4))


@attrs.frozen(kw_only=True)
class Truncate(NetworkFault):
    """A share of the messages arrives cut short: the end of a text, a byte string, a list or a dict is missing."""

    kind: ClassVar[str] = "truncate"
    counts: ClassVar[str] = "messages cut short"
    demands: ClassVar[str] = "tampering"

    ratio: float = parameter(RATIO, "The share of messages that is cut short.")
    match: Match | None = match_parameter()

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return _Change(targets, self.match, self.ratio, truncated, self.kind)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"truncate: {self.ratio:.3g} of the messages {where(targets, self.match)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self:
        return cls(ratio=round(stream.between(0.005, 0.1), 4))


class _Change(LinkRule):
    def __init__(
        self,
        targets: tuple[str, ...],
        match: Match | None,
        ratio: float,
        change: Callable[[Any, Stream], Any],
        word: str,
    ) -> None:
        super().__init__(targets, match)
        self._ratio = ratio
        self._change = change
        self._word = word

    def treat(self, link: Link, delay_ns: int, message: Any, network: Network) -> Copies:
        stream = network.choices.stream(f"{self._word} {link.label}")
        if stream.chance(self._ratio):
            changed = self._change(message, stream)
            if changed is not message:
                self.hits += 1
                network.note(link, message, self._word)
                return [(delay_ns, changed)]
        return [(delay_ns, message)]
