"""The clocks of one node: a wall clock that may be wrong, and a monotonic clock whose rate may be.

Rules:

1. Whatever a node knows of time comes from here and from ``time_source``. Virtual time itself is shown to no node.
2. The wall clock may step (``offset_ns``). The monotonic clock never does; it may run fast, slow, or not at all.
3. What is wrong with a rate is an *influence*. Several add up, and each remembers how far it alone has led the wall
   clock astray: taking one away sets exactly that right, in any order. The monotonic clock keeps what it has counted.
4. Timers run on the monotonic clock. A timer is due at the first nanosecond of virtual time at which that clock shows
   its time, also when the rate changes while it runs: whoever holds timers is told, and asks ``when`` anew.
5. Integer arithmetic, so that no rounding error grows with the length of a run.

This file does not know who sets timers, nor what goes wrong and when.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from chaoslab.sim import SimClock
from chaoslab.sim.process import EPOCH_NS

__all__ = ["EPOCH_NS", "NEVER_NS", "Influence", "NodeClock"]

NEVER_NS: Final = 1 << 62
"""When a timer on a clock that stands still is due."""

_MILLION: Final = 1_000_000


@attrs.define(eq=False, kw_only=True)
class Influence:
    """One thing that is wrong with the rate of a node's clocks.

    Attributes:
        rate_ppm: How much faster than true both clocks run, in parts per million.
        stops_wall: The wall clock stands still.
        stops_monotonic: The monotonic clock stands still, and with it the node's timers.
        astray_ns: How far ahead it has led the wall clock up to the last change of any rate.
    """

    rate_ppm: int = 0
    stops_wall: bool = False
    stops_monotonic: bool = False
    astray_ns: int = 0


class NodeClock:
    """The wall and the monotonic clock of a node.

    Attributes:
        offset_ns: How far steps have set the wall clock ahead.
        rate_ppm: How much faster than true the monotonic clock runs, in parts per million; -1,000,000: not at all.
        on_rate_change: Called when the monotonic clock's rate has changed: timers are due at another time.
    """

    __slots__ = ("_influences", "_sim", "_since_ns", "_then_ns", "offset_ns", "on_rate_change", "rate_ppm")

    def __init__(self, sim: SimClock) -> None:
        self._sim = sim
        self.offset_ns = 0
        self.rate_ppm = 0
        self.on_rate_change: Callable[[], None] = lambda: None
        self._influences: list[Influence] = []
        self._since_ns = 0  # virtual time at which any rate last changed ...
        self._then_ns = 0  # ... and what the monotonic clock showed then

    def monotonic_ns(self) -> int:
        """Return the monotonic clock's reading, in nanoseconds since the start of the run."""
        passed_ns = self._sim.now_ns - self._since_ns
        if self.rate_ppm:
            passed_ns += passed_ns * self.rate_ppm // _MILLION
        return self._then_ns + passed_ns

    def wall_ns(self) -> int:
        """Return the wall clock's reading, in nanoseconds since 1970."""
        reading_ns = EPOCH_NS + self._sim.now_ns + self.offset_ns
        for influence, lately_ns in self._lately():
            reading_ns += influence.astray_ns + lately_ns
        return reading_ns

    # Timers

    def alarm(self, delay_ns: int) -> tuple[int, int]:
        """Return when a timer that is set now for *delay_ns* is due: (in virtual time, on this clock)."""
        if not self._influences:
            at_ns = self._sim.now_ns + delay_ns
            return at_ns, at_ns + self._then_ns - self._since_ns
        due_ns = self.monotonic_ns() + delay_ns
        return self.when(due_ns), due_ns

    def when(self, due_ns: int) -> int:
        """Return the virtual time at which this clock first shows *due_ns*, if its rate stays; not before now."""
        rate = _MILLION + self.rate_ppm
        if rate <= 0:
            return self._sim.now_ns if due_ns <= self._then_ns else NEVER_NS
        return max(self._since_ns - (self._then_ns - due_ns) * _MILLION // rate, self._sim.now_ns)  # rounded up

    # What goes wrong

    def add(self, influence: Influence) -> None:
        """Subject the clocks to *influence*, from now on."""
        self._change(lambda: self._influences.append(influence))

    def remove(self, influence: Influence) -> None:
        """Undo ``add``: the rates go back, and the wall clock loses what *influence* has led it astray.

        Does nothing a second time.
        """
        if influence in self._influences:
            self._change(lambda: self._influences.remove(influence))

    def _change(self, change: Callable[[], None]) -> None:
        now_ns = self.monotonic_ns()
        for influence, lately_ns in self._lately():
            influence.astray_ns += lately_ns
        self._since_ns, self._then_ns = self._sim.now_ns, now_ns
        before = self.rate_ppm
        change()
        stands_still = any(one.stops_monotonic for one in self._influences)
        faster = sum(one.rate_ppm for one in self._influences)
        self.rate_ppm = -_MILLION if stands_still else max(faster, -_MILLION)
        if self.rate_ppm != before:
            self.on_rate_change()

    def _lately(self) -> list[tuple[Influence, int]]:
        """Return how far each influence has led the wall clock astray since the last change of rate."""
        influences = self._influences
        if not influences:
            return []
        passed_ns = self._sim.now_ns - self._since_ns
        stopped_by = next((one for one in influences if one.stops_wall), None)
        if stopped_by is not None:  # the others lead a clock that stands still nowhere
            return [(one, -passed_ns if one is stopped_by else 0) for one in influences]
        return [(one, passed_ns * one.rate_ppm // _MILLION) for one in influences]
