"""SWIM with one mistake each."""

from __future__ import annotations

from chaoslab.statemachine import Context, Effect, Probe
from chaoslab_protocols.planting import Planting
from chaoslab_protocols.swim.client import Client
from chaoslab_protocols.swim.member import Member
from chaoslab_protocols.swim.messages import DEAD, Ping

__all__ = ["MUTANTS"]

PLANTED = Planting(protocol="swim", client=Client)


@PLANTED.mutant(
    "G1",
    "whoever does not answer is dead at once: nobody is suspected first, and nobody can deny it in time",
    source="Das, Gupta & Motivala 2002, section 4.2; Dadgar, Phillips & Currey 2018, Lifeguard",
    scenario="swim/bad_network",
    check="membership",
)
class WithoutSuspicion(Member):
    def unanswered(self, target: str) -> list[Effect]:
        known = self.rumours.latest.get(target)
        if known is None or known.status == DEAD:
            return []
        return [*self.hear((known._replace(status=DEAD),)), Probe("declared-dead")]


@PLANTED.mutant(
    "G2",
    "the incarnation begins anew after a restart: what others said of the last life goes for this one too",
    source="Das, Gupta & Motivala 2002, section 4.2: only a member itself may raise its incarnation",
    scenario="swim/crashes",
    check="membership",
)
class BeginsAnew(Member):
    def next_incarnation(self, before: int) -> int:
        return 0


@PLANTED.mutant(
    "G3",
    "the dead are forgotten at once: old news of them, from whoever was away meanwhile, brings them back",
    source="hashicorp/serf, tombstones of members that left; Das, Gupta & Motivala 2002, section 4.2",
    scenario="swim/crashes",
    check="membership",
)
class ForgetsTheDead(Member):
    def keep_dead_s(self) -> float:
        return 0.0


@PLANTED.mutant(
    "G5",
    "who probes is taken to be there, though it may hear nothing: only one direction is tried",
    source="Huang et al., Gray failure, HotOS 2017; the usual mistake of heartbeats",
    scenario="swim/deaf_member",
    check="reached",
)
class BelievesWhoProbes(Member):
    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.heard_at: dict[str, float] = {}

    def on_ping(self, sender: str, ping: Ping) -> list[Effect]:
        self.heard_at[sender] = self.monotonic_time()
        return super().on_ping(sender, ping)

    def unanswered(self, target: str) -> list[Effect]:
        is_heard = self.monotonic_time() - self.heard_at.get(target, float("-inf")) < 10 * self.period_s
        return [] if is_heard else super().unanswered(target)


@PLANTED.mutant(
    "G7",
    "nobody looks for the dead again: two groups that a partition has made never find each other",
    source="Das, Gupta & Motivala 2002 has no way back; hashicorp/serf's reconnect",
    scenario="swim/long_partition",
    check="membership",
)
class NeverLooksBack(Member):
    def away(self) -> list[str]:
        return []


MUTANTS = PLANTED.all()
