"""Chord with one mistake."""

from __future__ import annotations

from chaoslab.statemachine import Effect
from chaoslab_protocols.chord.client import Client
from chaoslab_protocols.chord.member import Member
from chaoslab_protocols.planting import Planting

__all__ = ["MUTANTS"]

PLANTED = Planting(protocol="chord", client=Client)


@PLANTED.mutant(
    "G6",
    "whoever joins knows its first successor only: if that fails before it has stabilized, it is a ring of its own",
    source="Zave, Using lightweight modeling to understand Chord, 2012; Stoica et al. 2001, figure 6 (join)",
    scenario="chord/churn",
    check="ring",
)
class JoinsWithOneSuccessor(Member):
    def join(self, predecessor: str, successors: tuple[str, ...]) -> list[Effect]:
        effects = super().join(predecessor, successors[:1])
        self.predecessor = None
        return effects


MUTANTS = PLANTED.all()
