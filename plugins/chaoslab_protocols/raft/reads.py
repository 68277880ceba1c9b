"""Linearizable reads without writing to the log (thesis, section 6.4).

*Read index*: the leader notes its commit index, begins a round of heartbeats, and answers once a majority has answered
that round, so it was still the leader when the read came, and the noted index has been applied.

*Leases* (section 6.4.1): for some time after a round that a majority has answered, nobody else can be elected, because
whoever answered keeps still for an election timeout. The lease counts from when the round was *sent*, on the monotonic
clock, and allows for clocks whose rates differ. Beyond that allowance it is unsafe; read index trusts no clock.
"""

from __future__ import annotations

from collections import deque

import attrs

from chaoslab.statemachine import Context, Effect, Effects, Send
from chaoslab_protocols.raft.elections import Elections
from chaoslab_protocols.raft.messages import (
    NOT_LEADER,
    OK,
    AppendEntriesReply,
    ClientReply,
    ClientRequest,
    InstallSnapshotReply,
)

__all__ = ["PendingRead", "Reads"]


@attrs.frozen
class PendingRead:
    """A read that waits until a majority has answered *round* and the entry at *read_index* has been applied."""

    sender: str
    request: ClientRequest
    read_index: int
    round: int


class Reads(Elections):
    """Leaders answer reads.

    Attributes:
        pending_reads: In the order in which they came, which is that of their rounds and indices.
        began: When each round that a lease may count from was begun.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.pending_reads: deque[PendingRead] = deque()
        self.began: dict[int, float] = {}
        self.leases = self.settings.reads == "lease"

    def read(self, sender: str, request: ClientRequest) -> Effects:
        """Answer a read when that is safe, which with a lease may be at once."""
        if self.leases and self.has_lease() and self.last_applied >= self.read_index():
            return [self.answer_read(sender, request)]
        self.pending_reads.append(PendingRead(sender, request, self.read_index(), self.round + 1))
        return [*self.begin_round(), *self.answer_reads()]

    def read_index(self) -> int:
        """Return the index that a read must wait for.

        The commit index; but a leader does not know which entries are committed until one of its own term is, so at
        least the entry with which its term began.
        """
        return max(self.commit_index, self.term_start)

    def answer_reads(self) -> list[Effect]:
        """Answer the reads that need not wait any longer."""
        effects: list[Effect] = []
        confirmed = self.confirmed_round()
        while self.pending_reads:
            first = self.pending_reads[0]
            if first.round > confirmed or first.read_index > self.last_applied:
                break
            self.pending_reads.popleft()
            effects.append(self.answer_read(first.sender, first.request))
        return effects

    def answer_read(self, sender: str, request: ClientRequest) -> Send:
        """Return the answer to a read, from the state machine as it is."""
        answer = self.state_machine.read(request.invocation)
        return Send(sender, ClientReply(request.sequence_num, OK, answer, self.name))

    def on_append_entries_reply(self, sender: str, reply: AppendEntriesReply) -> Effects:
        effects = super().on_append_entries_reply(sender, reply)
        return [*(effects or ()), *self.answer_reads()] if self.pending_reads else effects

    def on_install_snapshot_reply(self, sender: str, reply: InstallSnapshotReply) -> Effects:
        effects = super().on_install_snapshot_reply(sender, reply)
        return [*(effects or ()), *self.answer_reads()] if self.pending_reads else effects

    def step_down(self) -> list[Effect]:
        waiting, self.pending_reads = self.pending_reads, deque()
        self.began.clear()
        refusals = [Send(one.sender, ClientReply(one.request.sequence_num, NOT_LEADER)) for one in waiting]
        return [*super().step_down(), *refusals]

    # Leases

    def begin_round(self) -> list[Effect]:
        effects = super().begin_round()
        if self.leases:
            self.began[self.round] = self.lease_clock()
            confirmed = self.confirmed_round()
            for round in [old for old in self.began if old < confirmed]:
                del self.began[round]
        return effects

    def lease_clock(self) -> float:
        """Read the clock that leases run on: the monotonic one, which nobody sets back."""
        return self.monotonic_time()

    def lease_began(self) -> float | None:
        """Return when the latest round was begun that a majority has answered; None if there is none."""
        return self.began.get(self.confirmed_round())

    def has_lease(self) -> bool:
        """Whether nobody else can have become the leader yet."""
        began = self.lease_began()
        return began is not None and self.lease_clock() - began < self.lease_s()

    def lease_s(self) -> float:
        """Return how many seconds a lease lasts: an election timeout, less what clocks may differ by."""
        return self.settings.lease_s
