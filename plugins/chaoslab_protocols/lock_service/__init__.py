"""A lock service with leases and fencing tokens, replicated by Multi-Paxos, and the storage that its locks guard.

* ``lock-service``: the storage refuses old tokens. No increment made under a lock is lost, whatever the network, the
  nodes and the clocks do.
* ``lock-service-unfenced``: the storage does not know tokens. That holds only as long as messages are quick and nobody
  stands still: nothing is claimed.
"""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.lock_service.client import Client
from chaoslab_protocols.lock_service.node import Node, UnfencedNode
from chaoslab_protocols.lock_service.settings import Settings
from chaoslab_protocols.lock_service.storage import STORAGE
from chaoslab_protocols.multi_paxos.leader import ACTIVE, PASSIVE, SCOUTING

__all__ = ["PROTOCOLS"]

_BUDGET = Budget(down="minority", storage=("lose-unsynced", "torn-write", "reorder-writes", "rename-lost", "slow-disk"))
_ROLES = (PASSIVE, SCOUTING, ACTIVE, STORAGE)

PROTOCOLS = (
    Protocol(
        name="lock-service",
        summary="locks with leases and fencing tokens over Multi-Paxos: holds exclude each other (Burrows 2006)",
        replica=Node,
        client=Client,
        serves=("lock",),
        claims=("linearizable",),
        budget=_BUDGET,
        roles=_ROLES,
        leader=ACTIVE,
        nodes=4,
        settings=Settings,
    ),
    Protocol(
        name="lock-service-unfenced",
        summary="the same for a storage that knows no tokens: nothing is claimed, for a message may be late",
        replica=UnfencedNode,
        client=Client,
        serves=("lock",),
        claims=(),
        budget=_BUDGET,
        roles=_ROLES,
        leader=ACTIVE,
        nodes=4,
        settings=Settings,
    ),
)
