"""A frontend: what clients ask. It looks aside into the cache, and is the one who fills it and deletes from it.

A read asks the cache; on a miss the replica, or the primary if the key was written a moment ago; then the primary; and
when no database answers the cache once more, for what has expired. A write goes to the primary, then the key is
deleted from the cache, and the client is answered without waiting for that.

Each step is given a short time and done once, and all of them take less time than the client waits: what nobody waits
for any more is not asked for.
"""

from __future__ import annotations

import zlib
from typing import Any

import attrs

from chaoslab.statemachine import Become, CancelTimer, Context, Effect, Effects, Request, Send, SetTimer, reply
from chaoslab_protocols import store
from chaoslab_protocols.cache.messages import (
    Delete,
    Fill,
    Found,
    Get,
    Missed,
    Read,
    ReadReply,
    Refused,
    Write,
    WriteReply,
)
from chaoslab_protocols.cache.settings import Layout, Settings

__all__ = ["FRONTEND", "Frontend", "Operation"]

FRONTEND = "frontend"


@attrs.define
class Operation:
    """An operation under way.

    Attributes:
        client: Who asked.
        request: What for.
        steps: Where it asks when there is no answer: ``"replica"``, ``"primary"``, ``"stale"``.
        asks_cache: It has not asked a database yet. What the cache answers later does not count: a lease is good only
            for what is read from a database after it was given.
        token: The lease with which it may fill the cache, or None.
    """

    client: str
    request: Request
    steps: list[str] = attrs.field(factory=lambda: ["replica", "primary", "stale"])
    asks_cache: bool = True
    token: int | None = None


class Frontend:
    """A frontend, with nothing to lose.

    Attributes:
        WAIT_S: Seconds that each step is given.
        AGAIN_S: Seconds after which a cache is asked again whose lease somebody else has.
    """

    WAIT_S = 0.15
    AGAIN_S = 0.02

    def __init__(self, context: Context, layout: Layout) -> None:
        self.settings: Settings = context.settings or Settings()
        self.layout = layout
        self.last_id = context.random.below(1 << 30) << 20  # answers to an earlier life fit nothing
        self.operations: dict[int, Operation] = {}
        self.latest: dict[str, int] = {}

    def start(self) -> Effects:
        return [Become(FRONTEND)]

    def cache_of(self, key: str | None) -> str:
        """Return the cache that has *key*."""
        return self.layout.caches[zlib.crc32(repr(key).encode()) % len(self.layout.caches)]

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Request):
            return self.on_request(sender, message)
        operation = self.operations.get(getattr(message, "id", 0))
        if operation is None:
            return None  # given up, or answered
        if isinstance(message, Found):
            return self.end(message.id, message.value)
        if isinstance(message, Missed):
            return self.on_missed(message, operation)
        if isinstance(message, ReadReply):
            return self.on_read_reply(message, operation)
        if isinstance(message, Refused):
            return self.go_on(message.id)
        if isinstance(message, WriteReply):
            deleted = Send(self.cache_of(operation.request.body.key), Delete(operation.request.body.key))
            return [deleted, *self.end(message.id, None)]
        return None

    def on_request(self, sender: str, request: Request) -> Effects:
        f, key = request.body.f, request.body.key
        if f not in (*store.READS, "write", "put"):
            return [reply(sender, request, error=f"a cache does not know {f!r}")]
        if request.id <= self.latest.get(sender, 0):
            return None  # it came twice
        self.latest[sender] = request.id
        self.last_id += 1
        self.operations[self.last_id] = Operation(sender, request)
        wait = SetTimer(f"wait {self.last_id}", self.WAIT_S)
        if f in store.READS and not self.settings.caching:
            self.operations[self.last_id].steps.remove("stale")
            return self.go_on(self.last_id)
        if f in store.READS:
            return [Send(self.cache_of(key), Get(self.last_id, key)), wait]
        write = Write(self.last_id, key, request.body.value, sender, request.id)
        return [Send(self.layout.primary, write), SetTimer(f"wait {self.last_id}", 4 * self.WAIT_S)]

    def on_missed(self, message: Missed, operation: Operation) -> Effects:
        """Read from a database, with the lease; or wait until who has it has filled the cache."""
        if not operation.steps:
            return self.give_up(message.id)
        if not operation.asks_cache:
            return None
        if message.token is None:
            return [SetTimer(f"again {message.id}", self.AGAIN_S)]
        operation.token = message.token
        if message.marked:
            operation.steps.remove("replica")
        return self.go_on(message.id)

    def on_read_reply(self, message: ReadReply, operation: Operation) -> Effects:
        filled: list[Effect] = []
        if operation.token is not None:
            key = operation.request.body.key
            filled = [Send(self.cache_of(key), Fill(key, operation.token, message.value))]
        return [*filled, *self.end(message.id, message.value)]

    def timer(self, name: str) -> Effects:
        kind, number = name.split()
        operation = self.operations.get(int(number))
        if operation is None:
            return None
        if kind == "again" and operation.asks_cache:
            key = operation.request.body.key
            return [Send(self.cache_of(key), Get(int(number), key))]
        return self.go_on(int(number)) if kind == "wait" else None

    def go_on(self, id: int) -> list[Effect]:
        """Ask where operation *id* is to ask next."""
        operation = self.operations[id]
        if operation.request.body.f not in store.READS:
            del self.operations[id]  # nobody knows, and the client is told nothing
            return []
        if not operation.steps:
            return self.give_up(id)
        operation.asks_cache = False
        step = operation.steps.pop(0)
        return [self.ask(step, id, operation.request.body.key), SetTimer(f"wait {id}", self.WAIT_S)]

    def ask(self, step: str, id: int, key: str | None) -> Send:
        """Return the question of one step."""
        if step == "stale":
            return Send(self.cache_of(key), Get(id, key, stale=True))
        return Send(self.layout.replica if step == "replica" else self.layout.primary, Read(id, key))

    def give_up(self, id: int) -> list[Effect]:
        """Tell the client that there is no answer to be had."""
        operation = self.operations.pop(id)
        return [CancelTimer(f"wait {id}"), reply(operation.client, operation.request, error="nobody answers")]

    def end(self, id: int, value: Any) -> list[Effect]:
        """Answer the client."""
        operation = self.operations.pop(id)
        return [CancelTimer(f"wait {id}"), reply(operation.client, operation.request, value)]
