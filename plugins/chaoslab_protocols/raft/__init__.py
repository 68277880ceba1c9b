"""Raft: a replicated log under a leader that a majority has elected. Linearizable while a majority is up."""

from chaoslab.plugins import Protocol
from chaoslab_protocols.raft.claims import BUDGET, CLAIMS
from chaoslab_protocols.raft.client import Client
from chaoslab_protocols.raft.membership import CHANGES
from chaoslab_protocols.raft.replica import Replica
from chaoslab_protocols.raft.server import CANDIDATE, FOLLOWER, LEADER
from chaoslab_protocols.raft.settings import Settings

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    Protocol(
        name="raft",
        summary="a log under an elected leader: linearizable while a majority is up (Ongaro & Ousterhout 2014)",
        replica=Replica,
        client=Client,
        serves=("register", "cas-register", "kv"),
        claims=CLAIMS,
        budget=BUDGET,
        roles=(FOLLOWER, CANDIDATE, LEADER),
        leader=LEADER,
        nodes=5,
        settings=Settings,
        administers=CHANGES,
    ),
)
