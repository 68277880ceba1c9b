"""The fault vocabulary: one family a file, each fault a frozen value with ``inject`` and ``heal``."""

from chaoslab.faults.clock import ClockSkew
from chaoslab.faults.network import Drop, Duplicate, Partition, SlowLinks, split_groups
from chaoslab.faults.process import Crash, Pause

__all__ = ["FAULTS", "ClockSkew", "Crash", "Drop", "Duplicate", "Partition", "Pause", "SlowLinks", "split_groups"]

FAULTS = (SlowLinks, Drop, Duplicate, Partition, Crash, Pause, ClockSkew)
"""Every kind that ChaosLab brings itself, in the order in which they are listed."""
