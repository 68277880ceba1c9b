"""A last-write-wins store with tunable consistency, after Cassandra: what it promises depends on that and on clocks.

* ``last-write-wins``, at any consistency: eventual consistency, whatever the clocks show. Nothing more: with ONE a read
  may be stale; with clocks that differ, an acknowledged write may lose against an earlier one, at any setting.
* ``last-write-wins-quorum``, at QUORUM or ALL and with clocks that are right: linearizable.
"""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.last_write_wins.coordinator import Coordinator
from chaoslab_protocols.last_write_wins.settings import QuorumSettings, Settings

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    Protocol(
        name="last-write-wins",
        summary="the newest timestamp wins; ONE, QUORUM or ALL, hinted handoff, anti-entropy (Lakshman & Malik 2010)",
        replica=Coordinator,
        serves=("converging-register", "register", "kv"),
        claims=("eventual",),
        budget=Budget(down="all"),
        settings=Settings,
    ),
    Protocol(
        name="last-write-wins-quorum",
        summary="the same at QUORUM or ALL with blocking read repair: linearizable as long as all clocks are right",
        replica=Coordinator,
        serves=("register", "kv"),
        claims=("linearizable",),
        budget=Budget(down="minority", skew_ns=0, drift_ppm=0),
        settings=QuorumSettings,
    ),
)
