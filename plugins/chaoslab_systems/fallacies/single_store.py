"""A store at the first node, with its disk, that clients ask directly. Knows no fallacy."""

from __future__ import annotations

import json
from typing import Any

from chaoslab.statemachine import Context, Effect, Effects, Invocation, Persist, Request, reply
from chaoslab_protocols import store

__all__ = ["SingleStore"]


class SingleStore:
    """Answers once a change is on its disk; the other nodes, if there are any, refuse.

    Attributes:
        values: What is stored.
    """

    JOURNAL = "journal"

    def __init__(self, context: Context) -> None:
        self.context = context
        self.values: dict[str | None, Any] = {}
        for line in context.files.get(self.JOURNAL, b"").splitlines():
            key, value = json.loads(line)
            self.values[key] = value

    def start(self) -> Effects:
        return None

    def message(self, sender: str, message: Any) -> Effects:
        return self.on_request(sender, message) if isinstance(message, Request) else None

    def timer(self, name: str) -> Effects:
        return None

    def serves(self, invocation: Invocation) -> bool:
        """Return whether this node is the one to serve *invocation*."""
        return self.context.name == self.context.nodes[0]

    def on_request(self, sender: str, request: Request) -> Effects:
        if not isinstance(request.body, Invocation) or not self.serves(request.body):
            return [reply(sender, request, error="not served here")]
        try:
            answer, changed = store.apply(self.values, request.body)
        except store.Refused as refused:
            return [reply(sender, request, error=str(refused))]
        return [*self.kept(request.body.key, changed), reply(sender, request, answer)]

    def kept(self, key: str | None, changed: bool) -> list[Effect]:
        """Return the effects that make the value of *key* durable, if it has *changed*."""
        if not changed:
            return []
        return [Persist(self.JOURNAL, json.dumps([key, self.values[key]]).encode() + b"\n", append=True)]
