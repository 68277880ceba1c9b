"""Zab with one mistake each."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Effect
from chaoslab_protocols.planting import Planting
from chaoslab_protocols.zab import journal
from chaoslab_protocols.zab.client import Client
from chaoslab_protocols.zab.follower import Follower
from chaoslab_protocols.zab.lock_client import LockClient
from chaoslab_protocols.zab.messages import Snap, Txn, Zxid
from chaoslab_protocols.zab.replica import Replica
from chaoslab_protocols.zab.server import Server
from chaoslab_protocols.zab.sessions import SessionReplica, SessionServer, SessionStateMachine

__all__ = ["MUTANTS"]

PLANTED = Planting(protocol="zab-sync", client=Client)
LOCKS = Planting(protocol="zab-locks", client=LockClient)


class CountsTransactions(Replica):
    def rank(self, current_epoch: int, last_zxid: Zxid) -> Any:
        return last_zxid.counter


@PLANTED.mutant(
    "Z1",
    "votes compare how many transactions an epoch has had, and not which epoch: an old leader's leftovers win",
    source="Medeiros 2012, section 4.1",
    scenario="zab/old_histories",
)
class VotesWithoutEpoch(Server):
    replica_class = CountsTransactions


class EpochFirst(Replica):
    def saved_sync(self, epoch: int, zxid: Zxid, txns: tuple[Txn, ...]) -> list[Effect]:
        return [*self.begin_epoch(epoch), *super().saved_sync(epoch, zxid, txns)]

    def adopt(self, epoch: int, sync: Any) -> list[Effect]:
        synchronizing, *saved, synchronized = super().adopt(epoch, sync)
        if isinstance(sync, Snap):
            return [*self.begin_epoch(epoch), synchronizing, *saved, synchronized]
        first, *rest = saved
        return [first, synchronizing, *rest, synchronized]


@PLANTED.mutant(
    "Z1b",
    "a new epoch is on the disk before its initial history is: a crash in between leaves a short history that wins",
    source="ZOOKEEPER-1653, ZOOKEEPER-4643",
    scenario="zab/synchronization",
)
class EpochBeforeHistory(Server):
    replica_class = EpochFirst


class AnswersFirst(Follower):
    def acknowledge(self, adopted: list[Effect], answer: list[Effect]) -> list[Effect]:
        return [*answer, *adopted]


@PLANTED.mutant(
    "Z2",
    "a follower acknowledges NEWLEADER before the initial history is on its disk",
    source="ZOOKEEPER-3911, ZOOKEEPER-4646",
    scenario="zab/synchronization",
)
class AcknowledgesBeforeItIsDurable(Server):
    follower_class = AnswersFirst


class TruncatesInMemory(Replica):
    def saved_sync(self, epoch: int, zxid: Zxid, txns: tuple[Txn, ...]) -> list[Effect]:
        self.current_epoch = epoch
        everything = Zxid(epoch, 0)
        return [journal.save(journal.sync_record(epoch, everything, txns))]


@PLANTED.mutant(
    "Z3",
    "what TRUNC drops is dropped from memory and stays on the disk: it is back after a restart",
    source="ZOOKEEPER-2678",
    scenario="zab/old_histories",
)
class TruncatedTransactionsReappear(Server):
    replica_class = TruncatesInMemory


class CreatesForAnybody(SessionStateMachine):
    def may_create(self, session: str) -> bool:
        return True


class CreatesForTheDead(SessionReplica):
    state_machine_class = CreatesForAnybody


@LOCKS.mutant(
    "Z4",
    "a create of a session that has expired meanwhile is carried out: nobody removes that ephemeral node any more",
    source="ZOOKEEPER-1208",
    scenario="zab/sessions",
    check="recovery",
)
class EphemeralSurvivesItsSession(SessionServer):
    replica_class = CreatesForTheDead


class WritesForAnybody(SessionStateMachine):
    def may_write(self, session: str) -> bool:
        return True


class WritesForTheDead(SessionReplica):
    state_machine_class = WritesForAnybody


@LOCKS.mutant(
    "Z4b",
    "the owner of an ephemeral node goes on after its session has expired, and its writes are carried out",
    source="Hunt et al. 2010, section 2.4; Kleppmann 2016, How to do distributed locking",
    scenario="zab/sessions",
)
class OwnerGoesOnAfterTheExpiry(SessionServer):
    replica_class = WritesForTheDead


MUTANTS = (*PLANTED.all(), *LOCKS.all())
