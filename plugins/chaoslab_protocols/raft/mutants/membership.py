"""Mistakes in membership changes."""

from __future__ import annotations

from collections.abc import Mapping

from chaoslab_protocols.raft.mutants.planted import PLANTED
from chaoslab_protocols.raft.replica import Replica

__all__: list[str] = []


@PLANTED.mutant(
    "R8",
    "a leader that is no member any more counts itself",
    source="RedisLabs/raft issue 13",
    scenario="raft/leader_leaves",
    check="recovery",
)
class CountsItselfAlways(Replica):
    def majority_has(self, numbers: Mapping[str, int], own: int) -> int:
        reached = sorted([own, *(numbers.get(name, 0) for name in self.members if name != self.name)], reverse=True)
        return reached[len(self.members) // 2]


@PLANTED.mutant(
    "R9",
    "the configuration is changed before an entry of the leader's own term is committed",
    source="Ongaro on the raft-dev list, July 2015",
    scenario="raft/membership",
)
class ChangesMembersTooSoon(Replica):
    def has_committed_in_its_term(self) -> bool:
        return True


@PLANTED.mutant(
    "R10",
    "a configuration stays in force although its entry was deleted",
    source="openraft's documentation of membership changes",
    scenario="raft/cut_off_changes",
)
class KeepsDeletedConfigurations(Replica):
    def roll_back(self, index: int) -> None:
        return
