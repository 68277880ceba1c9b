"""A replica of a last-write-wins store: the newest cell of each key, and anti-entropy with the others.

Lakshman & Malik, "Cassandra: a decentralized structured storage system" (2010), section 5; anti-entropy as in Demers et
al., "Epidemic algorithms for replicated database maintenance" (1987), section 1.3, with a plain list of timestamps in
place of Merkle trees. Every node is a replica of every key.
"""

from __future__ import annotations

import json
from typing import Any

from chaoslab.statemachine import Context, Effect, Effects, Persist, Probe, Send, SetTimer
from chaoslab_protocols.last_write_wins.messages import (
    INITIAL,
    Cell,
    Digest,
    Mutation,
    MutationReply,
    ReadReply,
    ReadRequest,
    Repair,
    Timestamp,
)
from chaoslab_protocols.last_write_wins.settings import Settings

__all__ = ["Replica"]

NOTHING = Cell(INITIAL, None)


class Replica:
    """Keeps cells.

    Probes: ``stored``: a cell is durable and nobody knows it yet; ``outdated``: a cell came too late;
    ``repaired``: anti-entropy brought something new.
    """

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.peers = context.peers
        self.random = context.random
        self.settings: Settings = context.settings or Settings()
        self.cells: dict[str | None, Cell] = {}
        self.latest: dict[str, int] = {}
        """The number of the latest request of each client: a message that comes twice is no second write."""
        for content in context.files.values():
            key, (microseconds, writer), value, latest = json.loads(content)
            self.cells[key] = Cell((microseconds, writer), value)
            for client, number in latest.items():
                self.latest[client] = max(number, self.latest.get(client, 0))

    def start(self) -> Effects:
        return [SetTimer("anti-entropy", self.settings.anti_entropy_s)]

    def timer(self, name: str) -> Effects:
        return self.compare() if name == "anti-entropy" else None

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Mutation):
            reply = MutationReply(message.id, message.key, message.cell.timestamp)
            return [*self.store(message.key, message.cell), Send(sender, reply)]
        if isinstance(message, ReadRequest):
            return [Send(sender, ReadReply(message.id, self.cell(message.key)))]
        if isinstance(message, Digest):
            return self.on_digest(sender, message)
        if isinstance(message, Repair):
            stored = [effect for key, cell in message.cells for effect in self.store(key, cell)]
            return [*stored, Probe("repaired")] if stored else None
        return None

    def cell(self, key: str | None) -> Cell:
        """Return what is kept of *key*."""
        return self.cells.get(key, NOTHING)

    def store(self, key: str | None, cell: Cell) -> list[Effect]:
        """Keep *cell* if it is newer: the last write wins."""
        own = self.cell(key)
        if cell.timestamp <= own.timestamp:
            return [Probe("outdated")] if cell.timestamp < own.timestamp else []
        self.cells[key] = cell
        record = json.dumps([key, cell.timestamp, cell.value, self.latest])
        return [Persist(f"key {key}", record.encode()), Probe("stored")]

    # Anti-entropy

    def compare(self) -> list[Effect]:
        """Tell one of the others, at random, what is here."""
        again: list[Effect] = [SetTimer("anti-entropy", self.settings.anti_entropy_s)]
        return [Send(self.random.pick(self.peers), Digest(self.timestamps())), *again] if self.peers else again

    def timestamps(self) -> tuple[tuple[str | None, Timestamp], ...]:
        """Return when each cell was written."""
        return tuple((key, cell.timestamp) for key, cell in self.cells.items())

    def on_digest(self, sender: str, digest: Digest) -> Effects:
        """Send what the sender lacks; if it may have what is lacking here, ask with a digest of one's own."""
        theirs = dict(digest.timestamps)
        newer = tuple((key, cell) for key, cell in self.cells.items() if self.lacks(theirs, key, cell.timestamp))
        own = dict(self.timestamps())
        effects: list[Effect] = [Send(sender, Repair(newer))] if newer else []
        if not digest.answer and any(self.lacks(own, key, timestamp) for key, timestamp in digest.timestamps):
            effects.append(Send(sender, Digest(self.timestamps(), answer=True)))
        return effects

    def lacks(self, known: dict[str | None, Timestamp], key: str | None, timestamp: Timestamp) -> bool:
        """Return whether who has what is *known* lacks what was written to *key* at *timestamp*."""
        return known.get(key, INITIAL) < timestamp
