"""Rows: for each key the columns lock, write and data (figure 5), and the records of them on a disk.

Rules:

1. ``data`` holds values by the start_ts of who wrote them, ``write`` says at which commit_ts which of them became
   visible, ``lock`` is there while a transaction that writes the row is under way.
2. A row that a transaction was rolled back on remembers that. In the paper a mutation reaches a row once; here a
   prewrite may come twice, or after its rollback, and must not lock again. (TiKV keeps such records for that reason.)
3. Records: ``["lock", key, start_ts, primary, value]``, ``["write", key, start_ts, commit_ts]``, ``["erase", key,
   start_ts]``. Each is one change of one row, so what a crash leaves is a row before or after it.

This file does not know what transactions are for, nor when a row may be changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import attrs

from chaoslab_protocols.percolator.messages import Lock
from chaoslab_protocols.records import Record
from chaoslab_protocols.two_phase_commit.journal import value_read

__all__ = ["Row", "Rows"]


@attrs.define(eq=False)
class Row:
    """One row.

    Attributes:
        data: start_ts to what was written.
        lock: The lock, or None. There is never more than one.
        writes: start_ts to commit_ts of what is committed, in the order of commit_ts: a row has one lock at a time.
        rolled_back: The start_ts of those that were rolled back here; a dict, for its order.
    """

    data: dict[int, Any] = attrs.field(factory=dict)
    lock: Lock | None = None
    writes: dict[int, int] = attrs.field(factory=dict)
    rolled_back: dict[int, None] = attrs.field(factory=dict)

    @property
    def last_commit_ts(self) -> int:
        """The commit_ts of the latest write, 0 if there is none."""
        return next(reversed(self.writes.values()), 0)

    def is_locked_by(self, start_ts: int) -> bool:
        """Whether the transaction *start_ts* has its lock here."""
        return self.lock is not None and self.lock.start_ts == start_ts

    def value_at(self, timestamp: int) -> Any:
        """Return what the row held at *timestamp*: the data of the latest write that is not after it."""
        seen = (start_ts for start_ts, commit_ts in reversed(self.writes.items()) if commit_ts <= timestamp)
        latest = next(seen, None)
        return None if latest is None else self.data[latest]


class Rows:
    """The rows of a shard: changed by records, and written down as records."""

    def __init__(self, written: Iterable[Record] = ()) -> None:
        self._rows: dict[str, Row] = defaultdict(Row)
        for record in written:
            self.change(record)

    def __getitem__(self, key: str) -> Row:
        return self._rows[key]

    def locked(self) -> list[tuple[str, Lock]]:
        """Return the rows that are locked, and their locks."""
        return [(key, row.lock) for key, row in self._rows.items() if row.lock is not None]

    def change(self, record: Record) -> None:
        """Make the change that *record* says, to one row."""
        kind, key, start_ts, *rest = record
        row = self._rows[key]
        if kind == "lock":
            primary, value = rest
            row.lock = Lock(start_ts, primary)
            row.data[start_ts] = value_read(value)
            return
        if kind == "write":
            row.writes[start_ts] = rest[0]
        else:
            row.rolled_back[start_ts] = None
        if row.is_locked_by(start_ts):
            row.lock = None

    def records(self) -> list[Record]:
        """Return records that make these rows; what was rolled back has no data any more."""
        found: list[Record] = []
        for key, row in self._rows.items():
            for start_ts, commit_ts in row.writes.items():
                found += [("lock", key, start_ts, key, row.data.get(start_ts)), ("write", key, start_ts, commit_ts)]
            found += [("erase", key, start_ts) for start_ts in row.rolled_back]
            if row.lock is not None:
                start_ts = row.lock.start_ts
                found.append(("lock", key, start_ts, row.lock.primary, row.data.get(start_ts)))
        return found
