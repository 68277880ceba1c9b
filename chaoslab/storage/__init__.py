"""Simulated disks: files, what a power cut leaves of them, and how devices fail. Knows neither nodes nor time."""

from chaoslab.storage.crash import ANY_CRASH, CRASH_MODES, KEEP_UNSYNCED, LOSE_UNSYNCED, CrashMode, Left, Unsynced
from chaoslab.storage.crash_states import check_recovery, crash_states
from chaoslab.storage.descriptors import Descriptors
from chaoslab.storage.disk import Disk
from chaoslab.storage.file import SECTOR_BYTES, File, Write, carry_out
from chaoslab.storage.rules import OPERATIONS, DiskError, DiskRule

__all__ = [
    "ANY_CRASH",
    "CRASH_MODES",
    "KEEP_UNSYNCED",
    "LOSE_UNSYNCED",
    "OPERATIONS",
    "SECTOR_BYTES",
    "CrashMode",
    "Descriptors",
    "Disk",
    "DiskError",
    "DiskRule",
    "File",
    "Left",
    "Unsynced",
    "Write",
    "carry_out",
    "check_recovery",
    "crash_states",
]
