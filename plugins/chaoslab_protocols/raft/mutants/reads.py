"""Mistakes in reads and leases."""

from __future__ import annotations

from chaoslab.statemachine import Effects
from chaoslab_protocols.raft.messages import ClientRequest
from chaoslab_protocols.raft.mutants.planted import PLANTED
from chaoslab_protocols.raft.replica import Replica

__all__: list[str] = []


@PLANTED.mutant(
    "R12",
    "a leader answers reads without asking whether it still is the leader",
    source="Jepsen on etcd and Consul, 2014; d-engine issue 381",
    scenario="raft/partitions",
)
class ReadsLocally(Replica):
    def read(self, sender: str, request: ClientRequest) -> Effects:
        return [self.answer_read(sender, request)]


@PLANTED.mutant(
    "R13",
    "a new leader answers reads before an entry of its own term is committed",
    source="redisraft pull request 22; Raft thesis section 6.4",
    scenario="raft/leader_kills",
)
class ReadsTooSoon(Replica):
    def read_index(self) -> int:
        return self.commit_index


@PLANTED.mutant(
    "R15",
    "the lease runs on the wall clock",
    source="d-engine issues 390 and 391",
    scenario="raft/leases",
)
class LeaseOnTheWallClock(Replica):
    def lease_clock(self) -> float:
        return self.wall_time()


@PLANTED.mutant(
    "R16",
    "the lease is as long as the longest election timeout",
    source="Raft thesis section 6.4.1",
    scenario="raft/leases",
)
class LeaseTooLong(Replica):
    def lease_s(self) -> float:
        return 2 * self.settings.election_timeout_s


@PLANTED.mutant(
    "R17",
    "the lease counts from when the answer came, not from when the heartbeat was sent",
    source="Gray & Cheriton 1989, section 5",
    scenario="raft/leases",
)
class LeaseFromTheAnswer(Replica):
    def acknowledge(self, sender: str, round: int) -> None:
        super().acknowledge(sender, round)
        if round in self.began:
            self.began[round] = self.lease_clock()
