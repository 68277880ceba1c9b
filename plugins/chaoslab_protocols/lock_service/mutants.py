"""The lock service with one mistake each."""

from __future__ import annotations

from chaoslab.statemachine import Effect
from chaoslab_protocols.lock_service.client import Client
from chaoslab_protocols.lock_service.lock_server import LockServer
from chaoslab_protocols.lock_service.node import Node
from chaoslab_protocols.lock_service.redlock import RedlockClient, RedlockNode
from chaoslab_protocols.lock_service.storage import Unfenced
from chaoslab_protocols.lock_service.timed import TimedLockServer, TimedNode
from chaoslab_protocols.multi_paxos.leader import ACTIVE
from chaoslab_protocols.planting import Planting

__all__ = ["MUTANTS"]

FENCED = Planting(protocol="lock-service", client=Client)
TIMED = Planting(protocol="lock-service-timed", client=Client)


@FENCED.mutant(
    "L1",
    "the storage does not look at tokens: a holder that stood still for longer than its lease writes",
    source="Kleppmann 2016, How to do distributed locking; Jepsen, etcd 3.4.3",
    scenario="lock_service/late_holders",
)
class NoFence(Node):
    storage_class = Unfenced


class EndsLeasesAlone(LockServer):
    def end_lease(self, name: str, token: int) -> list[Effect]:
        if self.leader.role == ACTIVE:
            self.replica.state_machine.free(name, token)
        return []


@FENCED.mutant(
    "L4",
    "a leader ends a lease without telling the others: after it, the next one takes the lock to be held still",
    source="etcd: revoke of a lease and change of leader",
    scenario="lock_service/late_holders",
)
class RevokesWithoutTheLog(Node):
    lock_server_class = EndsLeasesAlone


class LeasesOnTheWall(TimedLockServer):
    def true_time(self) -> tuple[float, float]:
        return self.context.wall_time(), self.context.wall_time()


@TIMED.mutant(
    "TT5",
    "a lease ends at a time on the server's wall clock: after a step the next lease overlaps the one that lasts still",
    source="Corbett et al. 2012, section 4.1.1; Gray & Cheriton 1989, section 5",
    scenario="lock_service/timed_leases",
)
class LeasesOverlapAfterAStep(TimedNode):
    lock_server_class = LeasesOnTheWall


TIMED.mutant(
    "L2",
    "a lock by a majority of servers that share no log, whose leases run on wall clocks",
    source="Redlock; Kleppmann 2016, How to do distributed locking",
    scenario="lock_service/timed_leases",
    replica=RedlockNode,
)(RedlockClient)


MUTANTS = (*FENCED.all(), *TIMED.all())
