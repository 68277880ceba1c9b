"""Caches before a database with one mistake each."""

from __future__ import annotations

from chaoslab.statemachine import Effect, Effects, SetTimer
from chaoslab_protocols import store
from chaoslab_protocols.cache.cache import Cache, Entry
from chaoslab_protocols.cache.database import Replica
from chaoslab_protocols.cache.frontend import Frontend
from chaoslab_protocols.cache.messages import Fill
from chaoslab_protocols.cache.server import Client, Server
from chaoslab_protocols.planting import Planting

__all__ = ["MUTANTS"]

PLANTED = Planting(protocol="cache", client=Client)


class TakesAnyFill(Cache):
    def on_fill(self, message: Fill) -> Effects:
        self.keep(message.key, message.value, self.now())
        return None


@PLANTED.mutant(
    "N1",
    "a fill needs no lease: what was read before a delete comes after it, and is as good as new",
    source="Nishtala et al., Scaling Memcache at Facebook, NSDI 2013, section 3.2.1",
    scenario="cache/late_fills",
    check="staleness",
)
class WithoutLeases(Server):
    cache_class = TakesAnyFill


class OnTheWallClock(Cache):
    def now(self) -> float:
        return self.context.wall_time()


@PLANTED.mutant(
    "N2",
    "the time to live is measured on the wall clock, which somebody sets back",
    source="gettimeofday in place of a monotonic clock, in caches of many kinds",
    scenario="cache/every_fault",
    check="staleness",
)
class TrustsTheWallClock(Server):
    cache_class = OnTheWallClock


class ServesStale(Cache):
    def may_serve_stale(self, entry: Entry) -> bool:
        return True


@PLANTED.mutant(
    "N4",
    "while no database answers, what has expired is given out however old it is",
    source="RFC 8767, section 5: a maximum stale timer is needed",
    scenario="cache/databases_cut_off",
    check="staleness",
)
class ServesStaleForEver(Server):
    cache_class = ServesStale


class AnswersAnyhow(Replica):
    def is_near(self) -> bool:
        return True


@PLANTED.mutant(
    "N6",
    "a replica answers however far it is behind: the delete has overtaken the write, and the old value fills the cache",
    source="Nishtala et al., Scaling Memcache at Facebook, NSDI 2013, section 4.3",
    scenario="cache/databases_cut_off",
    check="staleness",
)
class AnswersFromThePast(Server):
    replica_class = AnswersAnyhow


class AsksForEver(Frontend):
    AGAIN_S = 0.05

    def go_on(self, id: int) -> list[Effect]:
        operation = self.operations[id]
        if operation.request.body.f not in store.READS:
            return super().go_on(id)
        del self.operations[id]  # so that a late answer is none
        self.last_id += 1
        self.operations[self.last_id] = operation
        question = self.ask("primary", self.last_id, operation.request.body.key)
        return [question, SetTimer(f"wait {self.last_id}", self.AGAIN_S)]


@PLANTED.mutant(
    "N7",
    "a frontend without an answer asks again at once, for ever, and throws late answers away: the load stays after its "
    "cause has gone",
    source="Bronson et al., Metastable failures in distributed systems, HotOS 2021",
    scenario="cache/slow_database",
    check="recovery",
)
class RetriesForEver(Server):
    frontend_class = AsksForEver


MUTANTS = PLANTED.all()
