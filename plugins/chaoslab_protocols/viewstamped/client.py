"""A client of Viewstamped Replication: asks the primary, and repeats a request under its number (section 4).

Where the paper's client asks all replicas when nobody answers, this one asks them in turn, and is told who the primary
is. When time runs out nobody knows what became of a write.
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import CancelTimer, Complete, Context, Effect, Effects, Invocation, Send, SetTimer
from chaoslab_protocols import store
from chaoslab_protocols.viewstamped.messages import Redirect, Reply, Request

__all__ = ["Client"]


class Client:
    """One client, with one request at a time.

    Attributes:
        TRY_S: Seconds after which a replica that has not answered is given up, and the next one asked.
        PAUSE_S: Seconds before the next try when the one asked knows no primary but those that were asked.
        TIMEOUT_S: Seconds after which the operation is given up.
    """

    TRY_S = 0.25
    PAUSE_S = 0.04
    TIMEOUT_S = 5.0

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.replicas = context.nodes
        self.turn = 0
        self.request_number = 0
        self.is_redirected = False
        self.invocation: Invocation | None = None

    def start(self) -> Effects:
        return None

    def invoke(self, invocation: Invocation) -> Effects:
        self.invocation = invocation
        self.request_number += 1
        self.is_redirected = False
        return [SetTimer("timeout", self.TIMEOUT_S), *self.ask()]

    def ask(self) -> list[Effect]:
        """Ask the replica that is most likely the primary."""
        assert self.invocation is not None
        request = Request(self.invocation, self.name, self.request_number)
        return [Send(self.replicas[self.turn], request), SetTimer("try", self.TRY_S)]

    def ask_next(self) -> list[Effect]:
        """Ask the next replica."""
        self.is_redirected = False
        self.turn = (self.turn + 1) % len(self.replicas)
        return self.ask()

    def message(self, sender: str, message: Any) -> Effects:
        if self.invocation is None or message.request_number != self.request_number:
            return None  # about an earlier request
        if isinstance(message, Redirect):
            return self.on_redirect(sender, message.primary)
        assert isinstance(message, Reply)
        self.turn = self.replicas.index(sender)
        if message.refusal is not None:
            return self.end(Complete("fail", node=sender, error=message.refusal))
        if self.invocation.f == "cas":
            return self.end(Complete("ok", result=bool(message.result), node=sender))
        value = message.result if self.invocation.f in store.READS else None
        return self.end(Complete("ok", value, node=sender))

    def on_redirect(self, sender: str, primary: str | None) -> list[Effect]:
        """Ask the primary; when the last word on it was wrong, or there is none, wait a moment and ask the next one."""
        if primary in (None, sender) or self.is_redirected:
            return [CancelTimer("try"), SetTimer("pause", self.PAUSE_S)]
        self.is_redirected = True
        self.turn = self.replicas.index(str(primary))
        return self.ask()

    def timer(self, name: str) -> Effects:
        if self.invocation is None:
            return None
        if name != "timeout":
            return self.ask_next()
        unknown = "fail" if self.invocation.f in store.READS else "info"
        return self.end(Complete(unknown, error="no primary answered in time"))

    def end(self, completion: Complete) -> list[Effect]:
        """Finish the operation."""
        self.invocation = None
        return [CancelTimer("timeout"), CancelTimer("try"), CancelTimer("pause"), completion]
