"""The disk: one append-only journal of checksummed records, from which a server takes up what it was.

A record is a line, a checksum and JSON, and an empty line::

    ["snapshot", index, term, members, values, sessions]    the log begins here; only the first record
    ["state", current term, voted for]                      the last one counts
    ["entry", index, term, command]                         the entry at that index; drops what was there and after it
    ["lost", index]                                         entries up to there are missing (rule 3); 0: no more

Rules:

1. One journal, so that one append makes a term, a vote and entries durable, in the order in which they came about.
2. A journal whose last line has no end was being written when a crash came: that record was never answered for, and
   is dropped. The journal is then written anew, so that nothing follows garbage.
3. Any other damaged line may have been durable once, and what it held answered for. It is no torn write: the entries
   from there on are dropped as missing, and the server must not vote until a leader has given them back (Alagappan et
   al., "Protocol-aware recovery for consensus-based storage", FAST 2018, section 3.3).
4. A new journal is written beside the old one, synced, and renamed over it; then the folder is synced. There is no
   moment at which a crash leaves neither.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from chaoslab.statemachine import Effect, Invocation, Rename, Sync, Write
from chaoslab_protocols.raft.log import Command, Configuration, Entry, Log, Operation, Snapshot
from chaoslab_protocols.records import as_json

__all__ = [
    "JOURNAL",
    "NEW_JOURNAL",
    "Recovered",
    "entry_record",
    "lines",
    "lost_record",
    "recover",
    "replace",
    "snapshot_record",
    "state_record",
]

JOURNAL = "journal"
NEW_JOURNAL = "journal.new"

Record = Sequence[Any]


def _command_written(command: Command) -> Any:
    if isinstance(command, Operation):
        what = command.invocation
        return [command.client_id, command.sequence_num, what.f, what.key, what.value]
    return None if command is None else {"members": command.members}


def _command_read(written: Any) -> Command:
    if written is None:
        return None
    if isinstance(written, dict):
        return Configuration(tuple(written["members"]))
    client_id, sequence_num, f, key, value = written
    return Operation(client_id, sequence_num, Invocation(f=f, key=key, value=value))


def state_record(current_term: int, voted_for: str | None) -> Record:
    """Return the record of a term and the vote in it."""
    return ("state", current_term, voted_for)


def entry_record(index: int, entry: Entry) -> Record:
    """Return the record of the entry at *index*."""
    return ("entry", index, entry.term, _command_written(entry.command))


def lost_record(lost_index: int) -> Record:
    """Return the record that says that entries up to *lost_index* are missing."""
    return ("lost", lost_index)


def snapshot_record(snapshot: Snapshot) -> Record:
    """Return the record of a snapshot."""
    return (
        "snapshot",
        snapshot.last_included_index,
        snapshot.last_included_term,
        snapshot.members,
        snapshot.values,
        snapshot.sessions,
    )


def lines(records: Iterable[Record]) -> bytes:
    """Return *records* as lines of a journal."""
    written = bytearray()
    for record in records:
        text = as_json(record).encode()
        written += b"%08x %s\n\n" % (zlib.crc32(text), text)
    return bytes(written)


def replace(records: Iterable[Record]) -> list[Effect]:
    """Return the effects that put a journal of *records* in the place of the old one, all of it or nothing."""
    return [Write(NEW_JOURNAL, lines(records)), Sync(NEW_JOURNAL), Rename(NEW_JOURNAL, JOURNAL), Sync("")]


@attrs.define(kw_only=True)
class Recovered:
    """What a journal says.

    Attributes:
        current_term: The term.
        voted_for: The vote in it.
        log: The log.
        torn: Something in the journal is damaged, be it only its end: it must be written anew.
        lost_index: The last index that the journal had once and has no more; 0: nothing is missing.
    """

    current_term: int = 0
    voted_for: str | None = None
    log: Log
    torn: bool = False
    lost_index: int = 0

    def records(self) -> list[Record]:
        """Return the records of a journal that says the same."""
        first = self.log.last_included_index + 1
        return [
            snapshot_record(self.log.snapshot),
            state_record(self.current_term, self.voted_for),
            lost_record(self.lost_index),
            *(entry_record(index, entry) for index, entry in enumerate(self.log.entries, start=first)),
        ]


def recover(files: Mapping[str, bytes], members: tuple[str, ...]) -> Recovered:
    """Return what the journal in *files* says.

    Args:
        files: The files of the disk.
        members: The configuration with which a server begins that has no journal yet.
    """
    found = Recovered(log=Log(Snapshot(last_included_index=0, last_included_term=0, members=members)))
    *whole, rest = files.get(JOURNAL, b"").split(b"\n")
    found.torn = bool(rest)  # written without its end
    damaged = False
    for line in whole:
        record = _record(line) if line else ()
        if record is None:
            damaged = found.torn = True
        elif record:
            _take(found, record, damaged)
        if damaged:
            found.lost_index = max(found.lost_index, found.log.last_index + 1)
    return found


def _take(found: Recovered, record: Record, damaged: bool) -> None:
    """Take *record* into account; entries that follow a *damaged* line are missing."""
    kind = record[0]
    if kind == "snapshot":
        found.log = Log(_snapshot_read(record))
    elif kind == "state":
        found.current_term, found.voted_for = record[1], record[2]
    elif kind == "lost":
        found.lost_index = record[1]
    elif damaged:
        found.lost_index = max(found.lost_index, record[1])
    else:
        found.log.truncate(record[1])
        found.log.append([Entry(record[2], _command_read(record[3]))])


def _snapshot_read(record: Record) -> Snapshot:
    _, index, term, members, values, sessions = record
    return Snapshot(
        last_included_index=index,
        last_included_term=term,
        members=tuple(members),
        values=tuple((key, value) for key, value in values),
        sessions=tuple((client_id, number, answer) for client_id, number, answer in sessions),
    )


def _record(line: bytes) -> Record | None:
    """Return the record in *line*, None if it is damaged."""
    checksum, _, text = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(text):
        return None
    record: Record = json.loads(text)
    return record
