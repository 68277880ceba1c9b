"""Which messages a fault touches: by type, sender and receiver, and by counting them.

Rules:

1. A match is a frozen value; in files a table such as ``{ message = "append-reply", from = "n1", nth = 3 }``.
2. What is left out matches everything. What is given must all hold.
3. Messages are counted over all links together, in the order in which they are sent, from when the fault begins; each
   copy of a repeated message counts.

This file does not know what is done to the messages that match.
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.errors import UsageError
from chaoslab.net.naming import names_of, normal
from chaoslab.parameters import COUNT, NODES, WORDS, nested, parameter

__all__ = ["MATCH", "Match", "Matcher"]


@attrs.frozen(kw_only=True)
class Match:
    """The messages that have one of these types, come from and go to these nodes, and are in their turn."""

    message: tuple[str, ...] = parameter(
        WORDS,
        "Types: the name of the class, or what a message calls itself (a dict's type, a tuple's first word).",
        default=(),
    )
    from_: str = parameter(NODES, "Who sends them.", default="")
    to: str = parameter(NODES, "Who gets them.", default="")
    nth: int = parameter(COUNT, "Only the one with this number, from 1.", default=0)
    skip: int = parameter(COUNT, "Not so many at first.", default=0)
    every: int = parameter(COUNT, "Of the rest only each one after so many: 3 is every third.", default=0)
    count: int = parameter(COUNT, "No more than so many.", default=0)

    def __attrs_post_init__(self) -> None:
        if not (self.message or self.from_ or self.to or self.counting):
            raise UsageError("this matches every message: give one of message, from, to, nth, skip, every, count.")
        if self.nth and (self.skip or self.every or self.count):
            raise UsageError("nth is one message: it goes with none of skip, every, count.", key="nth")

    @property
    def counting(self) -> bool:
        """Whether messages have to be counted to know which are meant."""
        return bool(self.nth or self.skip or self.every or self.count)

    @property
    def names(self) -> tuple[str, ...]:
        """The endpoints that are named."""
        return (*self.from_.split(), *self.to.split())

    def describe(self) -> str:
        """Say in a few words which messages are meant."""
        which = f"number {self.nth} of " if self.nth else f"{self.count} of " if self.count else ""
        often = f"one in {self.every} " if self.every else ""
        what = " and ".join(self.message) or "messages"
        after = f" after {self.skip}" if self.skip else ""
        sender = f" from {self.from_}" if self.from_ else ""
        receiver = f" to {self.to}" if self.to else ""
        return f"{which}{often}{what}{sender}{receiver}{after}"


MATCH = nested(Match, "match", '{ message = "append-reply", from = "n1", nth = 3 }')


class Matcher:
    """One use of a match: it counts. Every word of ``from`` and ``to`` is a name by now."""

    def __init__(self, match: Match) -> None:
        self._match = match
        self._words = frozenset(normal(word) for word in match.message)  # asked only what is in it
        self._sources = frozenset(match.from_.split())
        self._targets = frozenset(match.to.split())
        self._seen = 0
        self._taken = 0

    def covers(self, source: str, target: str) -> bool:
        """Return whether messages from *source* to *target* may match."""
        return (not self._sources or source in self._sources) and (not self._targets or target in self._targets)

    def takes(self, message: Any) -> bool:
        """Return whether *message*, sent over a link that is covered, matches. Counts it if its type does."""
        if self._words and self._words.isdisjoint(map(normal, names_of(message))):
            return False
        match = self._match
        if not match.counting:
            return True
        self._seen += 1
        if match.nth:
            return self._seen == match.nth
        after = self._seen - match.skip
        if after <= 0 or (match.every and after % match.every) or (match.count and self._taken >= match.count):
            return False
        self._taken += 1
        return True
