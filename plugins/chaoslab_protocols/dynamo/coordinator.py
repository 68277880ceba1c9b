"""A node that coordinates gets and puts: N, R and W, sloppy quorums, read repair.

DeCandia et al. 2007, sections 4.4 to 4.6. Any node may be asked. A get is coordinated by whoever is asked; a put by a
node on the preference list, to which others forward it, or, if none of those answers, by whoever was asked.

Rules:

1. The coordinator of a put stores it first: its number for the new sibling is then taken for good.
2. Who does not keep a key, or not any longer, numbers under a new name (``actor``): numbers of one name never begin
   anew.
3. Those that do not answer in time are suspected until they are heard of, and with ``sloppy`` the next nodes on the
   ring stand in for them, each with a hint. They count.
4. A put that comes twice is one put, also at another node that it was forwarded to before.
"""

from __future__ import annotations

import json
from typing import Any

import attrs

from chaoslab.statemachine import Context, Effect, Effects, Persist, Probe, Request, Send, SetTimer, reply
from chaoslab_protocols.dynamo.messages import Fetch, Fetched, Forward, Get, Got, Put, Store, Stored
from chaoslab_protocols.dynamo.replica import REQUESTS, Replica
from chaoslab_protocols.dynamo.versions import EMPTY, Object, merged, updated

__all__ = ["Coordinator", "Operation"]


@attrs.define
class Operation:
    """An operation under way.

    Attributes:
        client: Who asked.
        request: What for.
        key: The key.
        object: What is written, or all that was read so far.
        asked: The nodes that were asked, each with the nodes for which it stands in.
        answered: Those that have answered, each with what it had.
        over: Whether the client has its answer.
        stood_in: Whether others were asked already to stand in.
    """

    client: str
    request: Request
    key: str | None
    object: Object
    asked: dict[str, tuple[str, ...]] = attrs.field(factory=dict)
    answered: dict[str, Object] = attrs.field(factory=dict)
    over: bool = False
    stood_in: bool = False

    @property
    def reads(self) -> bool:
        """Whether it is a get."""
        return isinstance(self.request.body, Get)


