"""A shard: the rows of some keys, each read and changed by one call at a time, as Bigtable does (section 2.2).

Rules (figure 6; each a transaction on a single row):

1. Get: what a snapshot holds is not told while the row has a lock that is not later than the snapshot.
2. Prewrite: refused if the row was written after the snapshot was taken, or has anybody's lock, of whatever timestamp.
3. Commit: only while the transaction's lock is still there; then the write record replaces it.
4. Cleanup, of a primary: a write record means that the transaction is committed. Otherwise it is rolled back if the
   lock is gone, or so old that its owner is taken for dead.
5. What is answered is on the disk.

A shard compares no timestamp with its clock, and its clock with nobody's: a lock is as old as the time since this
shard has had it, or has started.
"""

from __future__ import annotations

from chaoslab.statemachine import Context, Effect, Probe, Send
from chaoslab_protocols import records
from chaoslab_protocols.percolator.messages import (
    Cleaned,
    Cleanup,
    Commit,
    Committed,
    Erase,
    Get,
    Locked,
    Prewrite,
    Prewritten,
    Value,
)
from chaoslab_protocols.percolator.rows import Row, Rows
from chaoslab_protocols.percolator.settings import Settings
from chaoslab_protocols.records import Record
from chaoslab_protocols.two_phase_commit.journal import whole_records

__all__ = ["ROWS", "Shard"]

ROWS = "rows"


class Shard:
    """One shard.

    Probes: ``prewritten``: a lock is durable and its owner does not know; ``primary committed``: a transaction is
    committed and nobody knows; ``secondary committed``: its owner, or who rolls it forward, has unlocked another row;
    ``conflict``: a prewrite was refused; ``met a lock``: a read was; ``owner dead``: a transaction was rolled back as
    its lock was old; ``lock gone``: a commit came too late.

    Attributes:
        rows: The rows. Persistent.
        since_s: For each row that is locked since when, on the shard's monotonic clock.
        is_serving: Whether it may answer: not when its disk has lost what it answered for.
    """

    def __init__(self, context: Context, settings: Settings) -> None:
        self.settings = settings
        self.monotonic_time = context.monotonic_time
        content = context.files.get(ROWS, b"")
        written = whole_records(content)
        self.is_new = not content
        self.is_serving = written is not None
        self.rows = Rows(written or ())
        self.since_s = {key: self.monotonic_time() for key, _ in self.rows.locked()}

    def start(self) -> list[Effect]:
        """Let the file end in a whole record."""
        return [] if self.is_new or not self.is_serving else records.replace(ROWS, self.rows.records())

    def change(self, *record: object) -> list[Effect]:
        """Make the change that *record* says, in memory and on the disk."""
        change: Record = record
        self.rows.change(change)
        return [records.append(ROWS, [change])]

    # Reading

    def on_get(self, sender: str, message: Get) -> list[Effect]:
        """Figure 6, Get: tell what the row held at start_ts, unless somebody may yet change that."""
        row = self.rows[message.key]
        if row.lock is not None and self.is_in_the_way(row, message.start_ts):
            return [Probe("met a lock"), Send(sender, Locked(message.start_ts, message.key, row.lock))]
        return [Send(sender, Value(message.start_ts, message.key, row.value_at(message.start_ts)))]

    def is_in_the_way(self, row: Row, start_ts: int) -> bool:
        """Whether the lock of *row* may become a write that a snapshot at *start_ts* has to show."""
        return row.lock is not None and row.lock.start_ts <= start_ts

    # Writing

    def on_prewrite(self, sender: str, message: Prewrite) -> list[Effect]:
        """Figure 6, Prewrite: lock the row and keep the data, unless another transaction is in the way."""
        start_ts, key = message.start_ts, message.key
        row = self.rows[key]
        if row.is_locked_by(start_ts) or start_ts in row.writes:
            return [Send(sender, Prewritten(start_ts, key))]  # the call has come again
        why_not = self.conflict(row, start_ts)
        if why_not is not None:
            return [Probe("conflict"), Send(sender, Prewritten(start_ts, key, why_not))]
        self.since_s[key] = self.monotonic_time()
        locked = self.change("lock", key, start_ts, message.primary, message.value)
        return [*locked, Probe("prewritten"), Send(sender, Prewritten(start_ts, key))]

    def conflict(self, row: Row, start_ts: int) -> str | None:
        """Return why the transaction *start_ts* must not write *row*, in words, or None if it may."""
        if start_ts in row.rolled_back:
            return "it was rolled back"
        if self.is_newer(row, start_ts):
            return "the row was written after the snapshot was taken"
        return "the row is locked by another transaction" if row.lock is not None else None

    def is_newer(self, row: Row, start_ts: int) -> bool:
        """Whether *row* was written after the snapshot *start_ts* was taken."""
        return row.last_commit_ts >= start_ts

    def on_commit(self, sender: str, message: Commit) -> list[Effect]:
        """Figure 6, Commit: replace the lock by the write record, if it is still there."""
        start_ts, key = message.start_ts, message.key
        row = self.rows[key]
        if start_ts in row.writes:
            return [Send(sender, Committed(start_ts, key, True))]  # the call has come again, or others rolled forward
        if not self.may_commit(row, start_ts):
            return [Probe("lock gone"), Send(sender, Committed(start_ts, key, False))]
        is_primary = row.lock is not None and row.lock.primary == key
        written = self.change("write", key, start_ts, message.commit_ts)
        probe = Probe("primary committed" if is_primary else "secondary committed")
        return [*written, probe, Send(sender, Committed(start_ts, key, True))]

    def may_commit(self, row: Row, start_ts: int) -> bool:
        """Whether nobody has rolled *start_ts* back: its lock is still there."""
        return row.is_locked_by(start_ts)

    # Cleaning up

    def on_cleanup(self, sender: str, message: Cleanup) -> list[Effect]:
        """Section 2.2, "clean up": the primary lock decides, so whoever erases it has rolled the transaction back."""
        start_ts, key = message.start_ts, message.key
        row = self.rows[key]
        if start_ts in row.writes:
            return [Send(sender, Cleaned(start_ts, key, "committed", row.writes[start_ts]))]
        effects: list[Effect] = []
        if row.is_locked_by(start_ts):
            if self.monotonic_time() - self.since_s[key] < self.settings.lock_life_s:
                return [Send(sender, Cleaned(start_ts, key, "alive"))]
            effects = [Probe("owner dead")]
        return [*effects, *self.roll_back(start_ts, key), Send(sender, Cleaned(start_ts, key, "rolled back"))]

    def on_erase(self, sender: str, message: Erase) -> list[Effect]:
        """The transaction was rolled back: by its owner, or at its primary."""
        row = self.rows[message.key]
        return [] if message.start_ts in row.writes else self.roll_back(message.start_ts, message.key)

    def roll_back(self, start_ts: int, key: str) -> list[Effect]:
        """Let *start_ts* have no lock on the row, now or later."""
        return [] if start_ts in self.rows[key].rolled_back else self.change("erase", key, start_ts)
