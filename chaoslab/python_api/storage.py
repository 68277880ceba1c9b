"""The short names of the faults of storage: ``import chaoslab as cl``.

Each takes names of nodes and returns the fault with them as its targets, for ``cluster.faults`` and ``inject``.
"""

from __future__ import annotations

from chaoslab.faults import (
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
from chaoslab.net.latency import Constant
from chaoslab.units import seconds_to_ns

__all__ = [
    "bit_rot",
    "disk_full",
    "fsync_error",
    "fsync_lie",
    "io_error",
    "latent_sector",
    "lose_unsynced",
    "misdirected_read",
    "misdirected_write",
    "rename_lost",
    "reorder_writes",
    "short_read",
    "slow_disk",
    "torn_write",
]

Targets = tuple[str, ...]


def lose_unsynced(*nodes: str, ratio: float = 0.5) -> tuple[LoseUnsynced, Targets]:
    """Return the fault by which a crash of *nodes* loses only the last of the unsynced writes, from a random one on."""
    return LoseUnsynced(ratio=ratio), nodes


def torn_write(*nodes: str, ratio: float = 1.0, at: str = "byte") -> tuple[TornWrite, Targets]:
    """Return the fault by which a crash of *nodes* leaves a part of a write, torn at a ``"byte"`` or a ``"sector"``."""
    return TornWrite(ratio=ratio, at=at), nodes


def reorder_writes(*nodes: str, ratio: float = 0.5) -> tuple[ReorderWrites, Targets]:
    """Return the fault by which a crash of *nodes* loses any of the unsynced sectors, this share of them."""
    return ReorderWrites(ratio=ratio), nodes


def rename_lost(*nodes: str, ratio: float = 1.0) -> tuple[RenameLost, Targets]:
    """Return the fault by which a crash of *nodes* undoes renames and removals whose folder was not synced."""
    return RenameLost(ratio=ratio), nodes


def bit_rot(*nodes: str, ratio: float, bits: int = 1, files: str = "*") -> tuple[BitRot, Targets]:
    """Return the fault by which this share of the sectors of *nodes* has flipped bits."""
    return BitRot(ratio=ratio, bits=bits, files=files), nodes


def latent_sector(*nodes: str, ratio: float, files: str = "*") -> tuple[LatentSector, Targets]:
    """Return the fault by which this share of the sectors of *nodes* cannot be read."""
    return LatentSector(ratio=ratio, files=files), nodes


def misdirected_read(*nodes: str, ratio: float, files: str = "*") -> tuple[MisdirectedRead, Targets]:
    """Return the fault by which this share of the sectors read by *nodes* comes from another place of the disk."""
    return MisdirectedRead(ratio=ratio, files=files), nodes


def misdirected_write(*nodes: str, ratio: float, files: str = "*") -> tuple[MisdirectedWrite, Targets]:
    """Return the fault by which this share of the sectors written by *nodes* goes to another place of the disk."""
    return MisdirectedWrite(ratio=ratio, files=files), nodes


def fsync_error(*nodes: str, ratio: float = 1.0, times: int = 0, files: str = "*") -> tuple[FsyncError, Targets]:
    """Return the fault by which syncs of *nodes* fail and their writes count as written, *times* at most."""
    return FsyncError(ratio=ratio, times=times, files=files), nodes


def fsync_lie(*nodes: str, ratio: float = 1.0, files: str = "*") -> tuple[FsyncLie, Targets]:
    """Return the fault by which syncs of *nodes* say that they succeeded and do nothing."""
    return FsyncLie(ratio=ratio, files=files), nodes


def disk_full(*nodes: str, after_bytes: int = 0) -> tuple[DiskFull, Targets]:
    """Return the fault by which the disks of *nodes* are full after so many more bytes."""
    return DiskFull(after_bytes=after_bytes), nodes


def io_error(
    *nodes: str, ratio: float, on: str = "read write rename remove", files: str = "*"
) -> tuple[IoError, Targets]:
    """Return the fault by which this share of the operations named by *on* fails at *nodes*."""
    return IoError(ratio=ratio, on=tuple(on.split()), files=files), nodes


def short_read(*nodes: str, ratio: float, files: str = "*") -> tuple[ShortRead, Targets]:
    """Return the fault by which this share of the reads of *nodes* gives fewer bytes than there are."""
    return ShortRead(ratio=ratio, files=files), nodes


def slow_disk(*nodes: str, seconds: float) -> tuple[SlowDisk, Targets]:
    """Return the fault by which every sync of *nodes* takes this much longer."""
    return SlowDisk(added=Constant(value_ns=seconds_to_ns(seconds))), nodes
