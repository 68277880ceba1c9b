"""Causal stores with one mistake each."""

from __future__ import annotations

from chaoslab_protocols.causal.client import Client
from chaoslab_protocols.causal.messages import Vector, Write, joined
from chaoslab_protocols.causal.replica import Replica
from chaoslab_protocols.causal.session import Session
from chaoslab_protocols.planting import Planting
from chaoslab_protocols.records import Record

__all__ = ["MUTANTS"]

PLANTED = Planting(protocol="causal", client=Client)

TERRY = "Terry et al. 1994, section"
COPS = "Lloyd et al. 2011, section"


@PLANTED.mutant(
    "S1",
    "a client that moves to another replica begins a new session there: its token is dropped",
    source=f"{TERRY} 3.1",
    scenario="causal/moving_clients",
    check="read-your-writes",
)
class TokenDropped(Client):
    def move(self, steps: int = 1) -> None:
        super().move(steps)
        self.session = self.new_session()


class SessionWithoutFloor(Session):
    """Demands of a replica that is read only what the session wrote itself."""

    def floor(self) -> Vector:
        return self.written


@PLANTED.mutant(
    "S2",
    "what was read is no floor for the next read: behind a load balancer, a slower replica shows older values",
    source=f"{TERRY} 3.2; Bailis et al. 2013, section 5.1.1",
    scenario="causal/moving_clients",
    check="monotonic-reads",
)
class ReadsWithoutFloor(Client):
    def new_session(self) -> Session:
        return SessionWithoutFloor(len(self.replicas))


class SessionOfWrites(Session):
    """Makes a write depend only on the session's own writes."""

    def dependencies(self) -> Vector:
        return self.written


@PLANTED.mutant(
    "S3",
    "what was read is not among the dependencies of the writes that follow",
    source=f"{COPS} 4.1",
    scenario="causal/every_fault",
    check="writes-follow-reads",
)
class ReadsNotRecorded(Client):
    def new_session(self) -> Session:
        return SessionOfWrites(len(self.replicas))


@PLANTED.mutant(
    "S4",
    "a write from another replica is committed before what it depends on",
    source=f"{COPS} 4.2 (dep_check)",
    scenario="causal/every_fault",
    check="causal-convergence",
)
class AppliedEarly(Replica):
    def dep_check(self, write: Write) -> bool:
        return True


@PLANTED.mutant(
    "S5",
    "a dependency is dropped as soon as one replica has said that it is met there",
    source=f"{COPS} 4.3 (garbage collection)",
    scenario="causal/every_fault",
    check="causal-convergence",
)
class ForgottenEarly(Replica):
    def stable(self) -> Vector:
        known = (0,) * len(self.replicas)
        for vector in self.known.values():
            known = joined(known, vector)
        return tuple(map(min, self.committed, known))


@PLANTED.mutant(
    "S7",
    "a replica that starts again shows the data of an old snapshot, and says that it has all it ever committed",
    source=f"{TERRY} 3.2: replicas that lose what they said they had",
    scenario="causal/every_fault",
    check="monotonic-reads",
)
class OldSnapshot(Replica):
    def take_up(self, record: Record) -> None:
        shown = dict(self.cells)
        super().take_up(record)
        if record[0] == "write":
            self.cells = shown


MUTANTS = PLANTED.all()
