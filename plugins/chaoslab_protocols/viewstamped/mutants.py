"""Viewstamped Replication with one mistake each."""

from __future__ import annotations

from chaoslab.statemachine import Context, Effect, Send
from chaoslab_protocols import store
from chaoslab_protocols.planting import Planting
from chaoslab_protocols.viewstamped.client import Client
from chaoslab_protocols.viewstamped.messages import DoViewChange, RecoveryResponse, Reply, Request
from chaoslab_protocols.viewstamped.replica import Replica
from chaoslab_protocols.viewstamped.state import NORMAL, RECOVERING

__all__ = ["MUTANTS"]

PLANTED = Planting(protocol="viewstamped", client=Client)


@PLANTED.mutant(
    "V1",
    "a recovering replica takes answers that an earlier recovery of it had asked for",
    source="Liskov & Cowling 2012, section 4.3: what the nonce is for",
    scenario="viewstamped/lost_disks",
)
class TakesOldAnswers(Replica):
    def is_answer(self, message: RecoveryResponse) -> bool:
        return True


@PLANTED.mutant(
    "V2",
    "a replica that has lost its disk goes on as if nothing had happened, and has forgotten what it prepared",
    source="Michael et al., Recovering shared objects without stable storage, DISC 2017",
    scenario="viewstamped/lost_disks",
)
class DoesNotRecover(Replica):
    def status_without_disk(self, context: Context) -> str:
        return NORMAL


@PLANTED.mutant(
    "V3",
    "the longest log becomes that of a new view, however old the view is in which it was normal",
    source="Liskov & Cowling 2012, section 4.2, step 3: the largest v', and among those the largest n",
    scenario="viewstamped/appends",
)
class LongestLogWins(Replica):
    def rank(self, one: DoViewChange) -> tuple[int, int]:
        return 0, len(one.log)


@PLANTED.mutant(
    "V4",
    "a primary answers reads from its own state, though another may have taken its place",
    source="Liskov & Cowling 2012, section 6.3: reads need a lease",
    scenario="viewstamped/view_changes",
)
class OldPrimaryReads(Replica):
    def on_request(self, sender: str, request: Request) -> list[Effect]:
        if not self.is_primary() or request.operation.f not in store.READS:
            return super().on_request(sender, request)
        result, _ = store.apply(self.values, request.operation)
        return [Send(sender, Reply(self.view_number, request.request_number, result))]


@PLANTED.mutant(
    "V5",
    "the client table does not outlive a view change: the new primary takes a repeated request for a new one",
    source="Liskov & Cowling 2012, section 4.2, step 5",
    scenario="viewstamped/view_changes",
)
class ForgetsClients(Replica):
    def rebuild_client_table(self) -> None:
        self.client_table = {}


@PLANTED.mutant(
    "V6",
    "a replica that is behind drops what it has prepared before it has the state that takes its place",
    source="Liskov & Cowling 2012, section 5.2, taken by the letter",
    scenario="viewstamped/view_changes",
)
class DropsPrepared(Replica):
    def get_state(self, sender: str, view_number: int) -> list[Effect]:
        if self.status != RECOVERING:
            del self.log[self.commit_number :]
        return super().get_state(sender, view_number)


@PLANTED.mutant(
    "V7",
    "a backup that takes part in a new view does not note that it was normal in it: its log counts as an old one",
    source="Liskov & Cowling 2012, figure 2 and section 4.2, step 5: normal again, in that view",
    scenario="viewstamped/appends",
)
class ForgetsItsLastNormalView(Replica):
    def be_normal_in(self, view_number: int) -> None:
        self.view_number = view_number
        self.status = NORMAL


@PLANTED.mutant(
    "V8",
    "a replica asks one and the same other for what it lacks: if that cannot reach it, it never catches up",
    source="TigerBeetle #1507, #1629, #1837; Liskov & Cowling 2012, section 5.2: any of the others will do",
    scenario="viewstamped/one_way_link",
    check="outage",
)
class AsksOneReplica(Replica):
    def get_state(self, sender: str, view_number: int) -> list[Effect]:
        return super().get_state(self.others[-1], view_number)


MUTANTS = PLANTED.all()
