"""Percolator: transactions that clients drive over rows which know nothing of transactions; snapshot isolation."""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.percolator.client import Client
from chaoslab_protocols.percolator.server import ORACLE, SHARD, Server
from chaoslab_protocols.percolator.settings import Settings

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    Protocol(
        name="percolator",
        summary="transactions driven by clients over single rows: snapshot isolation (Peng & Dabek 2010)",
        replica=Server,
        client=Client,
        serves=("list-append", "bank"),
        claims=("snapshot-isolation", "linearizable"),  # of transactions; of transfers and reads of a whole bank
        # Whoever is down only makes the others wait: what counts is on the disks.
        budget=Budget(
            down="all", storage=("lose-unsynced", "torn-write", "reorder-writes", "rename-lost", "slow-disk")
        ),
        roles=(ORACLE, SHARD),
        leader=ORACLE,
        nodes=4,
        settings=Settings,
    ),
)
