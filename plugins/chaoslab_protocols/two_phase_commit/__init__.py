"""Two-phase commit over shards: strictly serializable transactions that block while the coordinator is down."""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.two_phase_commit.client import Client
from chaoslab_protocols.two_phase_commit.server import COORDINATOR, PARTICIPANT, Server
from chaoslab_protocols.two_phase_commit.settings import Settings

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    Protocol(
        name="two-phase-commit",
        summary="transactions over shards: strictly serializable, blocked while the coordinator is down (Gray 1978)",
        replica=Server,
        client=Client,
        serves=("list-append", "bank"),
        claims=("strict-serializable", "linearizable"),  # of transactions; of transfers and reads of a whole bank
        # Whoever is down only makes the others wait: what counts is on the disks.
        budget=Budget(
            down="all", storage=("lose-unsynced", "torn-write", "reorder-writes", "rename-lost", "slow-disk")
        ),
        roles=(COORDINATOR, PARTICIPANT),
        leader=COORDINATOR,
        nodes=4,
        settings=Settings,
    ),
)
