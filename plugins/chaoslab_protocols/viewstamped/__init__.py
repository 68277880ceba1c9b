"""Viewstamped Replication: a primary per view orders requests. Linearizable while a majority is up and remembers."""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.viewstamped.client import Client
from chaoslab_protocols.viewstamped.replica import Replica
from chaoslab_protocols.viewstamped.settings import Settings
from chaoslab_protocols.viewstamped.state import BACKUP, PRIMARY, RECOVERING, VIEW_CHANGE

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    Protocol(
        name="viewstamped",
        summary="a primary per view orders requests, lost disks are recovered; linearizable (Liskov & Cowling 2012)",
        replica=Replica,
        client=Client,
        serves=("register", "cas-register", "kv"),
        claims=("linearizable",),
        budget=Budget(
            down="all",
            amnesia="minority",
            storage=("lose-unsynced", "torn-write", "reorder-writes", "rename-lost", "slow-disk"),
        ),
        roles=(BACKUP, PRIMARY, VIEW_CHANGE, RECOVERING),
        leader=PRIMARY,
        nodes=5,
        settings=Settings,
    ),
)
