"""CRDTs with one mistake each."""

from __future__ import annotations

from typing import Any

from chaoslab.cluster import RequestClient
from chaoslab.statemachine import Context, Effect, Effects, Invocation, Persist, Request, SetTimer
from chaoslab_protocols.crdt import CounterReplica, SetReplica, TextReplica
from chaoslab_protocols.crdt.counters import GCounter, PNCounter
from chaoslab_protocols.crdt.or_set import ORSet
from chaoslab_protocols.crdt.rga import RGA, Stamp
from chaoslab_protocols.crdt.text import TextClient
from chaoslab_protocols.planting import Planting

__all__ = ["MUTANTS"]

COUNTER = Planting(protocol="crdt-counter", client=RequestClient)
SET = Planting(protocol="crdt-set", client=RequestClient)
TEXT = Planting(protocol="crdt-text", client=TextClient)


class SummedGCounter(GCounter):
    """Adds what it should compare."""

    def merge(self, other: GCounter) -> bool:
        for actor, count in other.counts.items():
            self.counts[actor] = min(self.counts.get(actor, 0) + count, 1 << 60)  # numbers that fit a message
        return bool(other.counts)


class SummedPNCounter(PNCounter):
    """Merges its halves by adding them."""

    def __init__(self, written: Any = None) -> None:
        super().__init__(written)
        self.added = SummedGCounter(self.added.counts)
        self.removed = SummedGCounter(self.removed.counts)


@COUNTER.mutant(
    "X1",
    "merging adds the numbers of an actor up instead of taking the greater one",
    source="Shapiro et al. 2011, section 3.1.1; the Maelstrom workshop, chapter 4",
    scenario="crdt/counter_every_fault",
    check="eventual",
)
class MergesBySum(CounterReplica):
    OBJECT = SummedPNCounter


@SET.mutant(
    "X2",
    "the numbers of tags begin anew after a restart: what is added then, others take for removed long ago",
    source="Riak, actors whose clocks fell back; Shapiro et al. 2011, section 3.3.5",
    scenario="crdt/set_every_fault",
    check="eventual",
)
class TagsBeginAnew(SetReplica):
    def take_up(self, record: Any) -> None:
        super().take_up(record)
        for one in self.objects.values():
            if isinstance(one, ORSet):
                one.seen.pop(self.name, None)


@COUNTER.mutant(
    "X5",
    "a replica starts counting at zero under its old name: what it counts is less than what others know, and is lost",
    source="Riak, actors reused after a restart",
    scenario="crdt/counter_every_fault",
    check="eventual",
)
class CountsAnew(CounterReplica):
    def take_up(self, record: Any) -> None:
        super().take_up(record)
        for one in self.objects.values():
            if isinstance(one, PNCounter):
                one.added.counts.pop(self.name, None)
                one.removed.counts.pop(self.name, None)


@COUNTER.mutant(
    "X6",
    "an update is acknowledged before it is on the disk, and a crash loses it",
    source="Almeida, Shoker & Baquero 2018, section 5: what must be durable before it is acknowledged",
    scenario="crdt/counter_every_fault",
    check="eventual",
)
class AcknowledgesEarly(CounterReplica):
    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.unwritten: list[Effect] = []

    def on_request(self, sender: str, request: Request) -> Effects:
        effects = super().on_request(sender, request) or ()
        self.unwritten += [effect for effect in effects if isinstance(effect, Persist)]
        return [effect for effect in effects if not isinstance(effect, Persist)]

    def timer(self, name: str) -> Effects:
        unwritten, self.unwritten = self.unwritten, []
        return [*unwritten, *(super().timer(name) or ())]


class LastWriteWinsSet(ORSet):
    """Elements with the time of their latest add or remove; the time is given as the actor of an update."""

    def __init__(self, written: Any = None) -> None:
        super().__init__()
        self.times: dict[Any, tuple[str, bool]] = {one: (time, held) for one, time, held in written or ()}

    def update(self, actor: str, f: str, element: Any) -> bool:
        return self.take(element, (actor, f == "add"))

    def take(self, element: Any, time: tuple[str, bool]) -> bool:
        """Keep the later of two times."""
        later = time > self.times.get(element, ("", False))
        if later:
            self.times[element] = time
        return later

    @property
    def value(self) -> list[Any]:
        return sorted(element for element, (_, held) in self.times.items() if held)

    def merge(self, other: ORSet) -> bool:
        assert isinstance(other, LastWriteWinsSet)
        taken = [self.take(element, time) for element, time in other.times.items()]  # all, not only up to the first
        return any(taken)

    def written(self) -> Any:
        return tuple((element, time, held) for element, (time, held) in self.times.items())


@SET.mutant(
    "X3",
    "the later of an add and a remove by the wall clock wins: with a clock that is behind, an add is lost",
    source="Shapiro et al. 2011, section 3.3.3 (last-writer-wins element set)",
    scenario="crdt/set_every_fault",
    check="eventual",
)
class LaterByTheClock(SetReplica):
    OBJECT = LastWriteWinsSet

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.wall_time = context.wall_time

    def actor(self) -> str:
        return f"{int(self.wall_time() * 1_000_000):020d} {self.name}"


@COUNTER.mutant(
    "D8",
    "a client that gets no answer asks the next replica for the same increment: it may count twice",
    source="Kingsbury 2013, Jepsen analysis of Cassandra (counters); Birrell & Nelson 1984, section 3.2",
    scenario="crdt/counter_every_fault",
    check="eventual",
)
class IncrementRetried(RequestClient):
    RETRIES = 2

    def invoke(self, invocation: Invocation) -> Effects:
        self.retries = 0
        return super().invoke(invocation)

    def timer(self, name: str) -> Effects:
        if self.invocation is None or self.invocation.f == "read" or self.retries == self.RETRIES:
            return super().timer(name)
        self.retries += 1
        self.favourite = (self.favourite + 1) % len(self.nodes)
        return [*self._ask(), SetTimer("timeout", self.TIMEOUT_S)]


class TiedRGA(RGA):
    """Of two words typed behind the same one at the same time, whichever came here first comes first."""

    def arrange(self, siblings: list[Stamp]) -> None:
        siblings.sort(key=lambda stamp: stamp[0], reverse=True)


@TEXT.mutant(
    "X7",
    "words typed at the same place at the same time are ordered by their clocks alone: replicas differ where these tie",
    source="Roh et al. 2011, section 5: the order of s4vectors is total; Kleppmann et al. 2019 on interleaving",
    scenario="crdt/text_every_fault",
    check="text",
)
class TiesByClock(TextReplica):
    OBJECT = TiedRGA


MUTANTS = (*COUNTER.all(), *SET.all(), *TEXT.all())
