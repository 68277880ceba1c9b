"""A relational database with a replica: the replica has every update before the client hears of it, or some time later.

``database-sync`` has a row on two disks before it says "committed": strong consistency, and no service where the
primary has nobody to agree with. ``database-async`` answers at once and replicates afterwards, as most databases do
when nobody changes their settings: the replica that takes over may lack what was committed.
"""

import attrs

from chaoslab_protocols import primary_backup

__all__ = ["PROTOCOLS"]

_ASYNC, _SYNC = primary_backup.PROTOCOLS

PROTOCOLS = (
    attrs.evolve(
        _SYNC,
        name="database-sync",
        summary="a database whose replica has every row before its client hears of it: linearizable",
        serves=("kv", "cas-register", "register"),
    ),
    attrs.evolve(
        _ASYNC,
        name="database-async",
        summary="a database whose replica follows: quick, and the one that takes over lacks what was committed",
        serves=("kv", "cas-register", "register"),
    ),
)
