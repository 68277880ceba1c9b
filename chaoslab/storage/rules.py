"""How faults get at a disk: a rule is asked at each step, and says yes unless it means otherwise.

A disk without rules asks nobody. Rules are asked in the order in which they were added.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chaoslab.storage.crash import LOSE_UNSYNCED, CrashMode, Left

if TYPE_CHECKING:
    from chaoslab.storage.disk import Disk
    from chaoslab.storage.file import File, Write

__all__ = ["OPERATIONS", "DiskError", "DiskRule"]

OPERATIONS = ("read", "write", "rename", "remove", "fsync")
"""What a rule may let fail."""


class DiskError(OSError):
    """The device failed, by a fault. To the code of a node it is an ``OSError`` with its ``errno``."""

    @classmethod
    def of(cls, number: int, path: str) -> DiskError:
        """Return the error with the number *number* about *path*."""
        return cls(number, os.strerror(number), path)


class DiskRule:
    """A rule that changes nothing; rules of faults override what they mean."""

    crash_mode: CrashMode = LOSE_UNSYNCED
    """What a crash leaves while the rule is in force."""

    def attempt(self, operation: str, path: str) -> None:
        """*operation* is about to happen, for a sync: about to end. Raise ``DiskError`` to let it fail."""

    def room(self, path: str, growth: int) -> int:
        """Return how many of *growth* more bytes fit; fewer mean that the device is full."""
        return growth

    def grew(self, size: int) -> None:
        """The files have grown by *size* bytes; negative: bytes were given back."""

    def length(self, path: str, size: int) -> int:
        """Return how many of *size* bytes a read gives."""
        return size

    def sector(self, disk: Disk, file: File, path: str, number: int, data: bytes) -> bytes:
        """Return what a read of this sector finds, *data* if all is well; of the same length."""
        return data

    def lies(self, path: str) -> bool:
        """Return whether a sync says that it is done and has done nothing."""
        return False

    def settle(self, disk: Disk, file: File, path: str, piece: Write) -> bool:
        """*piece* of an unsynced write, within one sector, goes to the device. Return True to take it elsewhere."""
        return False

    def settled(self, file: File, first_sector: int, last_sector: int) -> None:
        """These sectors were written anew."""

    def crashed(self, left: Left) -> None:
        """The power was cut, and this was left."""
