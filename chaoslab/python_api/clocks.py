"""The short names of the faults of clocks.

Each takes the name of a node and returns the fault with it as its target, for ``cluster.faults`` and ``inject``.
"""

from __future__ import annotations

from chaoslab.faults import ClockDrift, ClockFreeze, ClockSkew, ClockSlew, ClockStep, ClockStrobe, WrongTrueTime
from chaoslab.units import seconds_to_ns

__all__ = ["clock_drift", "clock_freeze", "clock_skew", "clock_slew", "clock_step", "clock_strobe", "wrong_true_time"]


def clock_skew(node: str, seconds: float) -> tuple[ClockSkew, tuple[str, ...]]:
    """Return the fault that sets the wall clock of *node* ahead by *seconds*, or back."""
    return ClockSkew(offset_ns=seconds_to_ns(seconds)), (node,)


def clock_drift(node: str, ppm: int) -> tuple[ClockDrift, tuple[str, ...]]:
    """Return the fault that lets the clocks and timers of *node* run fast by *ppm* parts per million, or slow."""
    return ClockDrift(rate_ppm=ppm), (node,)


def clock_step(node: str, seconds: float) -> tuple[ClockStep, tuple[str, ...]]:
    """Return the fault that lets the wall clock of *node* jump once, ahead by *seconds* or back."""
    return ClockStep(jump_ns=seconds_to_ns(seconds)), (node,)


def clock_strobe(node: str, seconds: float, period: float) -> tuple[ClockStrobe, tuple[str, ...]]:
    """Return the fault that lets the wall clock of *node* jump ahead by *seconds* and back in each *period*."""
    return ClockStrobe(amplitude_ns=seconds_to_ns(seconds), period_ns=seconds_to_ns(period)), (node,)


def clock_freeze(node: str, *, monotonic: bool = False) -> tuple[ClockFreeze, tuple[str, ...]]:
    """Return the fault that lets the wall clock of *node* stand still; *monotonic*: and its timers too."""
    return ClockFreeze(monotonic=monotonic), (node,)


def clock_slew(node: str, seconds: float, ppm: int = 500) -> tuple[ClockSlew, tuple[str, ...]]:
    """Return the fault that sets the wall clock of *node* ahead by *seconds* and leads it back at *ppm*."""
    return ClockSlew(offset_ns=seconds_to_ns(seconds), rate_ppm=ppm), (node,)


def wrong_true_time(
    node: str, off: float = 0.0, *, epsilon: float | None = None
) -> tuple[WrongTrueTime, tuple[str, ...]]:
    """Return the fault that lets the source of true time of *node* be *off* by seconds, or state another *epsilon*."""
    stated_ns = None if epsilon is None else seconds_to_ns(epsilon)
    return WrongTrueTime(off_ns=seconds_to_ns(off), epsilon_ns=stated_ns), (node,)
