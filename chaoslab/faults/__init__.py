"""The fault vocabulary: one family a file, each fault a frozen value with ``inject`` and ``heal``.

What a kind of fault must have is told by ``chaoslab.cluster.Fault``. It may also have

- ``extent``, a property: how large it is, in the unit of the promise that it ``demands`` (nanoseconds of skew, ppm of
  drift), so that a budget can bound it;
- ``drawn(scene, stream)``, a class method that returns a fault of this kind with a strength drawn from *stream*, or
  None where the scene has no place for it: swarms use it;
- ``hits(zones)``: the nodes it hits, for kinds that say so themselves instead of by a target;
- ``down_at_once(targets)``: how many of its targets it takes down at once, at most; all of them, if it does not say so;
- ``figures(state)``, a method that returns what is to be told of it when it is healed, beyond ``effects``;
- ``nodes_min``, a property: how many nodes it takes.
"""

from chaoslab.faults.adversary import Eavesdrop, Forge
from chaoslab.faults.capacity import Bandwidth, Queue
from chaoslab.faults.clock import ClockSkew
from chaoslab.faults.clogging import Clog, Swizzle
from chaoslab.faults.cost import Cost
from chaoslab.faults.crash_at import CrashAt
from chaoslab.faults.crashes import Amnesia, Crash
from chaoslab.faults.delays import Jitter, SlowLinks, Spike
from chaoslab.faults.holding import Hold, Release
from chaoslab.faults.load import Inbox, Memory, Slow
from chaoslab.faults.losses import Burst, Drop, Duplicate
from chaoslab.faults.matching import MatchMessages
from chaoslab.faults.ordering import Fifo, Reorder
from chaoslab.faults.partitions import Flapping, Partition
from chaoslab.faults.pauses import Pause, Resume
from chaoslab.faults.restarts import RestartLoop, RollingRestart
from chaoslab.faults.tampering import Corrupt, Truncate
from chaoslab.faults.zones import ZoneOutage

__all__ = [
    "FAULTS",
    "Amnesia",
    "Bandwidth",
    "Burst",
    "ClockSkew",
    "Clog",
    "Corrupt",
    "Cost",
    "Crash",
    "CrashAt",
    "Drop",
    "Duplicate",
    "Eavesdrop",
    "Fifo",
    "Flapping",
    "Forge",
    "Hold",
    "Inbox",
    "Jitter",
    "MatchMessages",
    "Memory",
    "Partition",
    "Pause",
    "Queue",
    "Release",
    "Reorder",
    "RestartLoop",
    "Resume",
    "RollingRestart",
    "Slow",
    "SlowLinks",
    "Spike",
    "Swizzle",
    "Truncate",
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
    ClockSkew,
)
"""Every kind that ChaosLab brings itself, in the order in which they are listed."""
