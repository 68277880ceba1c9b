"""A node's own part of a Dynamo-style store: objects on its disk, hinted replicas, anti-entropy.

DeCandia et al., "Dynamo: Amazon's highly available key-value store" (SOSP 2007), sections 4.6 (hinted handoff) and 4.7
(Merkle trees). This file does not know clients.
"""

from __future__ import annotations

import json
from typing import Any

from chaoslab.statemachine import Context, Effect, Effects, Persist, Probe, Remove, Send, SetTimer
from chaoslab_protocols.dynamo.merkle import Merkle, leaf_of
from chaoslab_protocols.dynamo.messages import Compare, Fetch, Fetched, Store, Stored, Transfer
from chaoslab_protocols.dynamo.ring import Ring
from chaoslab_protocols.dynamo.settings import Settings
from chaoslab_protocols.dynamo.versions import EMPTY, Clock, Object, merged

__all__ = ["Replica"]

REQUESTS = "requests"


class Replica:
    """Keeps objects.

    Probes: ``stored``: something new is durable here; ``handed-over``: a node has got what was kept for it;
    ``repaired``: anti-entropy brought something new.

    Attributes:
        objects: What is kept of each key.
        hints: For keys that are kept for others: for whom.
        latest: The number of the latest put of each client.
    """

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.peers = context.peers
        self.random = context.random
        self.settings: Settings = context.settings or Settings()
        self.ring = Ring(context.nodes, replicas=self.settings.replicas)
        self.objects: dict[str | None, Object] = {}
        self.hints: dict[str | None, tuple[str, ...]] = {}
        self.actors: dict[str | None, str] = {}
        self.latest: dict[str, int] = {}
        for path, content in context.files.items():
            self.take_up(path, json.loads(content))

    def take_up(self, path: str, record: Any) -> None:
        """Take up what the disk kept in one file."""
        if path == REQUESTS:
            self.latest = dict(record)
            return
        key, clock, siblings, hints, actor = record
        self.objects[key] = Object(_tuples(clock), _tuples(siblings))
        if hints:
            self.hints[key] = tuple(hints)
        if actor:
            self.actors[key] = actor

    def start(self) -> Effects:
        return [
            SetTimer("anti-entropy", self.settings.anti_entropy_s),
            SetTimer("handoff", self.settings.handoff_s),
        ]

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Store):
            stored = self.store(message.key, message.object, message.hints)
            return [*stored, Send(sender, Stored(message.id, message.key, message.object.clock))]
        if isinstance(message, Stored):
            return self.on_stored(sender, message)
        if isinstance(message, Fetch):
            return [Send(sender, Fetched(message.id, self.object(message.key)))]
        if isinstance(message, Compare):
            return self.on_compare(sender, message)
        if isinstance(message, Transfer):
            return self.on_transfer(sender, message)
        return None

    def timer(self, name: str) -> Effects:
        if name == "handoff":
            return [*self.hand_over(), SetTimer("handoff", self.settings.handoff_s)]
        return [*self.compare(), SetTimer("anti-entropy", self.settings.anti_entropy_s)]

    def object(self, key: str | None) -> Object:
        """Return what is kept of *key*."""
        return self.objects.get(key, EMPTY)

    def store(self, key: str | None, other: Object, hints: tuple[str, ...] = ()) -> list[Effect]:
        """Merge *other* into what is kept of *key*, for the nodes in *hints* if it is for others."""
        new = merged(self.object(key), other)
        kept_for = tuple(sorted({*self.hints.get(key, ()), *hints}))
        if new == self.object(key) and kept_for == self.hints.get(key, ()):
            return []
        self.objects[key] = new
        if kept_for:
            self.hints[key] = kept_for
        return [self.saved(key), Probe("stored")]

    def saved(self, key: str | None) -> Effect:
        """Return the effect that puts what is kept of *key* on the disk."""
        one = self.object(key)
        record = [key, one.clock, one.siblings, self.hints.get(key, ()), self.actors.get(key)]
        return Persist(f"key {key}", json.dumps(record).encode())

    # Hinted handoff

    def hand_over(self) -> list[Effect]:
        """Send what is kept for others to them."""
        return [Send(node, Store(0, key, self.object(key))) for key, nodes in self.hints.items() for node in nodes]

    def on_stored(self, sender: str, message: Stored) -> Effects:
        """Keep nothing any longer for a node that has it; drop what is kept for nobody."""
        key, hints = message.key, self.hints.get(message.key, ())
        if sender not in hints or not _covers(message.clock, self.object(key).clock):
            return None
        left = tuple(node for node in hints if node != sender)
        del self.hints[key]
        if left:
            self.hints[key] = left
        elif self.name not in self.ring.preference_list(key):
            return [*self.drop(key), Probe("handed-over")]
        return [self.saved(key), Probe("handed-over")]

    def drop(self, key: str | None) -> list[Effect]:
        """Keep *key* no longer, nor the actor that numbered what was made of it here: see ``Coordinator.actor``."""
        del self.objects[key]
        self.actors.pop(key, None)
        return [Remove(f"key {key}")]

    # Anti-entropy

    def tree(self, peer: str) -> Merkle:
        """Return the Merkle tree of the keys that both this node and *peer* are to keep."""
        return Merkle((key, one) for key, one in self.objects.items() if self.in_range(key, peer))

    def in_range(self, key: str | None, peer: str) -> bool:
        """Return whether this node and *peer* both are to keep *key*."""
        keepers = self.ring.preference_list(key)
        return self.name in keepers and peer in keepers

    def compare(self) -> list[Effect]:
        """Send the root of the tree to one of the others, at random."""
        if not self.peers:
            return []
        peer = self.random.pick(self.peers)
        return [Send(peer, Compare(((1, self.tree(peer).hashes[1]),)))]

    def on_compare(self, sender: str, message: Compare) -> Effects:
        """Go on with the children of the vertices that differ; send what is in leaves that do."""
        tree = self.tree(sender)
        differing = tree.differing(message.hashes)
        leaves = tuple(vertex for vertex in differing if tree.is_leaf(vertex))
        below = [child for vertex in differing if not tree.is_leaf(vertex) for child in (2 * vertex, 2 * vertex + 1)]
        effects: list[Effect] = []
        if leaves:
            effects.append(Send(sender, self.transfer(leaves, sender)))
        if below:
            effects.append(Send(sender, Compare(tuple((vertex, tree.hashes[vertex]) for vertex in below))))
        return effects

    def transfer(self, leaves: tuple[int, ...], peer: str, *, answer: bool = False) -> Transfer:
        """Return all that is here in *leaves* and that *peer* is to keep too."""
        shared = [(key, one) for key, one in self.objects.items() if self.in_range(key, peer)]
        return Transfer(leaves, tuple((key, one) for key, one in shared if leaf_of(key) in leaves), answer)

    def on_transfer(self, sender: str, message: Transfer) -> Effects:
        """Merge, and answer with the outcome."""
        stored = [effect for key, one in message.objects for effect in self.store(key, one)]
        repaired = [Probe("repaired")] if stored else []
        if message.answer:
            return [*stored, *repaired]
        return [*stored, *repaired, Send(sender, self.transfer(message.leaves, sender, answer=True))]


def _tuples(written: Any) -> tuple[Any, ...]:
    return tuple(_value(one) for one in written)


def _value(written: Any) -> Any:
    return tuple(map(_value, written)) if isinstance(written, list) else written


def _covers(one: Clock, other: Clock) -> bool:
    seen = dict(one)
    return all(number <= seen.get(actor, 0) for actor, number in other)
