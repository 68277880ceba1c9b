"""The disk of a server that replicates updates: its state, the updates that it has sent on, and where it stands.

Rules:

1. A record is ``["place", ...]`` (the configuration or view), ``["state", number, snapshot]`` or ``["update", ...]``;
   what the file says last holds.
2. A record is written with a barrier, so only the last one may be cut short by a crash. Nobody was answered for it: it
   is dropped, and the file is put in order before anything is appended to it.
3. A state that was transferred takes the place of all that was written before it, so the file begins anew with it.

Chain replication and synchronous primary-backup keep this. It does not know who their places name.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import attrs

from chaoslab.statemachine import Effect, Persist
from chaoslab_protocols import records
from chaoslab_protocols.session_store import SessionStore, Snapshot, Update

__all__ = ["JOURNAL", "UpdateJournal", "whole_records"]

JOURNAL = "journal"


def whole_records(content: bytes) -> list[records.Record]:
    """Return the records of a file without one that a crash cut short."""
    return [record for record in records.read(content) if record is not None]


class UpdateJournal:
    """State and log of one server.

    Attributes:
        installed_in: The number of the configuration in which it was last given the state, 0 if never.
        store: The state after all updates that it has.
        sent: The updates that the last of those that need them is not known to have. After a restart that is all since
            the last transfer.
        acked: The position up to which the last of those has everything, as far as is known here.
    """

    def __init__(self, content: bytes) -> None:
        self.installed_in = 0
        self.store = SessionStore()
        self.sent: deque[Update] = deque()
        self.acked = 0
        self._whole = whole_records(content)
        self._is_cut_short = None in records.read(content)
        for record in self._whole:
            self.read(record)

    def read(self, record: records.Record) -> None:
        """Take a record into memory."""
        kind, *rest = record
        if kind == "place":
            self.read_place(rest)
        elif kind == "state":
            number, snapshot = rest
            self.take(number, Snapshot(*snapshot))
        else:
            self.add(Update.of_line(rest))

    def read_place(self, written: list[Any]) -> None:
        """Take a configuration or view into memory."""
        raise NotImplementedError

    def place_written(self) -> Sequence[Any]:
        """Return the configuration or view as JSON can hold it."""
        raise NotImplementedError

    def put_in_order(self) -> list[Effect]:
        """Write the file anew without a record that was cut short, if there is one. To be done first after a start."""
        whole, self._whole = self._whole, []
        return records.replace(JOURNAL, whole) if self._is_cut_short else []

    # Changes of the state in memory

    def add(self, update: Update) -> None:
        """Apply the next update, which is not acknowledged yet."""
        self.store.apply(update)
        self.sent.append(update)

    def take(self, number: int, snapshot: Snapshot) -> None:
        """Replace everything by *snapshot*, which was given in configuration *number*."""
        self.store.restore(snapshot)
        self.installed_in = number
        self.sent.clear()
        self.acked = snapshot.position

    def settle(self, position: int) -> list[Update]:
        """Take notice that everything up to *position* is acknowledged; return the updates of which that is news."""
        self.acked = max(self.acked, position)
        news: list[Update] = []
        while self.sent and self.sent[0].position <= self.acked:
            news.append(self.sent.popleft())
        return news

    # The same with the disk

    def record(self, updates: Sequence[Update]) -> Persist:
        """Apply *updates* and write them down.

        Raises:
            store.Refused: the first is no operation of a store; nothing has changed.
        """
        for update in updates:
            self.add(update)
        return records.append(JOURNAL, [["update", *update.line()] for update in updates])

    def record_place(self) -> Persist:
        """Write the configuration or view down."""
        return records.append(JOURNAL, [["place", *self.place_written()]])

    def install(self, number: int, snapshot: Snapshot) -> list[Effect]:
        """Replace everything, on the disk too."""
        self.take(number, snapshot)
        return records.replace(JOURNAL, [["place", *self.place_written()], ["state", number, attrs.astuple(snapshot)]])
