"""A client of Zab: asks the server beside it, and shows every server the largest zxid that it has seen.

It has one command open at a time, which gives FIFO client order (Hunt et al. 2010, section 2.1). A server that does not
serve or does not answer is left for the next one, under the same number. When time runs out nobody knows what became
of a write.
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import CancelTimer, Complete, Context, Effect, Effects, Invocation, Send, SetTimer
from chaoslab_protocols import store
from chaoslab_protocols.zab.messages import OK, REFUSED, ZERO, ClientReply, ClientRequest, Command

__all__ = ["Client"]


class Client:
    """One client.

    Attributes:
        TRY_S: Seconds after which a server that has not answered is given up, and the next one asked.
        PAUSE_S: Seconds before the next server is asked when one does not serve.
        TIMEOUT_S: Seconds after which the operation is given up.
        zxid: The most recent state that the client has seen.
    """

    TRY_S = 0.4
    PAUSE_S = 0.03
    TIMEOUT_S = 5.0

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.servers = context.nodes
        self.turn = self.servers.index(context.home) if context.home in self.servers else 0
        self.number = 0
        self.zxid = ZERO
        self.invocation: Invocation | None = None
        self.operation: Invocation | None = None

    def start(self) -> Effects:
        return None

    def invoke(self, invocation: Invocation) -> Effects:
        self.invocation = invocation
        return [SetTimer("timeout", self.TIMEOUT_S), *self.submit(invocation)]

    def submit(self, operation: Invocation) -> list[Effect]:
        """Ask for *operation*, under the next number."""
        self.operation = operation
        self.number += 1
        return self.ask()

    def ask(self) -> list[Effect]:
        """Ask the server whose turn it is."""
        assert self.operation is not None
        request = ClientRequest(Command(self.name, self.number, self.operation), self.zxid)
        return [Send(self.servers[self.turn], request), SetTimer("try", self.TRY_S)]

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, ClientReply) or message.number != self.number or self.invocation is None:
            return None  # an answer to an earlier command, or a second one
        if message.status == REFUSED:
            return self.end(Complete("fail", node=sender, error=str(message.result)))
        if message.status != OK:
            return [SetTimer("try", self.PAUSE_S)] if sender == self.servers[self.turn] else None
        self.see(message)
        return self.answered(sender, message)

    def answered(self, sender: str, reply: ClientReply) -> Effects:
        """The command was carried out: so is the operation."""
        assert self.invocation is not None
        if self.invocation.f == "cas":
            return self.end(Complete("ok", result=bool(reply.result), node=sender))
        value = reply.result if self.invocation.f in store.READS else None
        return self.end(Complete("ok", value, node=sender))

    def see(self, reply: ClientReply) -> None:
        """Never ask for less than this from now on."""
        self.zxid = max(self.zxid, reply.zxid)

    def timer(self, name: str) -> Effects:
        if self.invocation is None:
            return None
        if name == "try":
            self.turn = (self.turn + 1) % len(self.servers)
            return self.ask()
        unknown = "fail" if self.invocation.f in store.READS else "info"
        return self.end(Complete(unknown, error="no server answered in time"))

    def end(self, completion: Complete) -> list[Effect]:
        """End the operation."""
        self.invocation = None
        return [CancelTimer("try"), CancelTimer("timeout"), completion]
