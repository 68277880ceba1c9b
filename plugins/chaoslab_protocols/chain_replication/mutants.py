"""Chain replication with one mistake each."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Effect
from chaoslab_protocols.chain_replication.client import Client, CraqClient
from chaoslab_protocols.chain_replication.craq import CraqServer
from chaoslab_protocols.chain_replication.messages import Configuration
from chaoslab_protocols.chain_replication.replica import CraqReplica, Replica
from chaoslab_protocols.chain_replication.server import Server
from chaoslab_protocols.planting import Planting

__all__ = ["MUTANTS"]

PLANTED = Planting(protocol="chain", client=Client)
APPORTIONED = Planting(protocol="craq", client=CraqClient)


class TakesSentForReceived(Server):
    """Believes that a new successor has what its predecessor was sent."""

    def adopt(self, configuration: Configuration) -> list[Effect]:
        before = self.successor
        self.configuration = configuration
        if self.in_sync and self.successor not in (None, before):
            self.settle(self.store.position)
        return super().adopt(configuration)


class ServesWithoutALease(Server):
    """Believes the configuration that it heard of last."""

    def has_lease(self) -> bool:
        return True


class ServesBeforeItHasTheState(Server):
    """Believes that whoever is the tail can answer."""

    def may_answer_queries(self) -> bool:
        return self.is_tail and self.has_lease()


class KeepsOneVersion(CraqServer):
    """Has nothing to return but the newest value."""

    def version(self, key: str | None, position: int) -> Any:
        return self.store.values.get(key)


@PLANTED.mutant(
    "C1",
    "a server does not send its Sent list to a new successor: what was on its way is lost",
    source="van Renesse & Schneider 2004, section 3.2",
    scenario="chain_replication/servers_fail",
)
class DoesNotResend(Replica):
    server = TakesSentForReceived


@PLANTED.mutant(
    "C3",
    "a tail that was removed goes on answering queries",
    source="van Renesse & Schneider 2004, section 3.1, without its assumption of fail-stop servers",
    scenario="chain_replication/tail_cut_off",
)
class RemovedTailServes(Replica):
    server = ServesWithoutALease


@PLANTED.mutant(
    "C4",
    "a new tail answers queries before it has been given the state",
    source="van Renesse & Schneider 2004, section 3.3",
    scenario="chain_replication/tail_cut_off",
)
class NewTailServesTooSoon(Replica):
    server = ServesBeforeItHasTheState


@APPORTIONED.mutant(
    "C5",
    "a server keeps one version of a value: whatever the tail says is committed, it returns the newest",
    source="Terrace & Freedman 2009, section 2.3: what the versions are for",
    scenario="chain_replication/craq_dirty_reads",
)
class ReturnsTheNewest(CraqReplica):
    server = KeepsOneVersion


MUTANTS = (*PLANTED.all(), *APPORTIONED.all())
