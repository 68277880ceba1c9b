"""What Raft promises, and under which faults.

Linearizability, with every way of reading: however many servers are down at once, whatever the network does, whatever
the wall clocks show. Nobody is served while half of the members are down. Clocks that run at wrong rates matter to
leases only; the promise covers those that the default of the setting ``drift`` allows for.

Crashes may leave of unsynced writes whatever they like. Rot in what was synced is noticed and never answered for, so
the claims hold; but servers with damaged disks wait for a leader, and a majority of them may wait for ever.
"""

from __future__ import annotations

from typing import Final

from chaoslab.nemesis import Budget
from chaoslab_protocols.raft.settings import Settings

__all__ = ["BUDGET", "CLAIMS"]

CLAIMS: Final = ("linearizable",)

BUDGET: Final = Budget(
    down="all",
    drift_ppm=Settings().drift_ppm,
    storage=("lose-unsynced", "torn-write", "reorder-writes", "rename-lost", "bit-rot", "slow-disk"),
    bit_rot="minority",
    membership=True,
)
