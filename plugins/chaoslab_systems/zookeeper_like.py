"""A ZooKeeper-like store for what a cluster must agree on: writes through the leader, reads at whichever server.

``zookeeper-like`` syncs before it reads and is linearizable. ``zookeeper-like-local`` reads what its server has: quick,
never going back, and perhaps replaced elsewhere already.
"""

import attrs

from chaoslab_protocols import zab

__all__ = ["PROTOCOLS"]

_LOCAL, _SYNC, _ = zab.PROTOCOLS

PROTOCOLS = (
    attrs.evolve(
        _SYNC,
        name="zookeeper-like",
        summary="metadata behind a leader, a sync before each read: linearizable while a majority is up",
    ),
    attrs.evolve(
        _LOCAL,
        name="zookeeper-like-local",
        summary="the same with reads at whichever server, without sync: sequential, so a read may be stale",
    ),
)
