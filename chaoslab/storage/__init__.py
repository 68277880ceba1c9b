"""Simulated disks."""

from chaoslab.storage.disk import Disk, Unsynced

__all__ = ["Disk", "Unsynced"]
