"""Simulated disks."""

from chaoslab.storage.disk import Disk

__all__ = ["Disk"]
