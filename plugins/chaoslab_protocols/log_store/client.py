"""A client of a log store: asks the node that has the topic, and repeats the command until that answers.

A topic lives on one node, told by its name. A command keeps its number when it is asked for again, so it is carried out
once. A refusal because the disk is full says nothing of an earlier or later copy of the same command: the client goes
on, and when time runs out nobody knows.
"""

from __future__ import annotations

import zlib
from typing import Any

from chaoslab.statemachine import (
    CancelTimer,
    Complete,
    Context,
    Effect,
    Effects,
    Invocation,
    Request,
    Response,
    Send,
    SetTimer,
)
from chaoslab_protocols.log_store.topics import READS

__all__ = ["Client", "home_of"]


def home_of(topic: str, nodes: tuple[str, ...]) -> str:
    """Return the node that has *topic*."""
    return nodes[zlib.crc32(topic.encode()) % len(nodes)]


class Client:
    """One client, with one command at a time.

    Attributes:
        TRY_S: Seconds after which a command that was not answered is sent again.
        TIMEOUT_S: Seconds after which the operation is given up.
    """

    TRY_S = 0.3
    TIMEOUT_S = 5.0

    def __init__(self, context: Context) -> None:
        self.nodes = context.nodes
        self.number = 0
        self.invocation: Invocation | None = None
        self.refusal = ""

    def start(self) -> Effects:
        return None

    def invoke(self, invocation: Invocation) -> Effects:
        self.invocation = invocation
        self.number += 1
        self.refusal = "no answer in time"
        return [SetTimer("timeout", self.TIMEOUT_S), *self.ask()]

    def ask(self) -> list[Effect]:
        """Send the command to the node that has its topic."""
        assert self.invocation is not None
        request = Request(self.number, self.invocation)
        return [Send(home_of(self.invocation.key, self.nodes), request), SetTimer("try", self.TRY_S)]

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, Response) or message.id != self.number or self.invocation is None:
            return None  # an answer to an earlier command, or a second one
        if message.error is not None:
            self.refusal = message.error
            return None
        if self.invocation.f in ("append", "enqueue"):
            return self.end(Complete("ok", result=message.body, node=sender))
        return self.end(Complete("ok", message.body, node=sender))

    def timer(self, name: str) -> Effects:
        if self.invocation is None:
            return None
        if name == "try":
            return self.ask()
        unknown = "fail" if self.invocation.f in READS else "info"
        return self.end(Complete(unknown, error=self.refusal))

    def end(self, completion: Complete) -> list[Effect]:
        """Finish the operation."""
        self.invocation = None
        return [CancelTimer("timeout"), CancelTimer("try"), completion]
