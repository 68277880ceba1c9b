"""The clients of one server: who waits for a transaction to be delivered, and who to read.

Hunt et al. 2010, section 2.3: a server answers reads from its own state, and the answer to everything carries the zxid
it is of. A client shows the largest it has seen, and is not answered from an older state: so it never goes back in
time, whichever server it turns to (section 4.4).
"""

from __future__ import annotations

from typing import NamedTuple

from chaoslab.statemachine import Effect, Send
from chaoslab_protocols.zab.messages import NOT_SERVING, OK, ClientReply, ClientRequest, Command, Zxid
from chaoslab_protocols.zab.state_machine import StateMachine

__all__ = ["Clients", "Waiting"]


class Waiting(NamedTuple):
    """A read that waits until the server has delivered up to *zxid*."""

    client: str
    request: ClientRequest
    zxid: Zxid


class Clients:
    """Who waits at one server.

    Attributes:
        asked: Client name to the number of the command it wants an answer to.
        reads: Reads for which the state is too old.
        syncing: Reads for which it is not known yet how recent the state must be, by the number of their sync.
    """

    def __init__(self) -> None:
        self.asked: dict[str, int] = {}
        self.reads: list[Waiting] = []
        self.syncing: dict[int, Waiting] = {}
        self.syncs = 0

    def wait(self, command: Command) -> None:
        """Note that *command*'s client wants its answer from here."""
        self.asked[command.client_id] = max(command.number, self.asked.get(command.client_id, 0))

    def on_delivered(self, command: Command, zxid: Zxid, state_machine: StateMachine) -> list[Effect]:
        """Answer the client of *command*, if it has asked here."""
        if self.asked.get(command.client_id) != command.number:
            return []
        del self.asked[command.client_id]
        reply = ClientReply(command.number, OK, zxid, state_machine.answer(command))
        return [Send(command.client_id, reply)]

    def read_after(self, client: str, request: ClientRequest, zxid: Zxid) -> None:
        """Answer *request* once the server has delivered up to *zxid*, and to what the client has seen."""
        self.reads.append(Waiting(client, request, max(zxid, request.zxid)))

    def answer_reads(self, delivered: Zxid, state_machine: StateMachine) -> list[Effect]:
        """Answer the reads for which the state is recent enough."""
        if not self.reads:
            return []
        effects: list[Effect] = []
        waiting = []
        for one in self.reads:
            if one.zxid > delivered:
                waiting.append(one)
                continue
            command = one.request.command
            reply = ClientReply(command.number, OK, delivered, state_machine.read(command.operation))
            effects.append(Send(one.client, reply))
        self.reads = waiting
        return effects

    def begin_sync(self, client: str, request: ClientRequest) -> int:
        """Hold a read back until its sync is answered; return the number of the sync."""
        self.syncs += 1
        self.syncing[self.syncs] = Waiting(client, request, request.zxid)
        return self.syncs

    def end_sync(self, id: int, zxid: Zxid) -> None:
        """The sync is answered: its read can be, from the state up to *zxid*."""
        one = self.syncing.pop(id, None)
        if one is not None:
            self.read_after(one.client, one.request, zxid)

    def refuse_reads(self) -> list[Effect]:
        """The server has no leader any more: send who waits to read elsewhere."""
        waiting = [*self.reads, *self.syncing.values()]
        self.reads, self.syncing = [], {}
        return [Send(one.client, ClientReply(one.request.command.number, NOT_SERVING)) for one in waiting]
