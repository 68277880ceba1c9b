"""A client of two-phase commit: asks the coordinator, and again under the same number until it is answered.

A transaction is one request: the list of what it does. When time runs out, nobody knows what became of it; only one
that reads and nothing else is a failure then.
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import CancelTimer, Complete, Context, Effect, Effects, Invocation, Send, SetTimer
from chaoslab_protocols.two_phase_commit import operations
from chaoslab_protocols.two_phase_commit.messages import Begin, Outcome

__all__ = ["Client"]


class Client:
    """One client, with one transaction at a time.

    Attributes:
        TRY_S: Seconds after which a request that was not answered is sent again.
        TIMEOUT_S: Seconds after which it is given up.
    """

    TRY_S = 0.4
    TIMEOUT_S = 4.0

    def __init__(self, context: Context) -> None:
        self.nodes = context.nodes
        self.home = context.home
        self.coordinator = context.nodes[0]
        self.number = 0
        self.invocation: Invocation | None = None

    def start(self) -> Effects:
        return None

    def invoke(self, invocation: Invocation) -> Effects:
        self.invocation = invocation
        self.number += 1
        return [SetTimer("timeout", self.TIMEOUT_S), *self.ask()]

    def ask(self) -> list[Effect]:
        """Ask the coordinator."""
        assert self.invocation is not None
        return [Send(self.coordinator, Begin(self.number, self.invocation)), SetTimer("try", self.TRY_S)]

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, Outcome) or message.number != self.number or self.invocation is None:
            return None  # an answer to an earlier request, or a second one
        if not message.committed:
            return self.end(Complete("fail", node=sender, error=message.why))
        return self.end(Complete("ok", message.value, message.result, node=sender))

    def timer(self, name: str) -> Effects:
        if self.invocation is None:
            return None
        if name == "try":
            return self.ask_again()
        unknown = "fail" if operations.is_read_only(self.invocation) else "info"
        return self.end(Complete(unknown, error="the coordinator did not answer in time"))

    def ask_again(self) -> list[Effect]:
        """Ask for the same thing under the same number: it will be done once."""
        return self.ask()

    def end(self, completion: Complete) -> list[Effect]:
        """The operation has ended."""
        self.invocation = None
        return [CancelTimer("try"), CancelTimer("timeout"), completion]
