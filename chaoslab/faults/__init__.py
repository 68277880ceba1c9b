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
- ``down_at_once(targets)``: how many of its targets it takes down at once, at most; all of them, if it does not say so;
- ``storage_kind``, a property: the kind of fault of storage that it amounts to besides, such as ``"torn-write"``, so
  that a budget can refuse it; empty: none;
- ``figures(state)``, a method that returns what is to be told of it when it is healed, beyond ``effects``;
- ``nodes_min``, a property: how many nodes it takes.
"""

from chaoslab.faults.administration import Downgrade, Misconfigure, Upgrade
from chaoslab.faults.adversary import Eavesdrop, Forge
from chaoslab.faults.capacity import Bandwidth, Queue
from chaoslab.faults.clock import (
    ClockDrift,
    ClockFreeze,
    ClockSkew,
    ClockSlew,
    ClockStep,
    ClockStrobe,
    WrongTrueTime,
)
from chaoslab.faults.clogging import Clog, Swizzle
from chaoslab.faults.cost import Cost
from chaoslab.faults.crash_at import CrashAt
from chaoslab.faults.crashes import Amnesia, Crash
from chaoslab.faults.delays import Jitter, SlowLinks, Spike
from chaoslab.faults.dns import Dns
from chaoslab.faults.holding import Hold, Release
from chaoslab.faults.load import Inbox, Memory, Slow
from chaoslab.faults.losses import Burst, Drop, Duplicate
from chaoslab.faults.matching import MatchMessages
from chaoslab.faults.membership import Join, Leave, Replace, TwoAdministrators
from chaoslab.faults.ordering import Fifo, Reorder
from chaoslab.faults.partitions import Flapping, Partition
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
from chaoslab.faults.tampering import Corrupt, Truncate
from chaoslab.faults.topology import Heterogeneous, ReRoute
from chaoslab.faults.zones import ZoneOutage

__all__ = [
    "FAULTS",
    "Amnesia",
    "Bandwidth",
    "BitRot",
    "Burst",
    "ClockDrift",
    "ClockFreeze",
    "ClockSkew",
    "ClockSlew",
    "ClockStep",
    "ClockStrobe",
    "Clog",
    "Corrupt",
    "Cost",
    "Crash",
    "CrashAt",
    "DiskFull",
    "Dns",
    "Downgrade",
    "Drop",
    "Duplicate",
    "Eavesdrop",
    "Fifo",
    "Flapping",
    "Forge",
    "FsyncError",
    "FsyncLie",
    "HalfOpen",
    "Heterogeneous",
    "Hold",
    "Inbox",
    "IoError",
    "Jitter",
    "Join",
    "LatentSector",
    "Leave",
    "LoseUnsynced",
    "MatchMessages",
    "Memory",
    "Misconfigure",
    "MisdirectedRead",
    "MisdirectedWrite",
    "Partition",
    "Pause",
    "Queue",
    "ReRoute",
    "Release",
    "RenameLost",
    "Reorder",
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
    "Spike",
    "Swizzle",
    "TornWrite",
    "Truncate",
    "TwoAdministrators",
    "Upgrade",
    "WrongTrueTime",
    "ZoneOutage",
]

_NETWORK = (
    SlowLinks,
    Jitter,
    Spike,
    Drop,
    Duplicate,
    Reorder,
    Fifo,
    Corrupt,
    Truncate,
    Partition,
    Flapping,
    Hold,
    Release,
    Clog,
    Swizzle,
    Bandwidth,
    Queue,
    Reset,
    HalfOpen,
    SlowClose,
    Slicer,
    Dns,
    MatchMessages,
    Cost,
    Eavesdrop,
    Forge,
)

FAULTS = (
    *_NETWORK,
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
