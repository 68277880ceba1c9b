"""An ABD client: readers and writers talk to all replicas and wait for a majority, in two phases.

A write asks a majority for their tags, then stores its value with a higher one at a majority. A read asks a majority
for their values, then writes the latest back to a majority before it returns: without that, a later read could still
see the older value.

The paper assumes that messages are not lost. Here they are, so a phase is sent again to those who have not answered.
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import (
    CancelTimer,
    Complete,
    Context,
    Effect,
    Effects,
    Invocation,
    Send,
    SetTimer,
)
from chaoslab_protocols.abd.messages import INITIAL, Query, QueryReply, Store, StoreReply, Tag

__all__ = ["Client"]


class Client:
    """One reader and writer.

    Attributes:
        RESEND_S: Seconds after which a phase is sent again to the replicas that have not answered.
        TIMEOUT_S: Seconds after which an operation is given up.
    """

    RESEND_S = 0.05
    TIMEOUT_S = 2.0

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.replicas = context.nodes
        self.majority = len(context.nodes) // 2 + 1
        self.phase = 0
        self.invocation: Invocation | None = None
        self.request: Query | Store | None = None
        self.answered: set[str] = set()
        self.latest: tuple[Tag, Any] = (INITIAL, None)
        self.own_counter = 0

    def start(self) -> Effects:
        return None

    def invoke(self, invocation: Invocation) -> Effects:
        self.invocation = invocation
        self.latest = (INITIAL, None)
        return [SetTimer("timeout", self.TIMEOUT_S), *self.begin_phase(Query(self.phase + 1, invocation.key))]

    def begin_phase(self, request: Query | Store) -> list[Effect]:
        """Send *request* to every replica."""
        self.phase = request.phase
        self.request = request
        self.answered = set()
        return self.ask()

    def ask(self) -> list[Effect]:
        """Send today's request to the replicas that have not answered it."""
        waiting = [replica for replica in self.replicas if replica not in self.answered]
        return [*(Send(replica, self.request) for replica in waiting), SetTimer("resend", self.RESEND_S)]

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, QueryReply | StoreReply) or message.phase != self.phase:
            return None  # an answer to a phase that is over
        if isinstance(message, QueryReply):
            self.latest = max(self.latest, (message.tag, message.value), key=lambda copy: copy[0])
        self.answered.add(sender)
        if len(self.answered) < self.majority:
            return None
        return self.end_query() if isinstance(message, QueryReply) else self.end_store()

    def end_query(self) -> Effects:
        """A majority has answered: choose what to store."""
        assert self.invocation is not None
        tag, value = self.latest
        if self.invocation.f not in ("read", "get"):
            tag, value = self.own_tag(tag), self.invocation.value
            self.latest = (tag, value)
        return self.begin_phase(Store(self.phase + 1, self.invocation.key, tag, value))

    def own_tag(self, latest: Tag) -> Tag:
        """Return a tag above *latest*, the highest that a majority knows."""
        # Above its own earlier tags too: a write that was given up may be on replicas that did not answer now.
        self.own_counter = max(latest[0], self.own_counter) + 1
        return self.own_counter, self.name

    def end_store(self) -> Effects:
        """A majority has the value: done."""
        assert self.invocation is not None
        value = self.latest[1] if self.invocation.f in ("read", "get") else None
        return [CancelTimer("timeout"), *self.end(Complete("ok", value))]

    def timer(self, name: str) -> Effects:
        if self.invocation is None:
            return None
        if name == "resend":
            return self.ask()
        unknown = "fail" if self.invocation.f in ("read", "get") else "info"
        return self.end(Complete(unknown, error="no majority answered in time"))

    def end(self, completion: Complete) -> list[Effect]:
        """Finish the operation."""
        self.invocation = None
        self.phase += 1  # answers that still arrive belong to nothing
        return [CancelTimer("resend"), completion]
