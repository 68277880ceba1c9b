"""What a replica knows (figure 2), its disk, and carrying operations out.

The replica is built in layers, a file each, every layer calling only those below it or declaring what it needs::

    replica      which message goes where; timers
    recovery     section 4.3
    view_change  section 4.2
    transfer     section 5.2: state transfer
    normal       section 4.1: normal operation
    state        figure 2, the client table, the disk

The paper keeps nothing on disks, and counts every replica that crashed as failed until it has recovered. Here a replica
that keeps its disk takes up from there what it was, and one that lost it recovers. So it is lost disks that must stay
fewer than half.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import attrs

from chaoslab.statemachine import Become, Context, Effect, Persist, Send
from chaoslab_protocols import records, store
from chaoslab_protocols.viewstamped.messages import Entry, Reply

__all__ = ["BACKUP", "JOURNAL", "NORMAL", "PRIMARY", "RECOVERING", "VIEW_CHANGE", "State"]

NORMAL: Final = "normal"
VIEW_CHANGE: Final = "view-change"
RECOVERING: Final = "recovering"
"""The status of a replica. The role that it reports is one of the last two, or one of these:"""

PRIMARY: Final = "primary"
BACKUP: Final = "backup"

JOURNAL: Final = "journal"


@attrs.define
class Latest:
    """A client's row of the client table: its latest request, whether it was carried out, and with what result."""

    request_number: int
    is_executed: bool = False
    result: Any = None


class State:
    """The state of a replica, as in figure 2.

    Attributes:
        configuration: The names of all replicas, in order.
        view_number: The view; persistent with ``last_normal_view``.
        last_normal_view: The latest view in which the status was normal.
        status: Normal, view-change or recovering.
        log: The entries; op-number n is at index n - 1. Persistent.
        commit_number: The op-number of the latest operation that is carried out.
        client_table: For each client its latest request.
        values: The service's state.
        prepared: On the primary: for each backup up to where it has prepared.
    """

    FIRST_START_S = 0.001

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.configuration = context.nodes
        self.others = context.peers
        self.failures_max = (len(context.nodes) - 1) // 2  # the paper's f
        self.dice = context.random
        self.view_number = 0
        self.last_normal_view = 0
        self.status = NORMAL
        self.log: list[Entry] = []
        self.commit_number = 0
        self.client_table: dict[str, Latest] = {}
        self.values: dict[str | None, Any] = {}
        self.prepared: dict[str, int] = {}
        self.is_first_start = self.take_up(context)

    @property
    def op_number(self) -> int:
        """The op-number of the latest entry of the log."""
        return len(self.log)

    def primary_of(self, view_number: int) -> str:
        """Return the primary of a view: round-robin in the configuration (section 4)."""
        return self.configuration[view_number % len(self.configuration)]

    def is_primary(self) -> bool:
        """Whether this replica is the primary of its view, and the view is normal."""
        return self.status == NORMAL and self.primary_of(self.view_number) == self.name

    def become(self) -> Effect:
        """Report the role that follows from status and view."""
        return Become((PRIMARY if self.is_primary() else BACKUP) if self.status == NORMAL else self.status)

    def to_others(self, message: object) -> list[Effect]:
        """Send *message* to all other replicas."""
        return [Send(other, message) for other in self.others]

    # The disk

    def take_up(self, context: Context) -> bool:
        """Take up what the disk kept; return whether this is the first start.

        An empty disk means a first start, or that the disk was lost. The paper takes it that a replica knows; here it
        is a first start when the machine was switched on just now.
        """
        content = context.files.get(JOURNAL, b"")
        if not content:
            self.status = self.status_without_disk(context)
            return self.status == NORMAL
        found = records.read(content)
        if None in found[:-1]:  # only the last record may be cut short by a crash: the disk has lost what it held
            self.status = RECOVERING
            return False
        for record in found:
            if record is not None:
                self.take(record)
        self.status = NORMAL if self.last_normal_view == self.view_number else VIEW_CHANGE
        return False

    def status_without_disk(self, context: Context) -> str:
        """Return the status with which to begin on an empty disk."""
        return NORMAL if context.monotonic_time() < self.FIRST_START_S else RECOVERING

    def take(self, record: records.Record) -> None:
        """Take a record of the journal into account."""
        if record[0] == "view":
            self.view_number, self.last_normal_view = record[1:]
            return
        _, op_number, client_id, request_number, *operation = record
        del self.log[op_number - 1 :]
        self.log.append(Entry(records.operation_read(operation), client_id, request_number))
        self.client_table[client_id] = Latest(request_number)

    def view_record(self) -> records.Record:
        """Return the record of the view."""
        return ("view", self.view_number, self.last_normal_view)

    def entry_record(self, op_number: int) -> records.Record:
        """Return the record of an entry."""
        entry = self.log[op_number - 1]
        operation = records.operation_written(entry.operation)
        return ("entry", op_number, entry.client_id, entry.request_number, *operation)

    def save(self, *written: records.Record) -> Persist:
        """Append to the journal; what follows waits until it is durable."""
        return records.append(JOURNAL, written)

    def save_all(self) -> list[Effect]:
        """Write the journal anew."""
        entries = [self.entry_record(op_number) for op_number in range(1, self.op_number + 1)]
        return records.replace(JOURNAL, [self.view_record(), *entries])

    # The log and the service

    def append(self, entries: Sequence[Entry]) -> None:
        """Add *entries* to the log and their clients to the client table."""
        self.log.extend(entries)
        for entry in entries:
            self.enter(entry)

    def enter(self, entry: Entry) -> None:
        """Note in the client table that *entry* is its client's latest request, which is not carried out yet."""
        self.client_table[entry.client_id] = Latest(entry.request_number)

    def replace_log(self, log: Sequence[Entry]) -> None:
        """Take over *log* from the commit-number on; what was carried out is the same in every log."""
        committed = self.log[: self.commit_number]
        self.log = [*committed, *log[self.commit_number :]]
        self.rebuild_client_table()

    def rebuild_client_table(self) -> None:
        """Let the client table say what the log says: a request in the log is not taken a second time.

        The whole log: the row of a request that the new log lacks stood in the place of the client's last one that it
        has, and a late copy of that one must not be taken for news.
        """
        self.client_table = {client: row for client, row in self.client_table.items() if row.is_executed}
        for entry in self.log:
            row = self.client_table.get(entry.client_id)
            if row is None or row.request_number < entry.request_number:
                self.enter(entry)

    def commit_up_to(self, commit_number: int) -> list[Effect]:
        """Carry out, in order, what is committed and in the log; the primary replies to the clients."""
        effects: list[Effect] = []
        while self.commit_number < min(commit_number, self.op_number):
            entry = self.log[self.commit_number]
            self.commit_number += 1
            result, _ = store.apply(self.values, entry.operation)
            row = self.client_table.get(entry.client_id)
            if row is None or row.request_number <= entry.request_number:
                self.client_table[entry.client_id] = Latest(entry.request_number, True, result)
            if self.is_primary():
                effects.append(Send(entry.client_id, Reply(self.view_number, entry.request_number, result)))
        return effects
