"""The simulator's core: virtual time, one event after the other, and a trace of it. Knows no nodes."""

from chaoslab.sim.clock import Entry, SimClock
from chaoslab.sim.engine import Engine
from chaoslab.sim.trace import Difference, Trace, first_difference, is_remark

__all__ = ["Difference", "Engine", "Entry", "SimClock", "Trace", "first_difference", "is_remark"]
