"""TrueTime: a clock that says how wrong it may be (Corbett et al. 2012, section 3).

``TT.now()`` is an interval in which true time is, as long as the node's wall clock is off by no more than epsilon. All
timestamps are whole microseconds; an interval is rounded outwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

__all__ = ["Interval", "TrueTime"]

_US_PER_S = 1_000_000


class Interval(NamedTuple):
    """Two timestamps between which true time is."""

    earliest: int
    latest: int


class TrueTime:
    """The clock of one node.

    Args:
        wall_time: Reads the node's wall clock, in seconds.
        epsilon_us: How far that may be off, in microseconds.
    """

    def __init__(self, wall_time: Callable[[], float], epsilon_us: int) -> None:
        self.wall_time = wall_time
        self.epsilon_us = epsilon_us

    def now(self) -> Interval:
        """Return an interval in which true time is."""
        shown = self.wall_time() * _US_PER_S
        return Interval(math.floor(shown) - self.epsilon_us, math.ceil(shown) + self.epsilon_us)

    def after(self, timestamp: int) -> bool:
        """Whether *timestamp* has definitely passed."""
        return self.now().earliest > timestamp

    def seconds_until(self, timestamp: int) -> float:
        """Return how long it takes until *timestamp* has definitely passed, if the clock goes right."""
        return max(1, timestamp + 1 - self.now().earliest) / _US_PER_S
