"""The network is reliable: the believer tells the others once; the doubter goes on until each has confirmed it."""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab.statemachine import Effect, Effects, Send, SetTimer
from chaoslab_systems.fallacies.spreading_set import Change, SpreadingSet

__all__ = ["PROTOCOLS", "Believer", "Doubter"]


class Believer(SpreadingSet):
    """What was sent has arrived."""


@attrs.frozen
class Confirmed:
    """A change has arrived."""

    change: Change


class Doubter(SpreadingSet):
    """What was not confirmed is sent again. It may arrive twice: the second time it changes nothing.

    Attributes:
        AGAIN_S: Seconds from one try to the next.
        unconfirmed: Who has not confirmed what, in the order in which it was sent.
    """

    AGAIN_S = 0.3

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self.unconfirmed: dict[tuple[str, Change], None] = {}

    def start(self) -> Effects:
        return [SetTimer("again", self.AGAIN_S)]

    def spread(self, change: Change) -> list[Effect]:
        self.unconfirmed.update({(peer, change): None for peer in self.context.peers})
        return super().spread(change)

    def timer(self, name: str) -> Effects:
        again = [Send(peer, change) for peer, change in self.unconfirmed]
        return [*again, SetTimer("again", self.AGAIN_S)]

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Confirmed):
            self.unconfirmed.pop((sender, message.change), None)
            return None
        effects = super().message(sender, message)
        return [Send(sender, Confirmed(message))] if isinstance(message, Change) else effects


PROTOCOLS = tuple(
    Protocol(
        name=f"reliable-network-{belief}",
        summary=summary,
        replica=replica,
        serves=("converging-set",),
        claims=("eventual",),
        budget=Budget(down=0),
    )
    for belief, summary, replica in (
        ("believer", "sets that tell the others of a change once: one that is lost is missing for ever", Believer),
        ("doubter", "sets that tell the others of a change until each has confirmed it", Doubter),
    )
)
