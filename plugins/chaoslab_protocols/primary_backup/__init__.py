"""Primary and backups, asynchronous: quick, always there, and it loses what it acknowledged."""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.primary_backup.replica import Replica

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    Protocol(
        name="primary-backup",
        summary="asynchronous replication with failover by timeout: not linearizable, loses acknowledged writes",
        replica=Replica,
        serves=("register", "cas-register", "kv"),
        claims=(),
        budget=Budget(down="minority"),
        roles=("primary", "backup"),
        leader="primary",
    ),
)
