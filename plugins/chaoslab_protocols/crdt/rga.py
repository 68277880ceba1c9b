"""A text that everybody edits at once: a replicated growable array of words, as a state that can be merged.

Roh, Jeon, Kim & Lee, "Replicated abstract data types: Building blocks for collaborative applications" (JPDC 2011),
section 5, in the form of the timestamped insertion tree of Attiya et al., "Specification and complexity of
collaborative text editing" (PODC 2016), section 4: a word hangs on the one that it was typed behind. Of those typed
behind the same word the latest comes first, by Lamport clock and then by the name of the actor, so that all replicas
put them alike, and what one actor types in a row stays together. A word that was deleted stays as a tombstone: others
may hang on it.
"""

from __future__ import annotations

from typing import Any

__all__ = ["RGA", "Stamp"]

Stamp = tuple[int, str]
"""Lamport clock and actor of an insertion: its identity, and its place among those at the same place."""

_BEGINNING: Stamp = (0, "")


class RGA:
    """Words by their stamps, each with the stamp of the word that it hangs on.

    Operations: ``insert`` with ``[place, word]``, *place* from 0 to 1000 of the way through the text; ``delete`` with a
    word, of which every occurrence that is seen here goes.
    """

    def __init__(self, written: Any = None) -> None:
        self.words: dict[Stamp, tuple[Stamp, str]] = {}
        self.deleted: set[Stamp] = set()
        for clock, actor, parent, word, is_deleted in written or ():
            self.words[clock, actor] = (tuple(parent), word)
            if is_deleted:
                self.deleted.add((clock, actor))

    def update(self, actor: str, f: str, argument: Any) -> bool:
        """Carry an operation out as *actor*; return whether anything changed.

        Raises:
            ValueError: a text does not know the operation.
        """
        seen = [stamp for stamp in self.order() if stamp not in self.deleted]
        if f == "insert":
            place, word = argument
            index = self.index_of(place, len(seen))
            clock = max((clock for clock, _ in self.words), default=0) + 1
            self.words[clock, actor] = (seen[index - 1] if index else _BEGINNING, word)
            return True
        if f == "delete":
            gone = [stamp for stamp in seen if self.words[stamp][1] == argument]
            self.deleted.update(gone)
            return bool(gone)
        raise ValueError(f"a text does not know {f!r}")

    def index_of(self, place: int, length: int) -> int:
        """Return how many of *length* words are before *place*."""
        return min(place, 1000) * length // 1000

    def around(self, place: int) -> tuple[str | None, str | None]:
        """Return the words before and behind *place*; None at the beginning and the end."""
        words = self.value
        index = self.index_of(place, len(words))
        return words[index - 1] if index else None, words[index] if index < len(words) else None

    @property
    def value(self) -> list[str]:
        """What a client reads: the words in order."""
        return [self.words[stamp][1] for stamp in self.order() if stamp not in self.deleted]

    def order(self) -> list[Stamp]:
        """Return all stamps, tombstones included, in the order of the text."""
        behind: dict[Stamp, list[Stamp]] = {}
        for stamp, (parent, _) in self.words.items():
            behind.setdefault(parent, []).append(stamp)
        for siblings in behind.values():
            self.arrange(siblings)
        ordered: list[Stamp] = []
        waiting = [_BEGINNING]
        while waiting:
            stamp = waiting.pop()
            if stamp != _BEGINNING:
                ordered.append(stamp)
            waiting.extend(reversed(behind.get(stamp, ())))
        return ordered

    def arrange(self, siblings: list[Stamp]) -> None:
        """Put those that hang on the same word into the order that they have everywhere: the latest first."""
        siblings.sort(reverse=True)

    def merge(self, other: RGA) -> bool:
        """Take over the words and tombstones of *other*; return whether anything changed."""
        before = len(self.words), len(self.deleted)
        for stamp, word in other.words.items():
            self.words.setdefault(stamp, word)
        self.deleted |= other.deleted
        return (len(self.words), len(self.deleted)) != before

    def written(self) -> Any:
        """Return the state as it is sent and stored, oldest first."""
        return tuple(
            (clock, actor, parent, word, (clock, actor) in self.deleted)
            for (clock, actor), (parent, word) in self.words.items()
        )
