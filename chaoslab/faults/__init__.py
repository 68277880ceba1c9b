"""The fault vocabulary: one family a file, each fault a frozen value with ``inject`` and ``heal``.

What a kind of fault must have is told by ``chaoslab.cluster.Fault``. It may also have

- ``extent``, a property: how large it is, in the unit of the promise that it ``demands`` (nanoseconds of skew, ppm of
  drift), so that a budget can bound it;
- ``drawn(scene, stream)``, a class method that returns a fault of this kind with a strength drawn from *stream*, or
  None where the scene has no place for it: swarms use it.
"""

from chaoslab.faults.clock import ClockSkew
from chaoslab.faults.network import Drop, Duplicate, Partition, SlowLinks
from chaoslab.faults.process import Crash, Pause
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

__all__ = [
    "FAULTS",
    "BitRot",
    "ClockSkew",
    "Crash",
    "DiskFull",
    "Drop",
    "Duplicate",
    "FsyncError",
    "FsyncLie",
    "IoError",
    "LatentSector",
    "LoseUnsynced",
    "MisdirectedRead",
    "MisdirectedWrite",
    "Partition",
    "Pause",
    "RenameLost",
    "ReorderWrites",
    "ShortRead",
    "SlowDisk",
    "SlowLinks",
    "TornWrite",
]

FAULTS = (SlowLinks, Drop, Duplicate, Partition, Crash, Pause, *STORAGE_FAULTS, ClockSkew)
"""Every kind that ChaosLab brings itself, in the order in which they are listed."""
