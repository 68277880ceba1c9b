"""ABD with one mistake each."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import CancelTimer, Complete, Context, Effect, Effects, Persist
from chaoslab_protocols.abd.client import Client
from chaoslab_protocols.abd.messages import Query, Store, Tag
from chaoslab_protocols.abd.replica import Replica
from chaoslab_protocols.planting import Planting

__all__ = ["MUTANTS"]

PLANTED = Planting(protocol="abd", client=Client)


@PLANTED.mutant(
    "A1",
    "a read returns without writing back what it found: a later read may see the older value",
    source="Attiya, Bar-Noy & Dolev 1995, section 3",
    scenario="abd/every_fault",
)
class ReadsInOnePhase(Client):
    def end_query(self) -> Effects:
        assert self.invocation is not None
        if self.invocation.f in ("read", "get"):
            return [CancelTimer("timeout"), *self.end(Complete("ok", self.latest[1]))]
        return super().end_query()


@PLANTED.mutant(
    "A2",
    "tags carry no writer: two writes at the same time get the same",
    source="Lynch & Shvartsman 1997, section 4",
    scenario="abd/every_fault",
)
class AnonymousTags(Client):
    def own_tag(self, latest: Tag) -> Tag:
        counter, _ = super().own_tag(latest)
        return counter, "writer"


@PLANTED.mutant(
    "A3",
    "tags are read off the writer's clock, so a slow clock loses what it writes",
    source="the usual mistake of last-write-wins stores",
    scenario="abd/every_fault",
)
class TagsFromTheClock(Client):
    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.wall_time = context.wall_time

    def own_tag(self, latest: Tag) -> Tag:
        return int(self.wall_time() * 1_000_000), self.name


@PLANTED.mutant(
    "A4",
    "a phase waits for two replicas of five: quorums need not meet, R + W <= N",
    source="Gifford 1979; DeCandia et al. 2007, section 4.5",
    scenario="abd/every_fault",
)
class TooFewAreEnough(Client):
    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.majority = len(context.nodes) // 2


@PLANTED.mutant(
    "A5",
    "a replica that has lost what it acknowledged is counted in quorums as before",
    source="Michael et al., DISC 2017",
    scenario="abd/every_fault",
)
class ForgetfulReplica(Replica):
    def store(self, message: Store) -> list[Effect]:
        effects = super().store(message)
        return [effect for effect in effects if not isinstance(effect, Persist)]  # nothing is left of it after a crash


@PLANTED.mutant(
    "G8",
    "a majority is one of the replicas that were heard of lately: a partition makes two majorities",
    source="Elasticsearch, discovery.zen.minimum_master_nodes left at 1; issue 2488",
    scenario="abd/partition",
)
class CountsItsOwnView(Client):
    VIEW_S = 0.3

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.monotonic_time = context.monotonic_time
        self.heard_at = dict.fromkeys(self.replicas, 0.0)

    def begin_phase(self, request: Query | Store) -> list[Effect]:
        since = self.monotonic_time() - self.VIEW_S
        view = [replica for replica in self.replicas if self.heard_at[replica] >= since]
        self.majority = len(view or self.replicas) // 2 + 1
        return super().begin_phase(request)

    def message(self, sender: str, message: Any) -> Effects:
        self.heard_at[sender] = self.monotonic_time()
        return super().message(sender, message)


MUTANTS = PLANTED.all()
