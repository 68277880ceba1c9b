"""Last-write-wins stores with one mistake each."""

from __future__ import annotations

from chaoslab.cluster import RequestClient
from chaoslab.statemachine import Context, Effect, Persist
from chaoslab_protocols.last_write_wins.coordinator import Coordinator
from chaoslab_protocols.last_write_wins.messages import Cell, Timestamp
from chaoslab_protocols.planting import Planting

__all__ = ["MUTANTS"]

ONE = Planting(protocol="last-write-wins", client=RequestClient)
QUORUM = Planting(protocol="last-write-wins-quorum", client=RequestClient)


@QUORUM.mutant(
    "D1",
    "writes are stamped with whole seconds of a clock: of two in the same second, the earlier may win",
    source="Kingsbury 2013, Jepsen analysis of Cassandra",
    scenario="last_write_wins/quorum_with_true_clocks",
)
class StampedInSeconds(Coordinator):
    def now(self) -> Timestamp:
        return int(self.wall_time()), self.name


@ONE.mutant(
    "W4",
    "a coordinator gives two writes the same timestamp: each replica keeps the one that came first",
    source="Kingsbury 2013, Jepsen analysis of Cassandra; Lynch & Shvartsman 1997, section 4",
    scenario="last_write_wins/every_fault",
    check="eventual",
)
class SameStampAgain(Coordinator):
    def now(self) -> Timestamp:
        return int(self.wall_time()), self.name


@ONE.mutant(
    "W5",
    "anti-entropy takes two replicas that have a key for equal, whatever they have of it",
    source="Cassandra and Riak: ranges left out of Merkle trees",
    scenario="last_write_wins/every_fault",
    check="eventual",
)
class ComparesKeysOnly(Coordinator):
    def lacks(self, known: dict[str | None, Timestamp], key: str | None, timestamp: Timestamp) -> bool:
        return key not in known


@QUORUM.mutant(
    "W1",
    "a read returns the newest cell without bringing it to a quorum: a later read may miss it",
    source="Cassandra, before read repair was blocking; Attiya, Bar-Noy & Dolev 1995, section 3",
    scenario="last_write_wins/quorum_with_true_clocks",
)
class ReadsWithoutRepair(Coordinator):
    def read_repair(self, id: int) -> list[Effect]:
        operation = self.operations.pop(id)
        return self.answer(operation)


@QUORUM.mutant(
    "W2",
    "a hint counts as an acknowledgement: the quorum of a write need not meet that of a read",
    source="Cassandra's consistency level ANY taken for QUORUM; DeCandia et al. 2007, section 4.6",
    scenario="last_write_wins/quorum_with_true_clocks",
)
class CountsHints(Coordinator):
    def give_up(self, id: int) -> list[Effect]:
        operation = self.operations.get(id)
        effects = super().give_up(id)
        if operation is None or operation.reads or len(operation.have) >= self.needed:
            return effects
        return [*effects, *self.answer(operation)]


@QUORUM.mutant(
    "W3",
    "a replica acknowledges what is not yet on its disk",
    source="Cassandra's default commitlog_sync: periodic",
    scenario="last_write_wins/quorum_with_true_clocks",
)
class AcknowledgesEarly(Coordinator):
    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.unwritten: list[Effect] = []

    def store(self, key: str | None, cell: Cell) -> list[Effect]:
        effects = super().store(key, cell)
        self.unwritten += [effect for effect in effects if isinstance(effect, Persist)]
        return [effect for effect in effects if not isinstance(effect, Persist)]

    def compare(self) -> list[Effect]:
        unwritten, self.unwritten = self.unwritten, []
        return [*unwritten, *super().compare()]


MUTANTS = (*ONE.all(), *QUORUM.all())
