"""Dynamo-style stores with one mistake each."""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.statemachine import Effect, Effects, Probe, Remove, SetTimer
from chaoslab_protocols.dynamo.client import SiblingsClient
from chaoslab_protocols.dynamo.coordinator import Coordinator
from chaoslab_protocols.dynamo.merkle import Merkle
from chaoslab_protocols.dynamo.versions import EMPTY, Clock, Object
from chaoslab_protocols.planting import Planting

__all__ = ["MUTANTS"]

PLANTED = Planting(protocol="dynamo", client=SiblingsClient)

DYNAMO = "DeCandia et al. 2007, section"


@PLANTED.mutant(
    "D3",
    "a node numbers under its own name, also after it began anew: others take the new value for one long overwritten",
    source="Riak, actors reused after a restart; Preguiça et al. 2010",
    scenario="dynamo/hints",
    check="eventual",
)
class ActorReused(Coordinator):
    def actor(self, key: str | None) -> str:
        return self.name


@PLANTED.mutant(
    "D4",
    "a clock of more than three actors is pruned: what it had seen and overwritten looks new again",
    source=f"{DYNAMO} 4.4 (clock truncation)",
    scenario="dynamo/every_fault",
    check="eventual",
)
class ClockPruned(Coordinator):
    ACTORS_MAX = 3

    def store(self, key: str | None, other: Object, hints: tuple[str, ...] = ()) -> list[Effect]:
        return super().store(key, attrs.evolve(other, clock=self.pruned(other.clock)), hints)

    def pruned(self, clock: Clock) -> Clock:
        """Keep the actors that have made most."""
        most = sorted(clock, key=lambda entry: entry[1])[-self.ACTORS_MAX :]
        return tuple(sorted(most))


@PLANTED.mutant(
    "D5",
    "a tombstone is dropped after a while, whoever has not seen the delete yet: what was deleted comes back",
    source="Cassandra, gc_grace_seconds; Alquraan et al. 2018, reappearance of deleted data",
    scenario="dynamo/long_partition",
    check="eventual",
)
class TombstoneDropped(Coordinator):
    def start(self) -> Effects:
        return [*(super().start() or ()), SetTimer("grace", 0.7)]

    def timer(self, name: str) -> Effects:
        if name != "grace":
            return super().timer(name)
        dead = [key for key, one in self.objects.items() if not one.siblings and key not in self.hints]
        for key in dead:
            del self.objects[key]
            self.actors.pop(key, None)
        return [*(Remove(f"key {key}") for key in dead), SetTimer("grace", 0.7)]


@PLANTED.mutant(
    "D7",
    "a key's hash in the Merkle tree is made when the key first comes and not since: replicas stay different",
    source=f"{DYNAMO} 4.7; Riak and Cassandra, stale or mis-ranged trees",
    scenario="dynamo/anti_entropy",
    check="eventual",
)
class StaleTree(Coordinator):
    def tree(self, peer: str) -> Merkle:
        return Merkle((key, EMPTY) for key in self.objects if self.in_range(key, peer))


@PLANTED.mutant(
    "D10",
    "a hint is thrown away once it has been sent, whether or not the node that it is for got it",
    source=f"{DYNAMO} 4.6 (the hinted replica is deleted when the transfer succeeds)",
    scenario="dynamo/hints",
    check="eventual",
)
class HintSentOnce(Coordinator):
    def hand_over(self) -> list[Effect]:
        sent = super().hand_over()
        keys = tuple(self.hints)
        self.hints.clear()
        dropped: list[Any] = [effect for key in keys for effect in self.drop(key)]
        return [*sent, *dropped, *([Probe("handed-over")] if keys else [])]


MUTANTS = PLANTED.all()
