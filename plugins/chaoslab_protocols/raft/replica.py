"""A Raft server, complete: what clients ask, and which message goes where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chaoslab.statemachine import Context, Effect, Effects
from chaoslab_protocols import store
from chaoslab_protocols.raft.log import Operation
from chaoslab_protocols.raft.membership import CHANGES, Membership
from chaoslab_protocols.raft.messages import (
    NOT_LEADER,
    REFUSED,
    UNKNOWN,
    AppendEntries,
    AppendEntriesReply,
    ClientRequest,
    InstallSnapshot,
    InstallSnapshotReply,
    RequestVote,
    RequestVoteReply,
)
from chaoslab_protocols.raft.server import LEADER

__all__ = ["Replica"]


class Replica(Membership):
    """A server of Raft."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.handlers: dict[type, Callable[[str, Any], Effects]] = {
            AppendEntries: self.on_append_entries,
            AppendEntriesReply: self.on_append_entries_reply,
            RequestVote: self.on_request_vote,
            RequestVoteReply: self.on_request_vote_reply,
            InstallSnapshot: self.on_install_snapshot,
            InstallSnapshotReply: self.on_install_snapshot_reply,
            ClientRequest: self.on_client_request,
        }
        # By name: whether it is a leader's timer or everybody else's, and what happens when it runs out.
        self.timers: dict[str, tuple[bool, Callable[[], Effects]]] = {
            "heartbeat": (True, self.begin_round),
            "quorum": (True, self.check_quorum),
            "election": (False, self.on_election_timeout),
            "votes": (False, self.ask_again),
        }

    def message(self, sender: str, message: Any) -> Effects:
        return self.handlers[message.__class__](sender, message)

    def timer(self, name: str) -> Effects:
        of_leader, handler = self.timers[name]
        return handler() if of_leader == (self.role == LEADER) else None

    def on_client_request(self, sender: str, request: ClientRequest) -> Effects:
        """If command received from client: append entry to local log, respond after entry applied (figure 2)."""
        if self.role != LEADER:
            return [self.answer(sender, request.sequence_num, NOT_LEADER)]
        f = request.invocation.f
        if f in CHANGES:
            return self.change_membership(sender, request)
        refusal = self.state_machine.refusal(request.invocation)
        if refusal is not None:
            return [self.answer(sender, request.sequence_num, REFUSED, refusal)]
        if f in store.READS and self.settings.reads != "log":
            return self.read(sender, request)
        operation = Operation(request.client_id, request.sequence_num, request.invocation)
        return self.enter(operation, (sender, request.sequence_num))

    def step_down(self) -> list[Effect]:
        return [*super().step_down(), *self.give_up_waiting()]

    def give_up_waiting(self) -> list[Effect]:
        """Tell the clients that wait for an entry that its fate is unknown: another leader may yet commit it."""
        waiting, self.waiting = self.waiting, {}
        return [self.answer(client, number, self.fate_of_waiting()) for client, number in waiting.values()]

    def fate_of_waiting(self) -> str:
        """Return what clients are told whose entry was not committed before the leader stepped down."""
        return UNKNOWN
