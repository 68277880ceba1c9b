"""Synchronous primary and backup with one mistake each."""

from __future__ import annotations

import attrs

from chaoslab.statemachine import Context, Effect, Effects, Send, SetTimer
from chaoslab_protocols.planting import Planting
from chaoslab_protocols.primary_backup.synchronous.client import Client
from chaoslab_protocols.primary_backup.synchronous.messages import Ping
from chaoslab_protocols.primary_backup.synchronous.replica import Replica
from chaoslab_protocols.primary_backup.synchronous.server import Server
from chaoslab_protocols.primary_backup.synchronous.view_service import ViewService
from chaoslab_protocols.session_store import Update
from chaoslab_protocols.update_journal import JOURNAL

__all__ = ["MUTANTS"]

PLANTED = Planting(protocol="primary-backup-sync", client=Client)


class AnswersFirst(Server):
    """Has the update on its own disk, and finds that enough."""

    def after_recording(self, update: Update) -> list[Effect]:
        return [*self.answer([update]), *self.replicate()]


class TakesMessagesOfAnyView(Server):
    """Does not compare the views of messages with its own."""

    def is_of_this_view(self, number: int) -> bool:
        return True


class ReadyAtOnce(Server):
    """Says that it is ready when it has heard of the view."""

    def ping(self) -> list[Effect]:
        ping = Ping(self.view.number, self.is_primary, self.is_backup_silent)
        return [Send(self.service, ping), SetTimer("ping", self.PING_S)]


class RollsBackAfterARestart(Server):
    """Drops the latest update of its journal, as if nobody could have been told of it."""

    def __init__(self, context: Context) -> None:
        lines = context.files.get(JOURNAL, b"").splitlines(keepends=True)
        self.is_rolled_back = bool(lines) and b'["update"' in lines[-1]
        if self.is_rolled_back:
            context = attrs.evolve(context, files={JOURNAL: b"".join(lines[:-1])})
        super().__init__(context)

    def start(self) -> Effects:
        rest = self.install(self.installed_in, self.store.snapshot()) if self.is_rolled_back else []
        return [*rest, *(super().start() or ())]


class PromotesByTheClock(ViewService):
    """Replaces a primary by whoever has pinged last."""

    def successor(self, living: list[str]) -> str | None:
        if super().successor(living) is None:
            return None
        return max(living, key=lambda server: self.last_heard[server])


class GoesByItsOwnPings(ViewService):
    """Passes over the backup of today when it is told that it cannot be reached, and forgets that at once."""

    def shun(self, backup: str) -> None:
        self.shunned_until = {backup: self.now() + self.CHECK_S}


@PLANTED.mutant(
    "B1",
    "the primary answers before the backup has the update",
    source="asynchronous failover, as in the analysis of Redis Sentinel (Jepsen)",
    scenario="primary_backup/synchronous_failover",
)
class AnswersBeforeItReplicates(Replica):
    server = AnswersFirst


@PLANTED.mutant(
    "B2",
    "messages of earlier views are taken: a primary that was replaced goes on beside the new one",
    source="the missing fence of RethinkDB 2.2 and Elasticsearch 1.x (Jepsen)",
    scenario="primary_backup/synchronous_primary_cut_off",
)
class HasNoFence(Replica):
    server = TakesMessagesOfAnyView


@PLANTED.mutant(
    "B3",
    "failover picks the server that was heard of last, not the one that has the updates",
    source="Alquraan et al., OSDI 2018, section 5 (leader election by bad criteria)",
    scenario="primary_backup/synchronous_failover",
)
class FailsOverByTheClock(Replica):
    view_service = PromotesByTheClock


@PLANTED.mutant(
    "B4",
    "a server that comes back rolls its latest update back, though it may have been acknowledged",
    source="the rollbacks of MongoDB with write concern 1",
    scenario="primary_backup/synchronous_failover",
)
class RollsBack(Replica):
    server = RollsBackAfterARestart


@PLANTED.mutant(
    "B5",
    "the view service promotes a backup that has never been given the state",
    source="MIT 6.824, second exercise: the primary acknowledges a view before the transfer",
    scenario="primary_backup/synchronous_new_backup",
)
class PromotesAnEmptyBackup(Replica):
    server = ReadyAtOnce


@PLANTED.mutant(
    "B7",
    "the view service hears servers that do not hear each other: the view flaps from one such backup to the next",
    source="Alquraan et al., OSDI 2018; Alfatafta et al., OSDI 2020: arbiters under partial partitions",
    scenario="primary_backup/synchronous_partial_partition",
    check="availability",
)
class Flaps(Replica):
    view_service = GoesByItsOwnPings


MUTANTS = PLANTED.all()
