"""The fault vocabulary: one family a file, each fault a frozen value with ``inject`` and ``heal``.

What a kind of fault must have is told by ``chaoslab.cluster.Fault``. It may also have

- ``extent``, a property: how large it is, in the unit of the promise that it ``demands`` (nanoseconds of skew, ppm of
  drift);
- ``clock_error(lasting_ns)``, for what demands skew or drift: how wrong a node's clocks become if it lasts that long,
  so that a budget can bound it;
- ``down_at_once(targets)``: how many nodes it restarts at the same time;
- ``check(scene)``: raises ``UsageError`` if the scene has no place for it, when a scenario is read;
- ``drawn(scene, stream)``, a class method that returns a fault of this kind with a strength drawn from *stream*, or
  None where the scene has no place for it: swarms use it.
"""

from chaoslab.faults.administration import Downgrade, Misconfigure, Upgrade
from chaoslab.faults.clock import (
    ClockDrift,
    ClockFreeze,
    ClockSkew,
    ClockSlew,
    ClockStep,
    ClockStrobe,
    WrongTrueTime,
)
from chaoslab.faults.membership import Join, Leave, Replace, TwoAdministrators
from chaoslab.faults.network import Drop, Duplicate, Partition, SlowLinks
from chaoslab.faults.process import Crash, Pause
from chaoslab.faults.topology import Heterogeneous, ReRoute

__all__ = [
    "FAULTS",
    "ClockDrift",
    "ClockFreeze",
    "ClockSkew",
    "ClockSlew",
    "ClockStep",
    "ClockStrobe",
    "Crash",
    "Downgrade",
    "Drop",
    "Duplicate",
    "Heterogeneous",
    "Join",
    "Leave",
    "Misconfigure",
    "Partition",
    "Pause",
    "ReRoute",
    "Replace",
    "SlowLinks",
    "TwoAdministrators",
    "Upgrade",
    "WrongTrueTime",
]

FAULTS = (
    *(SlowLinks, Drop, Duplicate, Partition),
    *(Crash, Pause),
    *(ClockSkew, ClockDrift, ClockStep, ClockStrobe, ClockFreeze, ClockSlew, WrongTrueTime),
    *(Join, Leave, Replace, ReRoute, Heterogeneous),
    *(Upgrade, Downgrade, Misconfigure, TwoAdministrators),
)
"""Every kind that ChaosLab brings itself, in the order in which they are listed."""
