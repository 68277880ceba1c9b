"""A replica of CRDTs: answers at once from its own state, and gossips that state with others, which merge it.

Shapiro, Preguiça, Baquero & Zawirski, "Conflict-free replicated data types" (SSS 2011), section 2.3, state-based
objects: an update changes the state of one replica; a merge is commutative, associative and idempotent, so neither the
order of messages nor how often they arrive matters. The actor of an update is the name of the node, for its lifetime:
its number must never fall back, so the state is on disk before anybody hears of it.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar, Protocol

import attrs

from chaoslab.parameters import DURATION, parameter
from chaoslab.statemachine import Context, Effect, Effects, Persist, Probe, Request, Send, SetTimer, reply
from chaoslab.units import NS_PER_S

__all__ = ["Crdt", "Replica", "Settings", "State"]


class Crdt(Protocol):
    """A state that can be merged."""

    def update(self, actor: str, f: str, argument: Any, /) -> bool:
        """Carry an operation out as *actor*; return whether anything changed."""

    @property
    def value(self) -> Any:
        """What a client reads."""

    def merge(self, other: Any, /) -> bool:
        """Take over what *other* knows; return whether anything changed."""

    def written(self) -> Any:
        """Return the state as it is sent and stored."""


@attrs.frozen
class State:
    """Gossip: all that I have. *answer* is set in the gossip that answers one."""

    objects: tuple[tuple[str | None, Any], ...]
    answer: bool = False


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of CRDTs by gossip."""

    gossip_ns: int = parameter(DURATION, "How often a replica gossips with another one.", default=200_000_000)

    @property
    def gossip_s(self) -> float:
        """Seconds between two rounds."""
        return self.gossip_ns / NS_PER_S


class Replica:
    """Holds one object a key.

    Probes: ``updated``: an update is durable here and known nowhere else; ``merged``: gossip brought something new.

    Attributes:
        OBJECT: What an object is made by: of what was written of one, or of nothing.
    """

    OBJECT: ClassVar[type[Any]]

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.peers = context.peers
        self.random = context.random
        self.settings: Settings = context.settings or Settings()
        self.objects: dict[str | None, Crdt] = {}
        self.latest: dict[str, int] = {}
        """The number of the latest request of each client: a message that comes twice is no second update."""
        for content in context.files.values():
            self.take_up(json.loads(content))

    def take_up(self, record: Any) -> None:
        """Take up what the disk kept of one object."""
        key, written, latest = record
        self.objects[key] = self.OBJECT(written)
        for client, number in latest.items():
            self.latest[client] = max(number, self.latest.get(client, 0))

    def start(self) -> Effects:
        return [SetTimer("gossip", self.settings.gossip_s)]

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Request):
            return self.on_request(sender, message)
        if isinstance(message, State):
            return self.on_state(sender, message)
        return None

    def on_request(self, sender: str, request: Request) -> Effects:
        """Do what a client asks, here and now."""
        f, key = request.body.f, request.body.key
        one = self.object(key)
        if f == "read":
            return [reply(sender, request, one.value)]
        if request.id <= self.latest.get(sender, 0):
            return None
        try:
            answer = self.carry_out(one, f, request.body.value)
        except ValueError as refused:
            return [reply(sender, request, error=str(refused))]
        self.latest[sender] = request.id
        return [*self.record(key), Probe("updated"), reply(sender, request, answer)]

    def carry_out(self, one: Any, f: str, argument: Any) -> Any:
        """Update an object; return what the client is told of it.

        Raises:
            ValueError: the object does not know the operation.
        """
        one.update(self.actor(), f, argument)

    def actor(self) -> str:
        """Return the name under which updates are made here."""
        return self.name

    def object(self, key: str | None) -> Crdt:
        """Return the object of *key*, a new one if there is none."""
        return self.objects.setdefault(key, self.OBJECT())

    def record(self, key: str | None) -> list[Effect]:
        """Put the object of *key* on the disk."""
        content = json.dumps([key, self.object(key).written(), self.latest])
        return [Persist(f"key {key}", content.encode())]

    # Gossip

    def timer(self, name: str) -> Effects:
        again: list[Effect] = [SetTimer("gossip", self.settings.gossip_s)]
        return [Send(self.random.pick(self.peers), self.state()), *again] if self.peers else again

    def state(self, *, answer: bool = False) -> State:
        """Return all that is known here."""
        return State(tuple((key, one.written()) for key, one in self.objects.items()), answer)

    def on_state(self, sender: str, state: State) -> Effects:
        """Merge, and answer with the outcome: whoever gossips learns, too (push and pull)."""
        changed = [key for key, written in state.objects if self.object(key).merge(self.OBJECT(written))]
        effects = [effect for key in changed for effect in self.record(key)]
        if changed:
            effects.append(Probe("merged"))
        return effects if state.answer else [*effects, Send(sender, self.state(answer=True))]
