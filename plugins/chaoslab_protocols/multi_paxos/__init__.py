"""Multi-Paxos: a sequence of commands, each agreed upon by acceptors. Linearizable while a majority is up."""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.multi_paxos.client import Client
from chaoslab_protocols.multi_paxos.leader import ACTIVE, PASSIVE, SCOUTING
from chaoslab_protocols.multi_paxos.server import Server
from chaoslab_protocols.multi_paxos.settings import Settings

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    Protocol(
        name="multi-paxos",
        summary="replicated log by Paxos: linearizable while a majority is up (van Renesse & Altinbuken 2015)",
        replica=Server,
        client=Client,
        serves=("register", "cas-register", "kv"),
        claims=("linearizable",),
        # The ballots are what makes it safe, so clocks may do what they like: they only decide who tries when.
        budget=Budget(
            down="all", storage=("lose-unsynced", "torn-write", "reorder-writes", "rename-lost", "slow-disk")
        ),
        roles=(PASSIVE, SCOUTING, ACTIVE),
        leader=ACTIVE,
        nodes=5,
        settings=Settings,
    ),
)
