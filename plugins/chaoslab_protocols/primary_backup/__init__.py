"""Primary and backups: asynchronous, which loses what it acknowledged, and synchronous, which does not."""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.primary_backup.replica import Replica
from chaoslab_protocols.primary_backup.synchronous.client import Client
from chaoslab_protocols.primary_backup.synchronous.replica import Replica as SynchronousReplica
from chaoslab_protocols.primary_backup.synchronous.settings import Settings

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
    Protocol(
        name="primary-backup-sync",
        summary="primary and backup under a view service: linearizable (Alsberg & Day 1976; MIT 6.824)",
        replica=SynchronousReplica,
        client=Client,
        serves=("register", "cas-register", "kv"),
        claims=("linearizable",),
        budget=Budget(
            down="minority",  # one of them may be the view service, whose disk is kept: until it is back views stay
            storage=("lose-unsynced", "torn-write", "reorder-writes", "rename-lost", "slow-disk"),
        ),
        roles=("primary", "backup", "spare", "view-service"),
        leader="primary",
        nodes=4,
        nodes_min=2,
        settings=Settings,
    ),
)
