"""A node of a log store: commands become durable in its write-ahead log, then take effect, then are answered.

Rules:

1. One batch is written at a time; what comes meanwhile is the next batch (group commit). Nothing takes effect, and
   nobody can read it, before it is durable: so what a failed write leaves behind was never there.
2. A timer of no length behind a ``Persist`` says that it is durable.
3. A sync that failed is never tried again: the pages count as clean, and the second one would succeed and save nothing.
   The node panics, and a new life takes up what the disk really has (Rebello et al., ATC 2020).
4. A full disk may have taken a part of a record. It is cut off, durably, before anything else is written or refused.
5. A node whose log is damaged in the middle refuses everything, for ever.
"""

from __future__ import annotations

import errno
from typing import Any, ClassVar

from chaoslab.statemachine import (
    Become,
    Context,
    Effect,
    Effects,
    Persist,
    Probe,
    Remove,
    Request,
    SetTimer,
    Sync,
    Truncate,
    reply,
)
from chaoslab_protocols import records
from chaoslab_protocols.log_store import segments
from chaoslab_protocols.log_store.segments import Recovered, path_of
from chaoslab_protocols.log_store.settings import Settings
from chaoslab_protocols.log_store.topics import COMMANDS, READS, Command, Topics
from chaoslab_protocols.records import Record

__all__ = ["DAMAGED", "DISK_FULL", "SERVING", "Server"]

SERVING = "serving"
DAMAGED = "damaged"
DISK_FULL = "the disk is full"

_DURABLE = "durable"
_ROTATED = "rotated"


class Server:
    """One node.

    Probes: ``writing``: a batch is about to be written; ``logged``: it is durable and has not taken effect;
    ``rotated``: a new segment is there; ``tail cut``: what a crash or a full disk left of a record was cut off;
    ``damaged``: the log is damaged.

    Attributes:
        topics: What has taken effect.
        number: The number of the segment that is written to; 0: there is none yet.
        oldest: The number of the oldest segment that is needed.
        size: How many of its bytes are durable.
        batch: The requests that are being made durable, each with its sender.
        waiting: Those that come after them.
    """

    topics_class: ClassVar[type[Topics]] = Topics

    def __init__(self, context: Context) -> None:
        self.settings: Settings = context.settings or Settings()
        self.recovered = self.recover(context)
        self.topics = self.recovered.topics
        self.number, self.oldest, self.size = self.recovered.number, self.recovered.oldest, self.recovered.size
        self.written = 0
        self.batch: list[tuple[str, Request]] = []
        self.waiting: list[tuple[str, Request]] = []
        self.is_writing = False

    def recover(self, context: Context) -> Recovered:
        """Return what the disk says."""
        return segments.recover(context.files, self.topics_class)

    def start(self) -> Effects:
        """Begin behind the last good record, with everything durable that was read."""
        found = self.recovered
        if found.damage is not None:
            return [Probe("damaged"), Become(DAMAGED)]
        removed: list[Effect] = [Remove(path) for path in found.useless]
        cut: list[Effect] = [Truncate(path_of(self.number), self.size), Probe("tail cut")] if found.torn else []
        synced: list[Effect] = [Sync(path_of(self.number))] if self.number else []
        return [*removed, *cut, *synced, Become(SERVING)]

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, Request):
            return None
        if self.recovered.damage is not None:
            return [reply(sender, message, error=f"the log is damaged: {self.recovered.damage}")]
        f = message.body.f
        if f in READS:
            return [reply(sender, message, self.topics.read(message.body.key))]
        if f not in COMMANDS:
            return [reply(sender, message, error=f"a log store does not know {f!r}")]
        if message.id == self.topics.last(sender):
            return [reply(sender, message, self.topics.answered(sender))]
        if message.id <= self.latest(sender):
            return None  # it is being written, or was given up by who asked for it
        self.waiting.append((sender, message))
        return None if self.is_writing else self.write()

    def latest(self, client: str) -> int:
        """Return the highest number of a command of *client* that was carried out or is on its way."""
        under_way = [request.id for sender, request in (*self.batch, *self.waiting) if sender == client]
        return max((*under_way, self.topics.last(client)))

    # Writing

    def write(self) -> list[Effect]:
        """Make the next batch durable, in a new segment if this one is full."""
        self.is_writing = True
        if self.number == 0 or self.size >= self.settings.segment_bytes:
            return [*self.begin_segment(self.number + 1), Probe("rotated"), SetTimer(_ROTATED, 0.0)]
        self.batch = self.waiting[: self.settings.batch]
        del self.waiting[: self.settings.batch]
        saved = self.save(segments.batch_record([self.command(*one) for one in self.batch]))
        self.written = segments.size_of([saved])
        return [Probe("writing"), saved, Probe("logged"), SetTimer(_DURABLE, 0.0)]

    def begin_segment(self, number: int) -> list[Effect]:
        """Return the effects that make the segment *number*, all of it or nothing."""
        effects = records.replace(path_of(number), [segments.begin(number, self.topics)])
        self.written = segments.size_of(effects)
        return effects

    def save(self, record: Record) -> Persist:
        """Return the effect that makes *record* durable."""
        return segments.save(self.number, record)

    def command(self, sender: str, request: Request) -> Command:
        return Command(sender, request.id, request.body)

    def timer(self, name: str) -> Effects:
        self.is_writing = False
        if name == _ROTATED:
            return [*self.take_segment(), *self.go_on()]
        self.size += self.written
        done, self.batch = self.batch, []
        answers = [
            reply(sender, request, self.topics.apply(self.command(sender, request), self.number))
            for sender, request in done
        ]
        return [*answers, *self.go_on()]

    def take_segment(self) -> list[Effect]:
        """Write to the new segment from now on, and remove those that it makes superfluous."""
        self.number, self.size = self.number + 1, self.written
        needed = self.topics.oldest(self.number)
        removed: list[Effect] = [Remove(path_of(number)) for number in range(self.oldest, needed)]
        self.oldest = needed
        return [*removed]

    def go_on(self) -> list[Effect]:
        return self.write() if self.waiting else []

    # When the disk fails

    def disk_error(self, path: str, error: OSError) -> Effects:
        """Refuse what does not fit; with any other error nobody knows what the disk has, and the node panics."""
        if error.errno != errno.ENOSPC:
            return self.cannot_know(path, error)
        refused = [*self.batch, *self.waiting]
        self.batch, self.waiting, self.is_writing = [], [], False
        refusals = [reply(sender, request, error=DISK_FULL) for sender, request in refused]
        return [*self.undo(path), *refusals]

    def cannot_know(self, path: str, error: OSError) -> Effects:
        """Panic: what was not synced may be anywhere or nowhere."""
        raise error

    def undo(self, path: str) -> list[Effect]:
        """Take back what a full disk has taken of a write to *path*."""
        if self.number == 0 or path != path_of(self.number):
            return [Remove(path)]
        return [Truncate(path, self.size), Sync(path), Probe("tail cut")]
