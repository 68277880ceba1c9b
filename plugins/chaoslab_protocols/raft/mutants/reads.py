"""Mistakes in reads and leases."""

from __future__ import annotations

from chaoslab.statemachine import Effects
from chaoslab_protocols.raft.messages import ClientRequest
from chaoslab_protocols.raft.mutants.planting import planted
from chaoslab_protocols.raft.replica import Replica

__all__: list[str] = []


@planted(
    "R12",
    "a leader answers reads without asking whether it still is the leader",
    source="Jepsen on etcd and Consul, 2014; d-engine issue 381",
    scenario="partitions",
)
class ReadsLocally(Replica):
    def read(self, sender: str, request: ClientRequest) -> Effects:
        return [self.answer_read(sender, request)]


@planted(
    "R13",
    "a new leader answers reads before an entry of its own term is committed",
    source="redisraft pull request 22; Raft thesis section 6.4",
    scenario="leader_kills",
)
class ReadsTooSoon(Replica):
    def read_index(self) -> int:
        return self.commit_index


@planted(
    "R15",
    "the lease runs on the wall clock",
    source="d-engine issues 390 and 391",
    scenario="leases",
)
class LeaseOnTheWallClock(Replica):
    def lease_clock(self) -> float:
        return self.wall_time()


@planted(
    "R16",
    "the lease is as long as the longest election timeout",
    source="Raft thesis section 6.4.1",
    scenario="leases",
)
class LeaseTooLong(Replica):
    def lease_s(self) -> float:
        return 2 * self.settings.election_timeout_s


@planted(
    "R17",
    "the lease counts from when the answer came, not from when the heartbeat was sent",
    source="Gray & Cheriton 1989, section 5",
    scenario="leases",
)
class LeaseFromTheAnswer(Replica):
    def acknowledge(self, sender: str, round: int) -> None:
        super().acknowledge(sender, round)
        if round in self.began:
            self.began[round] = self.lease_clock()
