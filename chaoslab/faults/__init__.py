"""The fault vocabulary: one family a file, each fault a frozen value with ``inject`` and ``heal``.

What a kind of fault must have is told by ``chaoslab.cluster.Fault``. It may also have

- ``extent``, a property: how large it is, in the unit of the promise that it ``demands`` (nanoseconds of skew, ppm of
  drift);
- ``clock_error(lasting_ns)``, for what demands skew or drift: how wrong a node's clocks become if it lasts that long,
  so that a budget can bound it;
- ``drawn(scene, stream)``, a class method that returns a fault of this kind with a strength drawn from *stream*, or
  None where the scene has no place for it: swarms use it.
"""

from chaoslab.faults.clock import (
    ClockDrift,
    ClockFreeze,
    ClockSkew,
    ClockSlew,
    ClockStep,
    ClockStrobe,
    WrongTrueTime,
)
from chaoslab.faults.network import Drop, Duplicate, Partition, SlowLinks
from chaoslab.faults.process import Crash, Pause

__all__ = [
    "FAULTS",
    "ClockDrift",
    "ClockFreeze",
    "ClockSkew",
    "ClockSlew",
    "ClockStep",
    "ClockStrobe",
    "Crash",
    "Drop",
    "Duplicate",
    "Partition",
    "Pause",
    "SlowLinks",
    "WrongTrueTime",
]

FAULTS = (
    *(SlowLinks, Drop, Duplicate, Partition),
    *(Crash, Pause),
    *(ClockSkew, ClockDrift, ClockStep, ClockStrobe, ClockFreeze, ClockSlew, WrongTrueTime),
)
"""Every kind that ChaosLab brings itself, in the order in which they are listed."""
