"""Two-phase commit whose coordinator and participants are replicated: it goes on while each group has a majority."""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.multi_paxos.leader import ACTIVE, PASSIVE, SCOUTING
from chaoslab_protocols.two_phase_commit_replicated.client import GroupClient
from chaoslab_protocols.two_phase_commit_replicated.server import Member
from chaoslab_protocols.two_phase_commit_replicated.settings import Settings

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    Protocol(
        name="two-phase-commit-replicated",
        summary="transactions over Paxos groups: strictly serializable, not blocked by one node (Gray & Lamport 2006)",
        replica=Member,
        client=GroupClient,
        serves=("list-append", "bank"),
        claims=("strict-serializable", "linearizable"),  # of transactions; of transfers and reads of a whole bank
        # A group without majority is blocked until it has one again; nothing is decided wrongly meanwhile.
        budget=Budget(
            down="all", storage=("lose-unsynced", "torn-write", "reorder-writes", "rename-lost", "slow-disk")
        ),
        roles=(PASSIVE, SCOUTING, ACTIVE),
        leader=ACTIVE,
        nodes=9,
        settings=Settings,
    ),
)
