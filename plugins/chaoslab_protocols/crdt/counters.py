"""Counters that only grow, and counters that also shrink, as states that can be merged.

Shapiro, Preguiça, Baquero & Zawirski, "A comprehensive study of convergent and commutative replicated data types"
(INRIA RR-7506, 2011), section 3.1: specifications 6 (state-based increment-only counter) and 7 (state-based
PN-counter).
"""

from __future__ import annotations

from typing import Any

__all__ = ["GCounter", "PNCounter"]


class GCounter:
    """One number an actor, each of which only that actor raises. The value is their sum."""

    def __init__(self, counts: dict[str, int] | None = None) -> None:
        self.counts = dict(counts or {})

    def increment(self, actor: str, amount: int) -> None:
        """Raise the number of *actor*."""
        self.counts[actor] = self.counts.get(actor, 0) + amount

    @property
    def value(self) -> int:
        """The sum."""
        return sum(self.counts.values())

    def merge(self, other: GCounter) -> bool:
        """Take the greater number of each actor; return whether anything changed."""
        greater = {actor: count for actor, count in other.counts.items() if count > self.counts.get(actor, 0)}
        self.counts.update(greater)
        return bool(greater)


class PNCounter:
    """Two G-counters: what was added, and what was taken away."""

    def __init__(self, written: Any = None) -> None:
        added, removed = written or ({}, {})
        self.added = GCounter(added)
        self.removed = GCounter(removed)

    def update(self, actor: str, f: str, amount: Any) -> bool:
        """Carry an operation out as *actor*; return whether anything changed.

        Raises:
            ValueError: a counter does not know the operation.
        """
        if f not in ("add", "increment", "decrement"):
            raise ValueError(f"a counter does not know {f!r}")
        amount = 1 if amount is None else amount
        if amount == 0:
            return False
        grows = self.removed if (f == "decrement") == (amount > 0) else self.added
        grows.increment(actor, abs(amount))
        return True

    @property
    def value(self) -> int:
        """What a client reads."""
        return self.added.value - self.removed.value

    def merge(self, other: PNCounter) -> bool:
        """Merge both halves; return whether anything changed."""
        changed = self.added.merge(other.added)
        return self.removed.merge(other.removed) or changed

    def written(self) -> Any:
        """Return the state as it is sent and stored: a value of its own, which later updates do not change."""
        return dict(self.added.counts), dict(self.removed.counts)
