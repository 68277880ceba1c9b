"""A circuit breaker: who has called in vain too often stops calling for a while, and then tries with one call.

Nygard, "Release It!" (2007), section 5.2. It is a table of three states:

    closed     calls pass; half of the last ones failed: open
    open       nothing passes; a rest is over: half open
    half open  one call passes, the trial; it succeeds: closed; it fails: open
"""

from __future__ import annotations

from collections import deque

__all__ = ["CircuitBreaker"]


class CircuitBreaker:
    """The breaker before one service. It is told the time, in seconds.

    Attributes:
        WINDOW: How many calls it remembers, and needs to open.
        REST_S: Seconds for which nothing passes.
        state: ``"closed"``, ``"open"`` or ``"half open"``.
    """

    WINDOW = 10
    REST_S = 0.5

    def __init__(self) -> None:
        self.state = "closed"
        self.outcomes: deque[bool] = deque(maxlen=self.WINDOW)
        self.opened_at = 0.0
        self.is_tried = False

    def passes(self, now: float) -> bool:
        """Return whether a call may be made; if so it must be told how it ended."""
        if self.state == "open" and now - self.opened_at >= self.REST_S:
            self.state, self.is_tried = "half open", False
        if self.state == "half open" and not self.is_tried:
            self.is_tried = True
            return True
        return self.state == "closed"

    def succeeded(self) -> None:
        """A call has succeeded."""
        if self.state == "half open":
            self.state = "closed"
            self.outcomes.clear()
        self.outcomes.append(True)

    def failed(self, now: float) -> bool:
        """A call has failed. Return whether the breaker has opened by that."""
        self.outcomes.append(False)
        is_too_often = len(self.outcomes) == self.WINDOW and 2 * self.outcomes.count(False) >= self.WINDOW
        if self.state == "open" or (self.state == "closed" and not is_too_often):
            return False
        self.state, self.opened_at = "open", now
        return True

    def said_nothing(self) -> None:
        """A call has ended in a way that tells nothing of the service; if it was the trial, another one may be made."""
        self.is_tried = False
