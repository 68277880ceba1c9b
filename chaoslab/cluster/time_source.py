"""A node's source of true time, which says how uncertain it is: an interval, not an instant.

It stands for a receiver of satellite time or an atomic clock in the data centre that the node asks now and then.

Rules:

1. An honest source is wrong by some unknown amount of at most ``epsilon_ns``, and answers the interval of that width
   around what it believes: true time is always inside, and nowhere in particular. What it is wrong by is drawn anew
   for every ``POLL_NS`` and goes evenly from one to the next. It is drawn only when somebody asks, and by the time, not
   by the number of questions: asking more often changes nothing.
2. It is independent of the node's own clocks: a wall clock that steps does not make the source wrong.
3. What is wrong with it is a *deceit*; several add up. Each counts the answers that true time was not in.
4. An answer is rounded outwards to what a float can hold, so that rounding never makes an honest source lie.

This file does not know what nodes do with the answer.

Source:
    Corbett et al., "Spanner: Google's Globally-Distributed Database" (OSDI 2012), section 3: an uncertainty of up to
    7 ms, polls every 30 seconds. The saw-tooth of the uncertainty between polls is left out: it is always the largest.
"""

from __future__ import annotations

import math
from typing import Final

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster.node_clock import EPOCH_NS
from chaoslab.sim import SimClock
from chaoslab.units import NS_PER_S

__all__ = ["EPSILON_NS", "POLL_NS", "Deceit", "TimeSource"]

EPSILON_NS: Final = 7_000_000
"""The uncertainty of a source unless a scenario says otherwise."""

POLL_NS: Final = 30 * NS_PER_S
"""How often the error of a source is drawn anew."""


@attrs.define(eq=False, kw_only=True)
class Deceit:
    """One thing that is wrong with a source.

    Attributes:
        off_ns: How much further ahead its answers lie.
        stated_ns: The uncertainty that it states; None: the usual one.
        told: How many of its answers true time was not in.
    """

    off_ns: int = 0
    stated_ns: int | None = None
    told: int = 0


class TimeSource:
    """The source of one node.

    Args:
        sim: True time.
        stream: The source's own stream.

    Attributes:
        epsilon_ns: The largest error of the source while it is honest, and the uncertainty that it states.
        deceits: What is wrong with it.
    """

    __slots__ = ("_errors", "_sim", "_stream", "deceits", "epsilon_ns")

    def __init__(self, sim: SimClock, stream: Stream) -> None:
        self._sim = sim
        self._stream = stream
        self._errors: list[float] = []  # at each poll, as a share of epsilon, in [-1, 1)
        self.epsilon_ns = EPSILON_NS
        self.deceits: list[Deceit] = []

    def read(self) -> tuple[float, float]:
        """Return the interval (earliest, latest), in seconds since 1970, in which the source says true time is."""
        true_ns = EPOCH_NS + self._sim.now_ns
        believed_ns, stated_ns = true_ns + self._error_ns(), self.epsilon_ns
        for deceit in self.deceits:
            believed_ns += deceit.off_ns
            if deceit.stated_ns is not None:
                stated_ns = min(stated_ns, deceit.stated_ns)
        if abs(believed_ns - true_ns) > stated_ns:
            for deceit in self.deceits:
                deceit.told += 1
        return (
            math.nextafter((believed_ns - stated_ns) / NS_PER_S, -math.inf),
            math.nextafter((believed_ns + stated_ns) / NS_PER_S, math.inf),
        )

    def _error_ns(self) -> int:
        """Return what the source is wrong by at this moment."""
        poll, since_ns = divmod(self._sim.now_ns, POLL_NS)
        while len(self._errors) <= poll + 1:
            self._errors.append(2.0 * self._stream.random() - 1.0)
        before, after = self._errors[poll], self._errors[poll + 1]
        return int((before + (after - before) * (since_ns / POLL_NS)) * self.epsilon_ns)
