"""Log replication: AppendEntries from both sides, and when an entry is committed (sections 5.3 and 5.4.2).

A leader's messages go out in rounds. A round begins when there is something new to say, or a heartbeat is due; every
message of it carries its number, and an answer returns it. That a majority has answered a round shows that the leader
was still the leader when the round began.
"""

from __future__ import annotations

from chaoslab.statemachine import Context, Effect, Effects, Send, SetTimer
from chaoslab_protocols.raft.log import Entry
from chaoslab_protocols.raft.messages import (
    NO_ROUND,
    AppendEntries,
    AppendEntriesReply,
    InstallSnapshot,
    InstallSnapshotReply,
)
from chaoslab_protocols.raft.server import LEADER
from chaoslab_protocols.raft.snapshots import Snapshots

__all__ = ["Replication"]


class Replication(Snapshots):
    """Leaders send their log, followers make theirs the same.

    Attributes:
        round: The number of the leader's latest round.
        acked_round: The latest round that each server has answered.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.round = 0
        self.acked_round: dict[str, int] = {}

    # The leader sends

    def begin_round(self) -> list[Effect]:
        """Send every peer what it lacks, or a heartbeat."""
        self.round += 1
        made: dict[int, AppendEntries | InstallSnapshot] = {}
        effects: list[Effect] = []
        for peer in self.peers:
            next_index = self.next_index[peer]
            message = made.get(next_index)
            if message is None:
                message = made[next_index] = self.entries_from(next_index)
            effects.append(Send(peer, message))
        effects.append(SetTimer("heartbeat", self.settings.heartbeat_s))
        return effects

    def entries_from(self, next_index: int) -> AppendEntries | InstallSnapshot:
        """Return the message for a server whose log is to go on at *next_index*."""
        log = self.log
        prev_log_term = log.term_at(next_index - 1)
        if prev_log_term is None:
            return InstallSnapshot(self.current_term, self.name, log.snapshot, self.round)
        return AppendEntries(
            self.current_term,
            self.name,
            next_index - 1,
            prev_log_term,
            log.since(next_index, self.settings.entries_max) if next_index <= log.last_index else (),
            self.commit_index,
            self.round,
        )

    # AppendEntries RPC: receiver implementation (figure 2)

    def on_append_entries(self, sender: str, request: AppendEntries) -> Effects:
        if self.is_stale(request.term):  # 1.
            return [Send(sender, AppendEntriesReply(self.current_term, False, 0, NO_ROUND))]
        effects = self.follow(request.term, sender)
        if not self.matches(request.prev_log_index, request.prev_log_term):  # 2.
            reply = AppendEntriesReply(self.current_term, False, self.where_to_look(request), request.round)
            return [*effects, Send(sender, reply)]
        last_new_index = request.prev_log_index + len(request.entries)
        if request.entries:
            effects += self.take_over(request.prev_log_index, request.entries)  # 3. and 4.
        if self.lost_index:
            effects += self.found_again(last_new_index)
        effects.append(Send(sender, AppendEntriesReply(self.current_term, True, last_new_index, request.round)))
        if request.leader_commit > self.commit_index:  # 5.
            effects += self.commit_up_to(self.committed_here(request.leader_commit, last_new_index))
        return effects

    def committed_here(self, leader_commit: int, last_new_index: int) -> int:
        """Return up to where the log is committed: no further than the message has shown it to be the leader's."""
        return min(leader_commit, last_new_index)

    def matches(self, prev_log_index: int, prev_log_term: int) -> bool:
        """Whether the log has an entry at that index with that term; what is committed is the same everywhere."""
        return self.log.term_at(prev_log_index) == prev_log_term or prev_log_index < self.log.last_included_index

    def where_to_look(self, request: AppendEntries) -> int:
        """Return the index at which the leader may go on: the first one of the term in conflict (section 5.3)."""
        if request.prev_log_index > self.log.last_index:
            return self.log.last_index + 1
        return self.log.first_index_of_term(request.prev_log_index)

    def take_over(self, prev_log_index: int, entries: tuple[Entry, ...]) -> list[Effect]:
        """Append those of *entries* that are not in the log, deleting what conflicts with them."""
        for index, entry in enumerate(entries, start=prev_log_index + 1):
            if index <= self.log.last_included_index or self.log.term_at(index) == entry.term:
                continue
            if index <= self.log.last_index:
                self.truncate(index)
            return self.append(entries[index - prev_log_index - 1 :])
        return []

    # The leader hears the answers (figure 2, rules for leaders)

    def on_append_entries_reply(self, sender: str, reply: AppendEntriesReply) -> Effects:
        if not self.concerns_this_reign(reply.term):
            return self.observe(reply.term)
        self.acknowledge(sender, reply.round)
        if reply.success:
            return self.replicated(sender, reply.match_index)
        return self.look_further_back(sender, reply.match_index)

    def look_further_back(self, server: str, hint: int) -> list[Effect]:
        """If AppendEntries fails because of log inconsistency: decrement nextIndex and retry (section 5.3)."""
        before = self.next_index.get(server, 1)
        next_index = max(min(hint, before - 1), self.match_index.get(server, 0) + 1)
        if next_index >= before:
            return []  # the answer to a message of before; the next round asks again
        self.next_index[server] = next_index
        return [Send(server, self.entries_from(next_index))]

    def on_install_snapshot_reply(self, sender: str, reply: InstallSnapshotReply) -> Effects:
        if not self.concerns_this_reign(reply.term):
            return self.observe(reply.term)
        self.acknowledge(sender, reply.round)
        return self.replicated(sender, reply.match_index)

    def concerns_this_reign(self, term: int) -> bool:
        """Whether an answer with *term* is one to this server as the leader that it is now."""
        return self.role == LEADER and term == self.current_term

    def acknowledge(self, sender: str, round: int) -> None:
        """*sender* has answered a message of *round*."""
        if round > self.acked_round.get(sender, 0):
            self.acked_round[sender] = round

    def replicated(self, server: str, match_index: int) -> list[Effect]:
        """Update nextIndex and matchIndex for a follower whose log matches up to *match_index*."""
        if match_index <= self.match_index.get(server, 0):
            return []
        self.match_index[server] = match_index
        self.next_index[server] = max(self.next_index.get(server, 1), match_index + 1)
        effects = self.advance_commit_index() if match_index > self.commit_index else []
        if self.log.last_index - match_index >= self.settings.entries_max:  # more than a message could carry
            effects.append(Send(server, self.entries_from(self.next_index[server])))
        return effects

    def advance_commit_index(self) -> list[Effect]:
        """If a majority has replicated an entry that may be committed, it is."""
        index = self.majority_has(self.match_index, self.log.last_index)
        return self.commit_up_to(index) if index > self.commit_index and self.may_commit(index) else []

    def may_commit(self, index: int) -> bool:
        """Only entries of the leader's current term are committed by counting replicas (section 5.4.2, figure 8)."""
        return self.log.term_at(index) == self.current_term

    def confirmed_round(self) -> int:
        """Return the latest round that a majority has answered."""
        return self.majority_has(self.acked_round, self.round)
