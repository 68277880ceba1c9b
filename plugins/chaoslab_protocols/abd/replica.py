"""An ABD replica: keeps, for each key, the value with the highest tag it has seen.

Attiya, Bar-Noy & Dolev, "Sharing memory robustly in message-passing systems" (1995), section 3; with several writers
as in Lynch & Shvartsman, "Robust emulation of shared memory" (1997), section 4.
"""

from __future__ import annotations

import json
from typing import Any

from chaoslab.statemachine import Context, Effect, Effects, Persist, Probe, Send
from chaoslab_protocols.abd.messages import INITIAL, Query, QueryReply, Store, StoreReply, Tag

__all__ = ["Replica"]


class Replica:
    """Answers queries, and stores on its disk before it acknowledges.

    Probes: ``stored``: the value is durable and nobody knows it yet; ``outdated``: a store came too late.
    """

    def __init__(self, context: Context) -> None:
        self.copies: dict[str | None, tuple[Tag, Any]] = {}
        for content in context.files.values():
            key, (counter, writer), value = json.loads(content)
            self.copies[key] = ((counter, writer), value)

    def start(self) -> Effects:
        return None

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Query):
            tag, value = self.copies.get(message.key, (INITIAL, None))
            return [Send(sender, QueryReply(message.phase, tag, value))]
        if isinstance(message, Store):
            return [*self.store(message), Send(sender, StoreReply(message.phase))]
        return None

    def store(self, message: Store) -> list[Effect]:
        """Take over the value if its tag is higher."""
        tag, _ = self.copies.get(message.key, (INITIAL, None))
        if message.tag <= tag:
            return [] if message.tag == tag else [Probe("outdated")]
        self.copies[message.key] = (message.tag, message.value)
        record = json.dumps([message.key, message.tag, message.value])
        return [Persist(f"key {message.key}", record.encode()), Probe("stored")]

    def timer(self, name: str) -> Effects:
        return None
