"""The fault vocabulary: one family a file, each fault a frozen value with ``inject`` and ``heal``.

What a kind of fault must have is told by ``chaoslab.cluster.Fault``. It may also have

- ``extent``, a property: how large it is, in the unit of the promise that it ``demands`` (nanoseconds of skew, ppm of
  drift);
- ``clock_error(lasting_ns)``, for what demands skew or drift: how wrong a node's clocks become if it lasts that long,
  so that a budget can bound it;
- ``check(scene)``: raises ``UsageError`` if the scene has no place for it, when a scenario is read;
- ``drawn(scene, stream)``, a class method that returns a fault of this kind with a strength drawn from *stream*, or
  None where the scene has no place for it: swarms use it;
- ``hits(zones)``: the nodes it hits, for kinds that say so themselves instead of by a target;
- ``down_at_once(targets)``: how many of its targets it takes down at once, at most; all of them, if it does not say so.
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
from chaoslab.faults.crash_at import CrashAt
from chaoslab.faults.crashes import Amnesia, Crash
from chaoslab.faults.dns import Dns
from chaoslab.faults.load import Inbox, Memory, Slow
from chaoslab.faults.membership import Join, Leave, Replace, TwoAdministrators
from chaoslab.faults.network import Drop, Duplicate, Partition, SlowLinks
from chaoslab.faults.pauses import Pause, Resume
from chaoslab.faults.restarts import RestartLoop, RollingRestart
from chaoslab.faults.storage import (
    STORAGE_FAULTS,
    BitRot,
    DiskFull,
    FsyncError,
    FsyncLie,
    IoError,
    LatentSector,
    LoseUnsynced,
    MisdirectedRead,
    MisdirectedWrite,
    RenameLost,
    ReorderWrites,
    ShortRead,
    SlowDisk,
    TornWrite,
)
from chaoslab.faults.streams import HalfOpen, Reset, Slicer, SlowClose
from chaoslab.faults.topology import Heterogeneous, ReRoute
from chaoslab.faults.zones import ZoneOutage

__all__ = [
    "FAULTS",
    "Amnesia",
    "BitRot",
    "ClockDrift",
    "ClockFreeze",
    "ClockSkew",
    "ClockSlew",
    "ClockStep",
    "ClockStrobe",
    "Crash",
    "CrashAt",
    "DiskFull",
    "Dns",
    "Downgrade",
    "Drop",
    "Duplicate",
    "FsyncError",
    "FsyncLie",
    "HalfOpen",
    "Heterogeneous",
    "Inbox",
    "IoError",
    "Join",
    "LatentSector",
    "Leave",
    "LoseUnsynced",
    "Memory",
    "Misconfigure",
    "MisdirectedRead",
    "MisdirectedWrite",
    "Partition",
    "Pause",
    "ReRoute",
    "RenameLost",
    "ReorderWrites",
    "Replace",
    "Reset",
    "RestartLoop",
    "Resume",
    "RollingRestart",
    "ShortRead",
    "Slicer",
    "Slow",
    "SlowClose",
    "SlowDisk",
    "SlowLinks",
    "TornWrite",
    "TwoAdministrators",
    "Upgrade",
    "WrongTrueTime",
    "ZoneOutage",
]

FAULTS = (
    SlowLinks,
    Drop,
    Duplicate,
    Partition,
    Reset,
    HalfOpen,
    SlowClose,
    Slicer,
    Dns,
    Crash,
    CrashAt,
    Amnesia,
    RestartLoop,
    RollingRestart,
    Pause,
    Resume,
    Slow,
    Memory,
    Inbox,
    ZoneOutage,
    *STORAGE_FAULTS,
    *(ClockSkew, ClockDrift, ClockStep, ClockStrobe, ClockFreeze, ClockSlew, WrongTrueTime),
    *(Join, Leave, Replace, ReRoute, Heterogeneous),
    *(Upgrade, Downgrade, Misconfigure, TwoAdministrators),
)
"""Every kind that ChaosLab brings itself, in the order in which they are listed."""
