"""The clocks of one node: a wall clock that may be wrong, and a monotonic clock that may drift.

Rules:

1. Whatever a node knows of time comes from here. Virtual time itself is shown to no node.
2. Both clocks run at the node's own rate; only the wall clock has an offset. The monotonic clock never steps.
3. Timers run on the monotonic clock: a clock that is too fast fires early.
4. Integer arithmetic, so that no rounding error grows with the length of a run.
"""

from __future__ import annotations

from chaoslab.sim import SimClock
from chaoslab.units import NS_PER_S

__all__ = ["EPOCH_NS", "NodeClock"]

EPOCH_NS = 1_700_000_000 * NS_PER_S
"""What a correct wall clock shows at the start of every run (2023-11-14 22:13:20 UTC): a date, not zero, so that
code under test which formats or compares dates works."""

_MILLION = 1_000_000


class NodeClock:
    """The wall and monotonic clock of a node.

    Attributes:
        offset_ns: How far the wall clock is ahead of where its rate alone would have brought it.
        rate_ppm: How much faster than true the clocks run, in parts per million.
    """

    __slots__ = ("_sim", "_since_ns", "_then_ns", "offset_ns", "rate_ppm")

    def __init__(self, sim: SimClock) -> None:
        self._sim = sim
        self.offset_ns = 0
        self.rate_ppm = 0
        self._since_ns = 0  # virtual time at which the rate last changed ...
        self._then_ns = 0  # ... and what the monotonic clock showed then

    def monotonic_ns(self) -> int:
        """Return the monotonic clock's reading, in nanoseconds since the start of the run."""
        passed_ns = self._sim.now_ns - self._since_ns
        if self.rate_ppm:
            passed_ns += passed_ns * self.rate_ppm // _MILLION
        return self._then_ns + passed_ns

    def wall_ns(self) -> int:
        """Return the wall clock's reading, in nanoseconds since 1970."""
        return EPOCH_NS + self.monotonic_ns() + self.offset_ns

    def true_time(self) -> tuple[float, float]:
        """Return an interval (earliest, latest), in seconds since 1970, in which true time is."""
        now_s = (EPOCH_NS + self._sim.now_ns) / NS_PER_S
        return now_s, now_s

    def run_at(self, rate_ppm: int) -> None:
        """Let both clocks run *rate_ppm* parts per million fast, from now on. They do not step."""
        self._then_ns = self.monotonic_ns()
        self._since_ns = self._sim.now_ns
        self.rate_ppm = rate_ppm

    def true_delay_ns(self, local_ns: int) -> int:
        """Return how much virtual time passes while this node's clocks advance by *local_ns*, at today's rate."""
        if not self.rate_ppm:
            return local_ns
        # Rounded up: when the time has come, the node's own clock must show that it has.
        return -(-local_ns * _MILLION // (_MILLION + self.rate_ppm))
