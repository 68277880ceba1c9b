"""A client of Multi-Paxos: asks a replica, and repeats the command until one has answered (section 2).

Every replica can answer, so there is no leader to find. When time runs out nobody knows what became of a write.
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import CancelTimer, Complete, Context, Effect, Effects, Invocation, Send, SetTimer
from chaoslab_protocols import store
from chaoslab_protocols.multi_paxos.messages import ClientRequest, ClientResponse, Command

__all__ = ["Client"]


class Client:
    """One client, with one command at a time.

    Attributes:
        TRY_S: Seconds after which a replica that has not answered is given up, and the next one asked.
        TIMEOUT_S: Seconds after which the operation is given up.
    """

    TRY_S = 0.4
    TIMEOUT_S = 5.0

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.replicas = context.nodes
        self.turn = self.replicas.index(context.home) if context.home in self.replicas else 0
        self.command_id = 0
        self.invocation: Invocation | None = None

    def start(self) -> Effects:
        return None

    def invoke(self, invocation: Invocation) -> Effects:
        self.invocation = invocation
        self.command_id += 1
        return [SetTimer("timeout", self.TIMEOUT_S), *self.ask()]

    def ask(self) -> list[Effect]:
        """Ask the replica whose turn it is."""
        assert self.invocation is not None
        request = ClientRequest(Command(self.name, self.command_id, self.invocation))
        return [Send(self.replicas[self.turn], request), SetTimer("try", self.TRY_S)]

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, ClientResponse) or message.command_id != self.command_id or self.invocation is None:
            return None  # an answer to an earlier command, or a second one
        if message.refusal is not None:
            return self.end(Complete("fail", node=sender, error=message.refusal))
        if self.invocation.f == "cas":
            return self.end(Complete("ok", result=bool(message.result), node=sender))
        value = message.result if self.invocation.f in store.READS else None
        return self.end(Complete("ok", value, node=sender))

    def timer(self, name: str) -> Effects:
        if self.invocation is None:
            return None
        if name == "try":
            self.turn = (self.turn + 1) % len(self.replicas)
            return self.ask()
        unknown = "fail" if self.invocation.f in store.READS else "info"
        return self.end(Complete(unknown, error="no replica answered in time"))

    def end(self, completion: Complete) -> list[Effect]:
        """Finish the operation."""
        self.invocation = None
        return [CancelTimer("timeout"), CancelTimer("try"), completion]
