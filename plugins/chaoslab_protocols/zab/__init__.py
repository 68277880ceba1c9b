"""A ZooKeeper-like store over Zab, an atomic broadcast: what it promises depends on how reads are answered.

* ``zab``, from the server's own state: sequential consistency. A read may be stale, and never goes back.
* ``zab-sync``, after a sync that a quorum confirms: linearizable.
* ``zab-locks``, the same with sessions: what is done under a lock by an ephemeral node is not lost.
"""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.zab.client import Client
from chaoslab_protocols.zab.lock_client import LockClient
from chaoslab_protocols.zab.server import FOLLOWING, LEADING, LOOKING, Server
from chaoslab_protocols.zab.sessions import SessionServer
from chaoslab_protocols.zab.settings import SessionSettings, Settings, SyncSettings

__all__ = ["PROTOCOLS"]

# Epochs are what makes it safe, so clocks may do what they like: they only decide who is given up when.
_BUDGET = Budget(down="all", storage=("lose-unsynced", "torn-write", "reorder-writes", "rename-lost", "slow-disk"))
_ROLES = (LOOKING, FOLLOWING, LEADING)

PROTOCOLS = (
    Protocol(
        name="zab",
        summary="atomic broadcast and local reads, as in ZooKeeper: sequential consistency (Junqueira et al. 2011)",
        replica=Server,
        client=Client,
        serves=("register", "cas-register", "kv"),
        claims=("sequential",),
        budget=_BUDGET,
        roles=_ROLES,
        leader=LEADING,
        nodes=5,
        settings=Settings,
    ),
    Protocol(
        name="zab-sync",
        summary="the same with a sync before each read that a quorum confirms: linearizable while a majority is up",
        replica=Server,
        client=Client,
        serves=("register", "cas-register", "kv"),
        claims=("linearizable",),
        budget=_BUDGET,
        roles=_ROLES,
        leader=LEADING,
        nodes=5,
        settings=SyncSettings,
    ),
    Protocol(
        name="zab-locks",
        summary="the same with sessions and ephemeral nodes, and locks made of them: holds exclude each other",
        replica=SessionServer,
        client=LockClient,
        serves=("lock",),
        claims=("linearizable",),
        budget=_BUDGET,
        roles=_ROLES,
        leader=LEADING,
        nodes=5,
        settings=SessionSettings,
    ),
)
