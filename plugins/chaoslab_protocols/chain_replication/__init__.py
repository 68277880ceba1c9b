"""Chain replication, and CRAQ: updates travel down a chain of servers, so that what its tail has, all have."""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.chain_replication.client import Client, CraqClient
from chaoslab_protocols.chain_replication.replica import CraqReplica, Replica

__all__ = ["PROTOCOLS"]

_BUDGET = Budget(
    down="minority",  # one of them may be the master, whose disk is kept: until it is back nothing is reconfigured
    drift_ppm=200_000,  # leases of 0.5 s against a master that waits 0.8 s
    storage=("lose-unsynced", "torn-write", "reorder-writes", "rename-lost", "slow-disk"),
)
_ROLES = ("head", "middle", "tail", "outside", "master")

CHAIN = Protocol(
    name="chain",
    summary="chain replication under a master: linearizable, the tail answers (van Renesse & Schneider 2004)",
    replica=Replica,
    client=Client,
    serves=("register", "cas-register", "kv"),
    claims=("linearizable",),
    budget=_BUDGET,
    roles=_ROLES,
    leader="head",
    nodes=4,
    nodes_min=2,
)

CRAQ = Protocol(
    name="craq",
    summary="chain replication whose servers all answer reads: linearizable (Terrace & Freedman 2009)",
    replica=CraqReplica,
    client=CraqClient,
    serves=("register", "cas-register", "kv"),
    claims=("linearizable",),
    budget=_BUDGET,
    roles=_ROLES,
    leader="head",
    nodes=4,
    nodes_min=2,
)

PROTOCOLS = (CHAIN, CRAQ)
