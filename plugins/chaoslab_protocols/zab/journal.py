"""The disk of a server: an append-only journal.

Records::

    ["start", n]                        the server was started for the nth time
    ["snapshot", zxid, state]           the history begins here
    ["accepted", epoch]                 acceptedEpoch (f.p); the last one counts
    ["current", epoch]                  currentEpoch (f.a), of a leader
    ["txn", zxid, command]              appended to the history
    ["sync", epoch, zxid, txns]         the history up to zxid and txns after it are the initial history of the epoch

Rules:

1. The initial history of an epoch and currentEpoch are one record: a crash leaves both or none. An epoch without its
   history would win elections with a history that lacks what was committed.
2. Only the last record may be cut short by a crash: it was not answered for, and is dropped. The journal is then
   written anew beside the old one and renamed over it.
3. Any other damage is to what was answered for: such a server keeps silent for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs

from chaoslab.statemachine import Effect, Persist
from chaoslab_protocols import records
from chaoslab_protocols.records import Record
from chaoslab_protocols.zab.history import History
from chaoslab_protocols.zab.messages import ZERO, Command, Snapshot, Txn, Zxid

__all__ = [
    "JOURNAL",
    "Recovered",
    "accepted_record",
    "current_record",
    "recover",
    "replace",
    "save",
    "start_record",
    "sync_record",
    "txn_record",
]

JOURNAL = "journal"


@attrs.define(kw_only=True)
class Recovered:
    """What a journal says.

    Attributes:
        starts: How often the server was started.
        accepted_epoch: The last epoch that it accepted.
        current_epoch: The last epoch whose initial history it has.
        history: Its history.
        torn: The last record is cut short.
        damaged: Something else is missing.
    """

    starts: int = 0
    accepted_epoch: int = 0
    current_epoch: int = 0
    history: History = attrs.field(factory=lambda: History(Snapshot(ZERO, ())))
    torn: bool = False
    damaged: bool = False

    def records(self) -> list[Record]:
        """Return the records of a journal that says the same."""
        return [
            start_record(self.starts),
            ("snapshot", self.history.base.zxid, self.history.base.state),
            accepted_record(self.accepted_epoch),
            current_record(self.current_epoch),
            *(txn_record(txn) for txn in self.history.txns),
        ]


def start_record(starts: int) -> Record:
    """Return the record of a start."""
    return ("start", starts)


def accepted_record(epoch: int) -> Record:
    """Return the record of an epoch that was accepted."""
    return ("accepted", epoch)


def current_record(epoch: int) -> Record:
    """Return the record of a leader's own epoch."""
    return ("current", epoch)


def txn_record(txn: Txn) -> Record:
    """Return the record of a transaction."""
    return ("txn", txn.zxid, _command_written(txn.command))


def sync_record(epoch: int, zxid: Zxid, txns: Sequence[Txn]) -> Record:
    """Return the record of the initial history of an epoch."""
    return ("sync", epoch, zxid, [(txn.zxid, _command_written(txn.command)) for txn in txns])


def save(*written: Record) -> Persist:
    """Append records; what follows waits until they are durable."""
    return records.append(JOURNAL, written)


def replace(written: Iterable[Record]) -> list[Effect]:
    """Return the effects that put a journal of *written* in the place of the old one, all of it or nothing."""
    return records.replace(JOURNAL, written)


def recover(content: bytes) -> Recovered:
    """Return what a journal with this content says."""
    found = Recovered()
    lines = records.read(content)
    for number, record in enumerate(lines, start=1):
        if record is None:
            found.torn = number == len(lines)
            found.damaged = found.damaged or not found.torn
        else:
            _take(found, record)
    return found


def _take(found: Recovered, record: Record) -> None:
    kind = record[0]
    if kind == "start":
        found.starts = record[1]
    elif kind == "snapshot":
        found.history = History(Snapshot(Zxid(*record[1]), record[2]))
    elif kind == "accepted":
        found.accepted_epoch = record[1]
    elif kind == "current":
        found.current_epoch = record[1]
    elif kind == "txn":
        found.history.append([_txn_read(record[1:])])
    else:
        found.current_epoch = record[1]
        found.history.truncate(Zxid(*record[2]))
        found.history.append([_txn_read(one) for one in record[3]])


def _txn_read(written: Sequence[Any]) -> Txn:
    zxid, (client_id, number, *operation) = written
    return Txn(Zxid(*zxid), Command(client_id, number, records.operation_read(operation)))


def _command_written(command: Command) -> Any:
    return [command.client_id, command.number, *records.operation_written(command.operation)]
