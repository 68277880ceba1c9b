"""Bandwidth is infinite: the believer sends all it has at each change; the doubter sends what has changed."""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab.statemachine import Effect, Effects, Send
from chaoslab_systems.fallacies.spreading_set import Change, SpreadingSet

__all__ = ["PROTOCOLS", "Believer", "Doubter"]


class Doubter(SpreadingSet):
    """A message is about one change: its size does not grow with what is stored."""


@attrs.frozen
class Everything:
    """All that a node has."""

    changes: tuple[Change, ...]


class Believer(SpreadingSet):
    """It is simplest to send everything, and whoever missed something has it then, too."""

    def spread(self, change: Change) -> list[Effect]:
        everything = Everything(tuple(self.changes.values()))
        return [Send(peer, everything) for peer in self.context.peers]

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, Everything):
            return super().message(sender, message)
        for change in message.changes:
            self.on_change(change)
        return None


PROTOCOLS = tuple(
    Protocol(
        name=f"infinite-bandwidth-{belief}",
        summary=summary,
        replica=replica,
        serves=("converging-set",),
        claims=("eventual",),
        budget=Budget(down=0),
    )
    for belief, summary, replica in (
        ("believer", "sets that send all they have at each change: answers to clients wait behind it", Believer),
        ("doubter", "sets that send what has changed", Doubter),
    )
)
