"""A lock service with leases and fencing tokens, replicated by Multi-Paxos, and the storage that its locks guard.

* ``lock-service``: the storage refuses old tokens. No increment made under a lock is lost, whatever the network, the
  nodes and the clocks do.
* ``lock-service-timed``: the storage looks at the time instead, and refuses what comes after the end of a lease. The
  same holds, if no time source states too small an uncertainty.
* ``lock-service-unfenced``: the storage does not know tokens. That holds only as long as messages are quick and nobody
  stands still: nothing is claimed.
"""

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab_protocols.lock_service.client import Client
from chaoslab_protocols.lock_service.node import Node, UnfencedNode
from chaoslab_protocols.lock_service.settings import Settings
from chaoslab_protocols.lock_service.storage import STORAGE
from chaoslab_protocols.lock_service.timed import TimedClient, TimedNode
from chaoslab_protocols.multi_paxos.leader import ACTIVE, PASSIVE, SCOUTING

__all__ = ["PROTOCOLS"]

_STORAGE = ("lose-unsynced", "torn-write", "reorder-writes", "rename-lost", "slow-disk")
_BUDGET = Budget(down="minority", storage=_STORAGE)
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
        name="lock-service-timed",
        summary="the same with leases that end at a time, which the storage checks: no tokens, but true time is needed",
        replica=TimedNode,
        client=TimedClient,
        serves=("lock",),
        claims=("linearizable",),
        budget=Budget(down="minority", storage=_STORAGE, true_time=False),
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
