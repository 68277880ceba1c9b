"""A client of Raft: finds the leader, and repeats a request under its number until somebody has answered it.

Thesis, chapter 6: as the servers change, clients find them in a directory (6.1); a server that is not the leader says
who may be (6.2); the number makes repeating safe (6.3). When time runs out, nobody knows what became of a write; a
repeated request may still be under way.
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import CancelTimer, Complete, Context, Effect, Effects, Invocation, Send, SetTimer
from chaoslab_protocols import store
from chaoslab_protocols.raft.messages import OK, REFUSED, ClientReply, ClientRequest

__all__ = ["Client"]


class Client:
    """One client, with one request at a time.

    Attributes:
        TRY_S: Seconds after which a server that has not answered is given up, and the next one asked.
        PAUSE_S: Seconds before the next try when nobody knows a leader.
        TIMEOUT_S: Seconds after which the operation is given up.
        HINTS_MAX: How many hints in a row are followed without a pause.
        directory: Looks up which servers there are.
        server: The server that is asked now.
        turn: The last one that was asked in turn. A hint does not move it: if hints lead to servers that are gone, the
            others get their turn all the same.
    """

    TRY_S = 0.25
    PAUSE_S = 0.04
    TIMEOUT_S = 5.0
    HINTS_MAX = 3

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.directory = context.directory
        self.server = self.turn = context.home
        self.sequence_num = 0
        self.hints = 0
        self.invocation: Invocation | None = None

    def start(self) -> Effects:
        return None

    def invoke(self, invocation: Invocation) -> Effects:
        self.invocation = invocation
        self.sequence_num += 1
        self.hints = 0
        return [SetTimer("timeout", self.TIMEOUT_S), *self.ask()]

    def ask(self) -> list[Effect]:
        """Ask the server that is most likely the leader."""
        assert self.invocation is not None
        request = ClientRequest(self.name, self.sequence_num, self.invocation)
        return [Send(self.server, request), SetTimer("try", self.TRY_S)]

    def ask_next(self) -> list[Effect]:
        """Ask the next server of those that there are now."""
        servers = self.directory()
        after = servers.index(self.turn) + 1 if self.turn in servers else 0
        self.server = self.turn = servers[after % len(servers)]
        return self.ask()

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, ClientReply) or not self.is_awaited(message) or self.invocation is None:
            return None  # an answer to an earlier request
        if message.status == OK:
            self.server = self.turn = sender
            return self.end(self.completion(message, sender))
        if message.status == REFUSED:
            return self.end(Complete("fail", node=sender, error=str(message.response)))
        return self.ask_elsewhere(sender, message.leader_hint)

    def is_awaited(self, reply: ClientReply) -> bool:
        """Whether *reply* answers the open request, whichever try of it."""
        return reply.sequence_num == self.sequence_num

    def completion(self, reply: ClientReply, sender: str) -> Complete:
        """Return how the operation has ended."""
        assert self.invocation is not None
        if self.invocation.f == "cas":
            return Complete("ok", result=bool(reply.response), node=sender)
        return Complete("ok", reply.response if self.invocation.f in store.READS else None, node=sender)

    def ask_elsewhere(self, sender: str, leader_hint: str | None) -> list[Effect]:
        """Follow a hint; without one, or when hints lead nowhere, wait a moment and ask the next server."""
        if leader_hint not in (None, sender) and self.hints < self.HINTS_MAX:
            self.hints += 1
            self.server = str(leader_hint)
            return self.ask()
        self.hints = 0
        return [CancelTimer("try"), SetTimer("pause", self.PAUSE_S)]

    def timer(self, name: str) -> Effects:
        if self.invocation is None:
            return None
        if name == "timeout":
            unknown = "fail" if self.invocation.f in store.READS else "info"
            return self.end(Complete(unknown, error="no leader answered in time"))
        return self.on_no_answer() if name == "try" else self.ask_next()

    def on_no_answer(self) -> list[Effect]:
        """The server that was asked is down or cut off, or is a leader without a majority: ask the next one."""
        self.hints = 0
        return self.ask_next()

    def end(self, completion: Complete) -> list[Effect]:
        """Finish the operation."""
        self.invocation = None
        return [CancelTimer("timeout"), CancelTimer("try"), CancelTimer("pause"), completion]
