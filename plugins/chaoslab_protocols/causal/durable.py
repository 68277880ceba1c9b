"""What a replica of a causal store has on its disk: the newest write of each key, and its own that others may lack.

A log of committed writes, which is replaced by a snapshot of the state whenever it has grown long. This file does not
know dependencies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chaoslab.statemachine import Context, Effect
from chaoslab_protocols import records
from chaoslab_protocols.causal.messages import Vector, Write
from chaoslab_protocols.causal.settings import Settings

__all__ = ["Durable"]

LOG = "log"


class Durable:
    """The state that survives.

    Attributes:
        SNAPSHOT_EVERY: After how many records the log is replaced by a snapshot.
        place: This replica's place in the list of replicas.
        committed: How many writes of each replica have been committed here.
        time: The Lamport time.
        cells: The write of each key that has won so far.
        own: Writes made here that some other replica may lack, by their number.
        latest: The number of the latest write that each client asked for here.
    """

    SNAPSHOT_EVERY = 100

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.replicas = context.nodes
        self.settings: Settings = context.settings or Settings()
        self.place = self.replicas.index(self.name)
        self.committed: Vector = (0,) * len(self.replicas)
        self.time = 0
        self.cells: dict[str | None, Write] = {}
        self.own: dict[int, Write] = {}
        self.latest: dict[str, int] = {}
        self.logged = 0
        self.restore(context.files)

    def restore(self, files: Mapping[str, bytes]) -> None:
        """Take up what the disk kept, up to the first damaged record."""
        for record in records.read(files.get(LOG, b"")):
            if record is None:
                break
            self.take_up(record)

    def take_up(self, record: records.Record) -> None:
        """Do again what one record of the log says."""
        self.logged += 1
        kind, *content = record
        if kind == "write":
            written, latest = content
            write = _write_read(written)
            if write.origin == self.place:
                self.own[write.number] = write
            self.apply(write)
            self.latest.update(latest)
        elif kind == "latest":
            self.latest.update(content[0])
        else:
            self.logged = 1
            committed, self.time, cells, own, latest = content
            self.committed = tuple(committed)
            self.cells = {write.key: write for write in map(_write_read, cells)}
            self.own = {write.number: write for write in map(_write_read, own)}
            self.latest = dict(latest)

    def apply(self, write: Write) -> None:
        """Count *write* as committed; it shows if no newer one does."""
        self.committed = tuple(
            write.number if place == write.origin else count for place, count in enumerate(self.committed)
        )
        self.time = max(self.time, write.version[0])
        cell = self.cells.get(write.key)
        if cell is None or cell.version < write.version:
            self.cells[write.key] = write

    def commit(self, write: Write) -> list[Effect]:
        """Commit *write*; what follows waits until it is on the disk."""
        self.apply(write)
        latest = self.latest if write.origin == self.place else {}
        return self.save(["write", _written(write), dict(latest)])

    def save_latest(self, client: str) -> list[Effect]:
        """Remember across a crash which was the latest write that *client* asked for."""
        return self.save(["latest", {client: self.latest[client]}])

    def save(self, record: records.Record) -> list[Effect]:
        """Append *record* to the log, or put a snapshot in its place."""
        self.logged += 1
        if self.logged <= self.SNAPSHOT_EVERY:
            return [records.append(LOG, [record])]
        self.logged = 1
        return records.replace(LOG, [self.snapshot()])

    def snapshot(self) -> records.Record:
        """Return the whole state as one record."""
        cells = [_written(write) for write in self.cells.values()]
        own = [_written(write) for write in self.own.values()]
        return ["snapshot", self.committed, self.time, cells, own, dict(self.latest)]


def _written(write: Write) -> list[Any]:
    return [write.key, write.value, write.version, write.origin, write.number, write.dependencies]


def _write_read(written: Any) -> Write:
    key, value, version, origin, number, dependencies = written
    return Write(key, value, (version[0], version[1]), origin, number, tuple(dependencies))
