"""Mistakes on the disk."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from chaoslab.statemachine import Context, Effect, Effects, Persist, SetTimer, Sync, Write
from chaoslab_protocols.raft import journal
from chaoslab_protocols.raft.journal import Record, Recovered
from chaoslab_protocols.raft.log import Entry
from chaoslab_protocols.raft.mutants.planted import PLANTED
from chaoslab_protocols.raft.replica import Replica

__all__: list[str] = []


@PLANTED.mutant(
    "R19",
    "the term of the last entry in a snapshot is not saved with it",
    source="Raft section 7, figure 12",
    scenario="raft/snapshots",
)
class ForgetsTheSnapshotsTerm(Replica):
    def records(self) -> list[Record]:
        snapshot = attrs.evolve(self.log.snapshot, last_included_term=0)
        return [journal.snapshot_record(snapshot), *super().records()[1:]]


@PLANTED.mutant(
    "R21",
    "entries are acknowledged before they are synced, which happens every tenth of a second",
    source="etcd issue 14370",
    scenario="raft/power_cuts",
)
class SyncsLater(Replica):
    def append(self, entries: Sequence[Entry]) -> list[Effect]:
        effects: list[Effect] = [SetTimer("sync", 0.1)]
        for effect in super().append(entries):
            effects.append(Write(effect.path, effect.data, append=True) if isinstance(effect, Persist) else effect)
        return effects

    def timer(self, name: str) -> Effects:
        return [Sync(journal.JOURNAL)] if name == "sync" else super().timer(name)


@PLANTED.mutant(
    "R22",
    "a snapshot's index is saved first and its data after that",
    source="etcd issue 13766",
    scenario="raft/power_cuts",
)
class SavesTheIndexFirst(Replica):
    def compact(self) -> list[Effect]:
        before = self.log.snapshot
        effects = super().compact()
        half = attrs.evolve(self.log.snapshot, values=before.values, sessions=before.sessions)
        return [*journal.replace([journal.snapshot_record(half), *self.records()[1:]]), *effects]


@PLANTED.mutant(
    "R23",
    "compaction writes a log without term and vote, and adds them after that",
    source="etcd issues 14685 and 17780",
    scenario="raft/power_cuts",
)
class CompactsWithoutItsVote(Replica):
    def replace_journal(self) -> list[Effect]:
        records = [record for record in self.records() if record[0] != "state"]
        return [*journal.replace(records), *self.save_state()]


@PLANTED.mutant(
    "R24",
    "a damaged record is taken for a torn write even if good ones follow: what was acknowledged is cut off",
    source="Alagappan et al., protocol-aware recovery, FAST 2018",
    scenario="raft/bit_rot",
)
class CutsAtTheFirstBadRecord(Replica):
    def recovered(self, context: Context) -> Recovered:
        found = super().recovered(context)
        found.lost_index = 0
        return found
