"""Multi-Paxos with one mistake each."""

from __future__ import annotations

from collections.abc import Sequence

from chaoslab.statemachine import Context, Effect, Send
from chaoslab_protocols import store
from chaoslab_protocols.multi_paxos.acceptor import Acceptor
from chaoslab_protocols.multi_paxos.client import Client
from chaoslab_protocols.multi_paxos.leader import Leader
from chaoslab_protocols.multi_paxos.messages import (
    Ballot,
    ClientRequest,
    ClientResponse,
    Command,
    Learn,
    P1a,
    P2a,
    PValue,
)
from chaoslab_protocols.multi_paxos.replica import Replica
from chaoslab_protocols.multi_paxos.server import Server
from chaoslab_protocols.planting import Planting

__all__ = ["MUTANTS"]

PLANTED = Planting(protocol="multi-paxos", client=Client)


class PromisesFromMemory(Acceptor):
    def save_promise(self) -> list[Effect]:
        return []


@PLANTED.mutant(
    "P1",
    "an acceptor gives a promise that is not on its disk, and has forgotten it after a crash",
    source="Chandra, Griesemer & Redstone, Paxos Made Live, section 3",
    scenario="multi_paxos/promises",
)
class ForgetsPromises(Server):
    acceptor_class = PromisesFromMemory


class OwnFirst(Leader):
    def choose(self, found: dict[int, PValue]) -> dict[int, Command | None]:
        first = self.replica.slot_out
        own = {slot: command for slot, command in self.proposals.items() if slot >= first}
        return super().choose(found) | own


@PLANTED.mutant(
    "P2",
    "a new leader proposes its own command for a slot, though an acceptor has accepted another there",
    source="Lamport, Paxos Made Simple, section 2.2, P2c",
    scenario="multi_paxos/duelling_leaders",
)
class PrefersItsOwn(Server):
    leader_class = OwnFirst


class Anonymous(Leader):
    def next_ballot(self) -> Ballot:
        return Ballot(self.highest.round + 1, "")


@PLANTED.mutant(
    "P3",
    "ballots carry no leader: two leaders that begin at the same time have the same",
    source="Lamport, Paxos Made Simple, section 2.5",
    scenario="multi_paxos/duelling_leaders",
)
class SharedBallots(Server):
    leader_class = Anonymous


class AcceptsAnything(Acceptor):
    def may_accept(self, pvalue: PValue) -> bool:
        return True

    def answered_ballot(self, pvalue: PValue) -> Ballot:
        return pvalue.ballot


@PLANTED.mutant(
    "P4",
    "an acceptor accepts what has a lower ballot than it promised",
    source="Lamport, Paxos Made Simple, section 2.2, P1a",
    scenario="multi_paxos/duelling_leaders",
)
class BreaksPromises(Server):
    acceptor_class = AcceptsAnything


class Hasty(Replica):
    def next_slot(self) -> int | None:
        return min((slot for slot in self.decisions if slot >= self.slot_out), default=None)

    def on_learn(self, sender: str, message: Learn) -> list[Effect]:
        has_gaps = any(slot not in self.decisions for slot in range(message.slot, self.slot_out))
        return [] if has_gaps else super().on_learn(sender, message)


@PLANTED.mutant(
    "P6",
    "a replica does not wait for the slots before: it executes what is decided and passes gaps over",
    source="van Renesse & Altinbuken, Paxos Made Moderately Complex, invariant R3",
    scenario="multi_paxos/every_fault",
)
class PassesGapsOver(Server):
    replica_class = Hasty


class OneBallot(Acceptor):
    def on_p1a(self, sender: str, message: P1a) -> list[Effect]:
        promised = max(message.ballot, self.ballot_num)
        self.accepted = {slot: pvalue._replace(ballot=promised) for slot, pvalue in self.accepted.items()}
        return super().on_p1a(sender, message)


@PLANTED.mutant(
    "P8",
    "an acceptor has one variable for the ballot it promised and those it accepted in: a promise makes old pvalues new",
    source="Sutra, On the correctness of Egalitarian Paxos, arXiv 1906.10917",
    scenario="multi_paxos/duelling_leaders",
)
class OneVariableForBallots(Server):
    acceptor_class = OneBallot


class ReadsAtOnce(Replica):
    def on_request(self, sender: str, request: ClientRequest) -> list[Effect]:
        command = request.command
        if command.operation.f not in store.READS:
            return super().on_request(sender, request)
        result, _ = store.apply(self.state_machine.values, command.operation)
        return [Send(sender, ClientResponse(command.command_id, result))]


@PLANTED.mutant(
    "P9",
    "a read is answered from what the replica has executed: what is accepted and under way is not seen",
    source="CASSANDRA-12126, in CEP-14",
    scenario="multi_paxos/every_fault",
)
class IgnoresWhatIsUnderWay(Server):
    replica_class = ReadsAtOnce


@PLANTED.mutant(
    "P11",
    "what an acceptor has accepted expires: a leader that was away for longer finds the slot free",
    source="CEP-14: Paxos state with a time to live",
    scenario="multi_paxos/duelling_leaders",
)
class ForgetsAfterAWhile(Server):
    TIME_TO_LIVE_S = 1.0

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.monotonic_time = context.monotonic_time
        self.expiries: dict[int, float] = {}

    def on_p2a(self, sender: str, message: P2a) -> list[Effect]:
        self.expiries[message.pvalue.slot] = self.monotonic_time() + self.TIME_TO_LIVE_S
        return super().on_p2a(sender, message)

    def on_p1a(self, sender: str, message: P1a) -> list[Effect]:
        now = self.monotonic_time()
        for slot in [slot for slot, expiry in self.expiries.items() if expiry < now]:
            del self.expiries[slot]
            self.acceptor.accepted.pop(slot, None)
        return super().on_p1a(sender, message)


class HalfIsEnough(Leader):
    def quorums(self, acceptors: int) -> tuple[int, int]:
        return acceptors // 2 + 1, acceptors // 2


@PLANTED.mutant(
    "P12",
    "the quorums of the two phases need not meet: |Q1| + |Q2| <= N",
    source="Howard, Malkhi & Spiegelman, Flexible Paxos, 2016",
    scenario="multi_paxos/duelling_leaders",
)
class DisjointQuorums(Server):
    leader_class = HalfIsEnough


class LastHeardFirst(Leader):
    def adopted(self, pvalues: Sequence[PValue]) -> list[Effect]:
        last_heard = {pvalue.slot: pvalue for pvalue in pvalues}
        return super().adopted(list(last_heard.values()))


@PLANTED.mutant(
    "P13",
    "a new leader proposes what it was told last for a slot, not what was accepted with the highest ballot",
    source="Lamport, Paxos Made Simple, section 2.2, P2c",
    scenario="multi_paxos/the_highest_ballot",
)
class TakesTheLastAnswer(Server):
    leader_class = LastHeardFirst


MUTANTS = PLANTED.all()
