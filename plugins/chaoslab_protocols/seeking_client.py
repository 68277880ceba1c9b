"""A client of a service whose servers change: it asks whom the latest configuration it heard of names.

A server that is asked in vain says which configuration it knows. A request keeps its number when it is repeated, so
that it takes effect once. When time runs out, nobody knows what became of an update.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from chaoslab.statemachine import CancelTimer, Complete, Context, Effect, Effects, Invocation, Send, SetTimer
from chaoslab_protocols import store

__all__ = ["NOT_HERE", "OK", "REFUSED", "ClientReply", "ClientRequest", "SeekingClient"]

OK: Final = "ok"
NOT_HERE: Final = "not here"
REFUSED: Final = "refused"


@attrs.frozen
class ClientRequest:
    """The request *sequence* of a client."""

    sequence: int
    invocation: Invocation


@attrs.frozen
class ClientReply:
    """What became of it.

    Attributes:
        sequence: The number of the request.
        status: ``OK``; ``NOT_HERE``: ask somebody else; ``REFUSED``: it will never be done.
        answer: What the store answered, or why it was refused.
        number: With ``NOT_HERE``, the number of the configuration that the server knows.
        members: With ``NOT_HERE``, its members.
    """

    sequence: int
    status: str
    answer: Any = None
    number: int = 0
    members: tuple[str, ...] = ()


class SeekingClient:
    """One client, with one request at a time.

    Attributes:
        TRY_S: Seconds after which somebody else is asked.
        PAUSE_S: Seconds before the next try when the server that was asked is the wrong one.
        TIMEOUT_S: Seconds after which the operation is given up.
    """

    TRY_S = 0.25
    PAUSE_S = 0.04
    TIMEOUT_S = 5.0

    def __init__(self, context: Context) -> None:
        self.home = context.home
        self.nodes = context.nodes
        self.number = 1
        self.members = self.first_members()
        self.tries = 0
        self.sequence = 0
        self.invocation: Invocation | None = None

    def first_members(self) -> tuple[str, ...]:
        """Return the members of the first configuration: all nodes but the last, which does not serve."""
        return self.nodes[:-1]

    def whom(self, invocation: Invocation) -> str:
        """Return who of the members serves *invocation*."""
        raise NotImplementedError

    def start(self) -> Effects:
        return None

    def invoke(self, invocation: Invocation) -> Effects:
        self.invocation = invocation
        self.sequence += 1
        self.tries = 0
        return [SetTimer("timeout", self.TIMEOUT_S), *self.ask()]

    def ask(self) -> list[Effect]:
        """Ask whom the configuration names; every other time, another node: it may know a later one."""
        assert self.invocation is not None
        asked = self.whom(self.invocation) if self.tries % 2 == 0 else self.nodes[self.tries // 2 % len(self.nodes)]
        return [Send(asked, ClientRequest(self.sequence, self.invocation)), SetTimer("try", self.TRY_S)]

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, ClientReply) or message.sequence != self.sequence or self.invocation is None:
            return None  # an answer to an earlier request
        if message.status == OK:
            return self.end(self.completion(message.answer, sender))
        if message.status == REFUSED:
            return self.end(Complete("fail", node=sender, error=str(message.answer)))
        if message.number > self.number:
            self.number, self.members = message.number, message.members
            self.tries = 0
            return self.ask()
        return [SetTimer("try", self.PAUSE_S)]

    def completion(self, answer: Any, sender: str) -> Complete:
        """Return how the operation has ended."""
        assert self.invocation is not None
        if self.invocation.f == "cas":
            return Complete("ok", result=bool(answer), node=sender)
        return Complete("ok", answer if self.invocation.f in store.READS else None, node=sender)

    def timer(self, name: str) -> Effects:
        if self.invocation is None:
            return None
        if name == "timeout":
            unknown = "fail" if self.invocation.f in store.READS else "info"
            return self.end(Complete(unknown, error="nobody answered in time"))
        self.tries += 1
        return self.ask()

    def end(self, completion: Complete) -> list[Effect]:
        """Finish the operation."""
        self.invocation = None
        return [CancelTimer("timeout"), CancelTimer("try"), completion]
