"""A set in which an add wins against a remove at the same time (observed-remove set), as a state that can be merged.

Shapiro et al., "A comprehensive study of convergent and commutative replicated data types" (2011), section 3.3.5, in
the state-based form of Bieniusa et al., "An optimized conflict-free replicated set" (INRIA RR-8083, 2012), section 3:
in
place of tombstones, each replica knows how far it has seen the tags of each actor. A tag that it has seen and does not
hold was removed.

Tags of an actor must be seen in their order for that. They are, as states are always merged as a whole.
"""

from __future__ import annotations

from typing import Any

__all__ = ["ORSet", "Tag"]

Tag = tuple[str, int]
"""An actor, and the number of its add."""


class ORSet:
    """Elements with the tags of the adds that put them there."""

    def __init__(self, written: Any = None) -> None:
        entries, seen = written or ((), {})
        self.entries: dict[Tag, Any] = {(actor, number): element for actor, number, element in entries}
        self.seen: dict[str, int] = dict(seen)

    def update(self, actor: str, f: str, element: Any) -> bool:
        """Carry an operation out as *actor*; return whether anything changed.

        Raises:
            ValueError: a set does not know the operation.
        """
        if f not in ("add", "remove"):
            raise ValueError(f"a set does not know {f!r}")
        observed = [tag for tag, held in self.entries.items() if held == element]
        for tag in observed:  # an add takes the place of those before it, a remove removes what it observes
            del self.entries[tag]
        if f == "add":
            self.seen[actor] = self.seen.get(actor, 0) + 1
            self.entries[actor, self.seen[actor]] = element
        return bool(observed) or f == "add"

    @property
    def value(self) -> list[Any]:
        """What a client reads: the elements in order."""
        distinct: list[Any] = []
        for element in self.entries.values():
            if element not in distinct:
                distinct.append(element)
        return sorted(distinct)

    def merge(self, other: ORSet) -> bool:
        """Keep what both have, and what one has and the other has not seen yet; return whether anything changed."""
        before = self.written()
        self.entries = {
            **{tag: held for tag, held in self.entries.items() if tag in other.entries or not other.has_seen(tag)},
            **{tag: held for tag, held in other.entries.items() if tag in self.entries or not self.has_seen(tag)},
        }
        for actor, number in other.seen.items():
            self.seen[actor] = max(number, self.seen.get(actor, 0))
        return bool(self.written() != before)

    def has_seen(self, tag: Tag) -> bool:
        """Return whether the add of *tag* is known here, though it may have been removed since."""
        actor, number = tag
        return number <= self.seen.get(actor, 0)

    def written(self) -> Any:
        """Return the state as it is sent and stored: a value of its own, which later updates do not change."""
        entries = tuple(sorted((actor, number, element) for (actor, number), element in self.entries.items()))
        return entries, dict(self.seen)