class Coordinator(Replica):
    """A node.

    Probes: ``put``: a put is durable at its coordinator and nowhere else; ``hinted``: another node stands in;
    ``read-repair``: a node of a get was behind.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.last_id = context.random.below(1 << 30) << 20  # answers to what was asked before a crash fit nothing
        self.operations: dict[int, Operation] = {}
        self.suspected: dict[str, None] = {}

    def message(self, sender: str, message: Any) -> Effects:
        self.suspected.pop(sender, None)
        if isinstance(message, Request):
            return self.on_request(sender, message)
        if isinstance(message, Forward):
            return self.on_forward(message)
        if isinstance(message, Fetched):
            return self.on_answer(sender, message.id, message.object)
        return super().message(sender, message)

    def timer(self, name: str) -> Effects:
        if name in ("anti-entropy", "handoff"):
            return super().timer(name)
        return self.late(int(name.removeprefix("operation ")))

    # What clients ask

    def on_request(self, sender: str, request: Request) -> Effects:
        body = request.body
        if isinstance(body, Get):
            return self.get(sender, request)
        if not isinstance(body, Put):
            return [reply(sender, request, error=f"a Dynamo-style store does not know {body.f!r}")]
        if not self.is_new(sender, request):
            return None
        keepers = self.ring.preference_list(body.key)
        reachable = [node for node in keepers if node not in self.suspected]
        if self.name in keepers or not reachable:
            return self.put(sender, request)
        return [self.remembered(), Send(reachable[0], Forward(sender, request))]

    def on_forward(self, message: Forward) -> Effects:
        return self.put(message.client, message.request) if self.is_new(message.client, message.request) else None

    def is_new(self, client: str, request: Request) -> bool:
        """Return whether this is not a put that came before."""
        if request.id <= self.latest.get(client, 0):
            return False
        self.latest[client] = request.id
        return True

    def remembered(self) -> Effect:
        """Return the effect that puts on the disk which puts have come."""
        return Persist(REQUESTS, json.dumps(self.latest).encode())

    def begin(self, client: str, request: Request, one: Object) -> tuple[int, Operation]:
        self.last_id += 1
        operation = Operation(client, request, request.body.key, one)
        self.operations[self.last_id] = operation
        return self.last_id, operation

    def put(self, client: str, request: Request) -> list[Effect]:
        """Coordinate a put: store it here, then at the other nodes that keep the key."""
        body: Put = request.body
        keepers = self.ring.preference_list(body.key)
        current = self.object(body.key)
        new = updated(current, body.context, self.actor(body.key), *body.values)
        kept_for = () if self.name in keepers else keepers
        stored = self.store(body.key, new, kept_for)
        id, operation = self.begin(client, request, self.object(body.key))
        operation.asked = dict.fromkeys(keepers, ())
        sent = [Send(node, Store(id, body.key, operation.object)) for node in keepers if node != self.name]
        wait = SetTimer(f"operation {id}", self.settings.patience_s)
        return [self.remembered(), *stored, Probe("put"), *sent, wait, *self.on_answer(self.name, id, new)]

    def actor(self, key: str | None) -> str:
        """Return the name under which this node numbers what it makes of *key*: a new one if it kept nothing of it."""
        if key not in self.actors:
            self.actors[key] = f"{self.name}.{self.random.below(1 << 40)}"
        return self.actors[key]

    def get(self, client: str, request: Request) -> list[Effect]:
        """Coordinate a get: ask all that keep the key."""
        body: Get = request.body
        keepers = self.ring.preference_list(body.key)
        id, operation = self.begin(client, request, EMPTY)
        operation.asked = dict.fromkeys(keepers, ())
        sent = [Send(node, Fetch(id, body.key)) for node in keepers if node != self.name]
        own = self.on_answer(self.name, id, self.object(body.key)) if self.name in keepers else []
        return [*sent, SetTimer(f"operation {id}", self.settings.patience_s), *own]

    # What nodes answer

    def on_stored(self, sender: str, message: Stored) -> Effects:
        handed_over = super().on_stored(sender, message) or []
        operation = self.operations.get(message.id)
        if operation is None or operation.reads:
            return handed_over
        return [*handed_over, *self.on_answer(sender, message.id, operation.object)]

    def on_answer(self, node: str, id: int, one: Object) -> list[Effect]:
        """*node* has stored the put *id*, or has *one* for the get *id*; answer the client when enough have."""
        operation = self.operations.get(id)
        if operation is None or node in operation.answered:
            return []
        operation.answered[node] = one
        if operation.reads:
            operation.object = merged(operation.object, one)
        effects: list[Effect] = []
        if not operation.over and self.enough(operation):
            operation.over = True
            effects.append(self.answer(operation))
        if len(operation.answered) >= len(operation.asked):
            effects += self.end(id)
        return effects

    def enough(self, operation: Operation) -> bool:
        """Return whether R or W nodes have answered, or all that there are."""
        needed = self.settings.reads if operation.reads else self.settings.writes
        return len(operation.answered) >= min(needed, len(self.ring.nodes))

    def answer(self, operation: Operation) -> Effect:
        if operation.reads:
            return reply(operation.client, operation.request, Got(operation.object.values, operation.object.clock))
        return reply(operation.client, operation.request)

    def late(self, id: int) -> list[Effect]:
        """Some nodes have not answered in time: let others stand in for them, once; then give up."""
        operation = self.operations.get(id)
        if operation is None:
            return []
        missing = [node for node in operation.asked if node not in operation.answered]
        for node in missing:
            self.suspected[node] = None
        if operation.stood_in or not self.settings.sloppy:
            return self.end(id)
        operation.stood_in = True
        return [*self.stand_in(id, operation, missing), SetTimer(f"operation {id}", self.settings.patience_s)]

    def stand_in(self, id: int, operation: Operation, missing: list[str]) -> list[Effect]:
        """Ask the next nodes on the ring to stand in for *missing*: a sloppy quorum, with hints."""
        others = [node for node in self.ring.walk(operation.key) if node not in operation.asked]
        others = [node for node in others if node not in self.suspected]
        effects: list[Effect] = []
        for node, absent in zip(others, missing, strict=False):
            operation.asked[node] = (absent,)
            if node == self.name:
                effects += self.on_answer(node, id, self.object(operation.key))
            elif operation.reads:
                effects.append(Send(node, Fetch(id, operation.key)))
            else:
                effects.append(Send(node, Store(id, operation.key, operation.object, (absent,))))
        return [*effects, Probe("hinted")] if effects else []

    def end(self, id: int) -> list[Effect]:
        """Wait for nobody any longer; after a get, bring those up to date that were behind."""
        operation = self.operations.pop(id)
        return self.read_repair(operation) if operation.reads else []

    def read_repair(self, operation: Operation) -> list[Effect]:
        """Send what a get found to the nodes on the preference list that answered and had less (section 5)."""
        keepers = self.ring.preference_list(operation.key)
        behind = [node for node, had in operation.answered.items() if had != operation.object and node in keepers]
        effects: list[Effect] = []
        for node in behind:
            if node == self.name:
                effects += self.store(operation.key, operation.object)
            else:
                effects.append(Send(node, Store(0, operation.key, operation.object)))
        return [*effects, Probe("read-repair")] if behind else []
