"""Fault programs that combine the single faults."""

from chaoslab.plugins import hookimpl
from chaoslab_nemeses.leaders import ClockStrobeWithFailover, KillTheLeader, SlowLeader
from chaoslab_nemeses.networks import MajoritiesRing, PartitionWriteHeal, SwizzleClog
from chaoslab_nemeses.restarts import CrashDuringRecovery, RollingRestartUnderLoad, ZoneOutageWithStaleBackup
from chaoslab_nemeses.swarm import Swarm

__all__ = ["chaoslab_nemeses"]


@hookimpl
def chaoslab_nemeses() -> list[type]:
    """Return the nemesis programs of this package."""
    return [
        SwizzleClog,
        RollingRestartUnderLoad,
        MajoritiesRing,
        KillTheLeader,
        CrashDuringRecovery,
        ClockStrobeWithFailover,
        PartitionWriteHeal,
        SlowLeader,
        ZoneOutageWithStaleBackup,
        Swarm,
    ]
