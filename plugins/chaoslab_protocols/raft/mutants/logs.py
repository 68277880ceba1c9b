"""Mistakes in replicating, committing and discarding entries."""

from __future__ import annotations

from chaoslab.statemachine import Effect
from chaoslab_protocols.raft.log import Entry, Snapshot
from chaoslab_protocols.raft.mutants.planted import PLANTED
from chaoslab_protocols.raft.replica import Replica
from chaoslab_protocols.raft.server import LEADER

__all__: list[str] = []


@PLANTED.mutant(
    "R1",
    "entries of earlier terms are committed by counting replicas",
    source="Raft section 5.4.2, figure 8; logcabin issue 44",
    scenario="raft/figure_8",
)
class CommitsEarlierTerms(Replica):
    def may_commit(self, index: int) -> bool:
        return True


@PLANTED.mutant(
    "R5",
    "a follower commits what the leader has committed, as far as its own log goes, verified or not",
    source="Students' guide to Raft (MIT 6.824), on commitIndex = min(leaderCommit, index of last new entry)",
    scenario="raft/small_messages",
)
class CommitsTheUnverified(Replica):
    def committed_here(self, leader_commit: int, last_new_index: int) -> int:
        return min(leader_commit, self.log.last_index)


@PLANTED.mutant(
    "R6",
    "AppendEntries deletes what follows its entries even if nothing conflicts",
    source="Students' guide to Raft (MIT 6.824)",
    scenario="raft/network",
)
class AlwaysTruncates(Replica):
    def take_over(self, prev_log_index: int, entries: tuple[Entry, ...]) -> list[Effect]:
        new = entries[max(self.log.last_included_index - prev_log_index, 0) :]
        if not new:
            return []
        self.truncate(prev_log_index + 1 + len(entries) - len(new))
        return self.append(new)


@PLANTED.mutant(
    "R7",
    "AppendEntries of an earlier term is accepted",
    source="akka-raft issues 52 and 54",
    scenario="raft/network",
)
class FollowsThePast(Replica):
    def is_stale(self, term: int) -> bool:
        return False


@PLANTED.mutant(
    "R18",
    "a snapshot that arrives late is installed over a newer state",
    source="etcd issue 18055; the Redis-Raft analysis of Jepsen",
    scenario="raft/snapshots",
)
class InstallsOldSnapshots(Replica):
    def has_already(self, snapshot: Snapshot) -> bool:
        return False


@PLANTED.mutant(
    "R25",
    "a leader that steps down throws its uncommitted entries away, though a majority may have them",
    source="microsoft/CCF issue 5674",
    scenario="raft/leader_kills",
)
class RollsBackOnSteppingDown(Replica):
    def step_down(self) -> list[Effect]:
        if self.role == LEADER:
            self.truncate(self.commit_index + 1)
        return super().step_down()


@PLANTED.mutant(
    "R31",
    "a leader goes on counting what others acknowledged when it led before: they may have had to discard it since",
    source="Raft figure 2: matchIndex is reinitialized after election",
    scenario="raft/short_reigns",
)
class RemembersAcknowledgements(Replica):
    def become_leader(self) -> list[Effect]:
        before = self.match_index
        effects = super().become_leader()
        self.match_index |= {peer: before[peer] for peer in self.peers if peer in before}
        return effects
