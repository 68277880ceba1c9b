"""How far behind its original a copy may be, known without comparing the clocks of two nodes.

The copy asks for what is new, and remembers when. Once that is answered it is as new as the original was when it
*asked*: the answer was made later than that, however long it was on its way. This file knows no messages.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Freshness"]


class Freshness:
    """When a copy was as new as its original for the last time.

    Args:
        now: Reads the copy's own monotonic clock, in seconds.
        first_id: The number of the first question is one more; answers to an earlier life must not fit.

    Attributes:
        as_of: When it was, in seconds; None: not in this life.
    """

    QUESTIONS_MAX = 20
    """How many questions are remembered: an answer that is later than that many others tells nothing new."""

    def __init__(self, now: Callable[[], float], first_id: int) -> None:
        self.as_of: float | None = None
        self._now = now
        self._id = first_id
        self._asked: dict[int, float] = {}

    def ask(self) -> int:
        """Return the number of a question that is asked now."""
        self._id += 1
        self._asked[self._id] = self._now()
        self._asked.pop(self._id - self.QUESTIONS_MAX, None)
        return self._id

    def answered(self, id: int) -> bool:
        """Take notice that question *id* was answered; return whether it was asked, and not answered before."""
        asked = self._asked.pop(id, None)
        if asked is None:
            return False
        self.as_of = asked if self.as_of is None else max(self.as_of, asked)
        return True

    def is_within(self, lag_s: float) -> bool:
        """Return whether the copy is as new as the original was at most *lag_s* seconds ago."""
        return self.as_of is not None and self._now() - self.as_of <= lag_s
