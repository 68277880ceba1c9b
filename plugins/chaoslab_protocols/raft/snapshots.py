"""Applying what is committed, and snapshots: in the place of applied entries, and for those who lag (section 7)."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Effect, Effects, Probe, Send
from chaoslab_protocols.raft.configuration import Configured
from chaoslab_protocols.raft.log import Entry, Operation, Snapshot
from chaoslab_protocols.raft.messages import NO_ROUND, InstallSnapshot, InstallSnapshotReply
from chaoslab_protocols.raft.state_machine import StateMachine

__all__ = ["Snapshots"]


class Snapshots(Configured):
    """Brings the state machine up to the commit index, and takes snapshots of it."""

    # Applying

    def commit_up_to(self, index: int) -> list[Effect]:
        """Entries up to *index* are committed: apply them."""
        if index <= self.commit_index:
            return []
        self.commit_index = index
        return [Probe("committed"), *self.apply_committed(), *self.compact_if_long()]

    def apply_committed(self) -> list[Effect]:
        """If commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] (section 5.3)."""
        effects: list[Effect] = []
        while self.last_applied < self.commit_index:
            self.last_applied += 1
            entry = self.log.entry(self.last_applied)
            answer = self.state_machine.apply(entry.command) if isinstance(entry.command, Operation) else None
            effects += self.applied(self.last_applied, entry, answer)
        return effects

    def applied(self, index: int, entry: Entry, answer: Any) -> list[Effect]:
        """The *entry* at *index* has been applied. Higher layers answer whoever waits for it."""
        return []

    # Compaction

    def compact_if_long(self) -> list[Effect]:
        """Take a snapshot when the log holds too many applied entries."""
        if self.last_applied - self.log.last_included_index < self.settings.snapshot_threshold:
            return []
        return self.compact()

    def compact(self) -> list[Effect]:
        """Let a snapshot of the state machine take the place of all applied entries."""
        snapshot = self.take_snapshot()
        self.begin_log_with(snapshot, self.log.entries_after(snapshot.last_included_index))
        return [*self.replace_journal(), Probe("snapshot-taken")]

    def take_snapshot(self) -> Snapshot:
        """Return the state machine as of the last entry applied, with that entry's index and term (figure 12)."""
        index = self.last_applied
        term = self.log.term_at(index)
        assert term is not None
        return self.state_machine.snapshot(index, term, self.members_as_of(index))

    def begin_log_with(self, snapshot: Snapshot, keep: list[Entry]) -> None:
        """Let the log be *snapshot* and the entries *keep*."""
        self.log.compact(snapshot, keep)
        self.read_configurations()

    # InstallSnapshot RPC: receiver implementation (figure 13)

    def on_install_snapshot(self, sender: str, request: InstallSnapshot) -> Effects:
        if self.is_stale(request.term):
            return [Send(sender, InstallSnapshotReply(self.current_term, 0, NO_ROUND))]
        effects = self.follow(request.term, sender)
        snapshot = request.snapshot
        if not self.has_already(snapshot):
            effects += self.install(snapshot)
        effects += self.found_again(snapshot.last_included_index) if self.lost_index else []
        reply = InstallSnapshotReply(self.current_term, snapshot.last_included_index, request.round)
        return [*effects, Send(sender, reply)]

    def has_already(self, snapshot: Snapshot) -> bool:
        """Whether *snapshot* holds nothing new: it came late, or twice."""
        return snapshot.last_included_index <= self.commit_index

    def install(self, snapshot: Snapshot) -> list[Effect]:
        """Take over *snapshot*, and reset the state machine to it."""
        self.begin_log_with(snapshot, self.suffix_to_retain(snapshot))
        self.state_machine = StateMachine(snapshot)
        self.commit_index = self.last_applied = snapshot.last_included_index
        return [*self.replace_journal(), Probe("snapshot-installed")]

    def suffix_to_retain(self, snapshot: Snapshot) -> list[Entry]:
        """If the log has the snapshot's last entry, return the entries following it; otherwise none."""
        if self.log.term_at(snapshot.last_included_index) != snapshot.last_included_term:
            return []
        return self.log.entries_after(snapshot.last_included_index)
