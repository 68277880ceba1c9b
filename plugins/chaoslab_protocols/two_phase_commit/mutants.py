"""Two-phase commit with one mistake each."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Effect
from chaoslab_protocols.planting import Planting
from chaoslab_protocols.records import Record
from chaoslab_protocols.two_phase_commit.client import Client
from chaoslab_protocols.two_phase_commit.coordinator import Coordinator
from chaoslab_protocols.two_phase_commit.messages import Prepare, TransactionId
from chaoslab_protocols.two_phase_commit.participant import Part, Participant
from chaoslab_protocols.two_phase_commit.server import Server

__all__ = ["MUTANTS"]

PLANTED = Planting(protocol="two-phase-commit", client=Client)
CHECK = "strict-serializable"


class DecidesInMemory(Coordinator):
    def save_decision(self, record: Record) -> list[Effect]:
        return []


@PLANTED.mutant(
    "T1",
    "a commit is told before it is on the coordinator's disk, and forgotten by a crash: some commit, some abort",
    source="Gray, Notes on data base operating systems, 1978, section 5.8.3.3",
    scenario="two_phase_commit/every_fault",
    check=CHECK,
)
class TellsBeforeItKnows(Server):
    coordinator_class = DecidesInMemory


class LosesPatience(Participant):
    def limit_s(self, part: Part) -> float:
        return self.settings.patience_s

    def on_uncertain(self, part: Part) -> list[Effect]:
        return self.abort(part)


@PLANTED.mutant(
    "T2",
    "a participant that has voted yes aborts by itself when it does not hear of a decision in time",
    source="Bernstein, Hadzilacos & Goodman 1987, section 7.4: the uncertainty period",
    scenario="two_phase_commit/every_fault",
    check=CHECK,
)
class AbortsAlone(Server):
    participant_class = LosesPatience


class ForgetsWhoWaits(Coordinator):
    def replay(self, record: Record) -> None:
        super().replay(record)
        self.committed.clear()


@PLANTED.mutant(
    "T3",
    "a coordinator that has recovered answers that a transaction was aborted which its log says is committed",
    source="Mohan, Lindsay & Obermarck, Transaction management in R*, 1986, section 3",
    scenario="two_phase_commit/every_fault",
    check=CHECK,
)
class PresumesTooMuch(Server):
    coordinator_class = ForgetsWhoWaits


class ReadsWhatIsPrepared(Participant):
    def conflicts(self, part: Part) -> list[TransactionId]:
        in_the_way = super().conflicts(part)
        if any(exclusive for _, exclusive in part.needs):
            return in_the_way
        return [other for other in in_the_way if self.parts[other].writes is None]

    def read(self, key: str) -> Any:
        prepared = [value for part in self.parts.values() for other, value in part.writes or () if other == key]
        return prepared[-1] if prepared else super().read(key)


@PLANTED.mutant(
    "T4",
    "a read does not wait for the transaction that has prepared a write, and shows the write: it may yet be aborted",
    source="Adya, Weak consistency, 1999, section 3.2: G1a and G1b",
    scenario="two_phase_commit/every_fault",
    check=CHECK,
)
class ReadsUncommitted(Server):
    participant_class = ReadsWhatIsPrepared


@PLANTED.mutant(
    "T5",
    "a client that was not answered asks again as if it had not asked: the transaction may be carried out twice",
    source="TiDB: automatic retry of transactions; Jepsen's analysis of jetcd",
    scenario="two_phase_commit/every_fault",
    check=CHECK,
)
class AsksAnew(Client):
    def ask_again(self) -> list[Effect]:
        self.number += 1
        return self.ask()


class KnowsOnlyTheClient(Participant):
    def find(self, transaction: TransactionId) -> Part | None:
        of_client = [part for id, part in self.parts.items() if id.client == transaction.client]
        return of_client[-1] if of_client else None


@PLANTED.mutant(
    "T7",
    "what ends a transaction names the client and no epoch: one that is late ends the client's next transaction",
    source="KIP-890: hanging transactions of Kafka; Jepsen's analysis of Bufstream",
    scenario="two_phase_commit/every_fault",
    check=CHECK,
)
class NoEpoch(Server):
    participant_class = KnowsOnlyTheClient


class ForgetsReads(Participant):
    def granted(self, part: Part) -> list[Effect]:
        effects = super().granted(part)
        self.locks.release_shared(part.transaction)
        return [*effects, *self.wake()]


@PLANTED.mutant(
    "T8",
    "what a transaction has read is not kept locked until all its locks are taken: others may write it meanwhile",
    source="Jepsen's analysis of PostgreSQL 12.3: a read-write dependency that is missed",
    scenario="two_phase_commit/every_fault",
    check=CHECK,
)
class UnlocksReadsEarly(Server):
    participant_class = ForgetsReads


class ForgetsItsIncarnation(Participant):
    def has_kept_locks(self, part: Part, message: Prepare) -> bool:
        return part.writes is not None or part.has_locks


@PLANTED.mutant(
    "T9",
    "a participant prepares what it had locked before a crash, if it was asked for the same locks again since",
    source="Bernstein, Hadzilacos & Goodman 1987, section 7.4: who recovers without a yes in its log aborts",
    scenario="two_phase_commit/participants_down",
    check=CHECK,
)
class PreparesWithLocksOfAnotherLife(Server):
    participant_class = ForgetsItsIncarnation


MUTANTS = PLANTED.all()
