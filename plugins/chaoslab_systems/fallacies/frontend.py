"""Frontends before a store: clients ask a frontend, the frontend asks the store at the first node. Knows no fallacy."""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.statemachine import Context, Effect, Effects, Invocation, Request, Response, Send, reply
from chaoslab_protocols import store

__all__ = ["Answer", "Ask", "Frontend"]


@attrs.frozen
class Ask:
    """A frontend asks the store."""

    id: int
    invocation: Invocation


@attrs.frozen
class Answer:
    """The store answers: what was read, if it was a read."""

    id: int
    value: Any


class Frontend:
    """The first node is the store, which clients do not ask; the others are frontends, which keep nothing.

    Attributes:
        values: What is stored, at the store.
        asked: What each open question of this frontend is for: its number to the client and its request.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.store = context.nodes[0]
        self.is_store = context.name == self.store
        self.values: dict[str | None, Any] = {}
        self.asked: dict[int, tuple[str, Request]] = {}
        self.number = context.random.below(1 << 30) << 20  # an answer to an earlier life fits no question of this one

    def start(self) -> Effects:
        return None

    def timer(self, name: str) -> Effects:
        return None

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Request):
            if self.is_store:
                return [reply(sender, message, error="ask a frontend")]
            return self.on_request(sender, message)
        if isinstance(message, Ask):
            return self.on_ask(sender, message)
        return self.on_answer(message) if isinstance(message, Answer) else None

    def on_request(self, sender: str, request: Request) -> list[Effect]:
        """Ask the store for what a client wants."""
        self.number += 1
        self.asked[self.number] = (sender, request)
        return self.ask(Ask(self.number, request.body))

    def ask(self, ask: Ask) -> list[Effect]:
        """Return the effects that bring *ask* to the store."""
        return [Send(self.store, ask)]

    def on_ask(self, sender: str, ask: Ask) -> Effects:
        return [Send(sender, Answer(ask.id, self.carry_out(ask.invocation)))]

    def carry_out(self, invocation: Invocation) -> Any:
        """At the store: do what is asked and return what is read."""
        return store.apply(self.values, invocation)[0]

    def on_answer(self, answer: Answer) -> list[Effect]:
        """Pass on to the client what the store says."""
        sender, request = self.asked.pop(answer.id, (None, None))
        if sender is None or request is None:
            return []
        return [Send(sender, Response(request.id, self.shown(answer.value)))]

    def shown(self, value: Any) -> Any:
        """Return what a client is shown of a stored value."""
        return value
