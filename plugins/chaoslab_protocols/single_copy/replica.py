"""The one node that keeps everything. Others, if there are any, refuse."""

from __future__ import annotations

import json
from typing import Any

from chaoslab.statemachine import Become, Context, Effects, Persist, Request, reply
from chaoslab_protocols import store

__all__ = ["Replica"]


class Replica:
    """Applies operations one after the other, and answers once the change is on its disk."""

    def __init__(self, context: Context) -> None:
        self.is_copy = context.name == context.nodes[0]
        self.values: dict[str | None, Any] = {}
        for line in context.files.get("log", b"").splitlines():
            key, value = json.loads(line)
            self.values[key] = value

    def start(self) -> Effects:
        return [Become("copy")] if self.is_copy else None

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, Request):
            return None
        if not self.is_copy:
            return [reply(sender, message, error="not the copy")]
        try:
            answer, changed = store.apply(self.values, message.body)
        except store.Refused as refused:
            return [reply(sender, message, error=str(refused))]
        if not changed:
            return [reply(sender, message, answer)]
        key = message.body.key
        record = json.dumps([key, self.values[key]]) + "\n"
        return [Persist("log", record.encode(), append=True), reply(sender, message, answer)]

    def timer(self, name: str) -> Effects:
        return None
