"""Faults of storage: what a crash leaves, what a medium forgets or misplaces, and how devices fail and lie."""

from chaoslab.faults.storage.crashes import LoseUnsynced, RenameLost, ReorderWrites, TornWrite
from chaoslab.faults.storage.errors import DiskFull, FsyncError, FsyncLie, IoError, ShortRead, SlowDisk
from chaoslab.faults.storage.medium import BitRot, LatentSector, MisdirectedRead, MisdirectedWrite

__all__ = [
    "STORAGE_FAULTS",
    "BitRot",
    "DiskFull",
    "FsyncError",
    "FsyncLie",
    "IoError",
    "LatentSector",
    "LoseUnsynced",
    "MisdirectedRead",
    "MisdirectedWrite",
    "RenameLost",
    "ReorderWrites",
    "ShortRead",
    "SlowDisk",
    "TornWrite",
]

STORAGE_FAULTS = (
    LoseUnsynced,
    TornWrite,
    ReorderWrites,
    BitRot,
    LatentSector,
    MisdirectedRead,
    MisdirectedWrite,
    FsyncError,
    FsyncLie,
    DiskFull,
    IoError,
    ShortRead,
    SlowDisk,
    RenameLost,
)
