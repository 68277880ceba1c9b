"""Mistakes in what clients are told, and in what they do."""

from __future__ import annotations

import attrs

from chaoslab.statemachine import Effect
from chaoslab_protocols.raft.client import Client
from chaoslab_protocols.raft.log import Snapshot
from chaoslab_protocols.raft.messages import REFUSED
from chaoslab_protocols.raft.mutants.planted import PLANTED
from chaoslab_protocols.raft.replica import Replica

__all__: list[str] = []


@PLANTED.mutant(
    "R20",
    "snapshots leave the sessions out: what was repeated across one is carried out twice",
    source="Raft thesis section 6.3",
    scenario="raft/snapshots",
)
class ForgetsSessions(Replica):
    def take_snapshot(self) -> Snapshot:
        return attrs.evolve(super().take_snapshot(), sessions=())


@PLANTED.mutant(
    "R28",
    "a leader that steps down tells its clients that their commands failed, though they may yet be committed",
    source="Jepsen on jetcd 0.8.2 and on Redis-Raft",
    scenario="raft/partitions",
)
class SaysFailedForUnknown(Replica):
    def fate_of_waiting(self) -> str:
        return REFUSED


@PLANTED.mutant(
    "R29",
    "the client repeats a request under a new number",
    source="Jepsen on jetcd 0.8.2",
    scenario="raft/network",
)
class RepeatsAsNew(Client):
    def ask(self) -> list[Effect]:
        self.sequence_num += 1
        return super().ask()


@PLANTED.mutant(
    "R30",
    "a client that gets no answer goes on asking the server that led last",
    source="Jepsen on Redis-Raft",
    scenario="raft/stale_leader",
    check="availability",
)
class SticksToTheOldLeader(Client):
    def on_no_answer(self) -> list[Effect]:
        return self.ask()
