"""The disk of an acceptor: an append-only journal of what it promised and accepted.

Rules:

1. A record is ``["promise", round, leader]`` or
   ``["accept", round, leader, slot, command]``.
2. A record is written with a barrier, so only the last one may be cut short by a crash. It was not answered for, and
   is dropped. The journal is then written anew beside the old one and renamed over it.
3. Any other damage is to what was answered for. What was promised there is unknown, so the acceptor must not vote
   again (Chandra, Griesemer & Redstone, "Paxos Made Live", section 5.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from chaoslab.statemachine import Effect, Persist
from chaoslab_protocols import records
from chaoslab_protocols.multi_paxos.messages import BOTTOM, NO_OP, Ballot, Command, PValue
from chaoslab_protocols.records import Record

__all__ = ["JOURNAL", "Recovered", "accept_record", "promise_record", "recover", "replace", "save"]

JOURNAL = "journal"


@attrs.define
class Recovered:
    """What a journal says.

    Attributes:
        ballot: The highest ballot promised.
        accepted: For each slot what was accepted last.
        damaged: It has lost what was answered for.
    """

    ballot: Ballot = BOTTOM
    accepted: dict[int, PValue] = attrs.field(factory=dict)
    damaged: bool = False


def promise_record(ballot: Ballot) -> Record:
    """Return the record of a promise."""
    return ("promise", *ballot)


def accept_record(pvalue: PValue) -> Record:
    """Return the record of a pvalue that was accepted."""
    return ("accept", *pvalue.ballot, pvalue.slot, _command_written(pvalue.command))


def save(record: Record) -> Persist:
    """Append *record*; what follows waits until it is durable."""
    return records.append(JOURNAL, [record])


def replace(written: Iterable[Record]) -> list[Effect]:
    """Return the effects that put a journal of *written* in the place of the old one, all of it or nothing."""
    return records.replace(JOURNAL, written)


def recover(content: bytes) -> Recovered:
    """Return what a journal with this content says."""
    found = Recovered()
    lines = records.read(content)
    for number, record in enumerate(lines, start=1):
        if record is None:
            found.damaged = found.damaged or number < len(lines)
            continue
        kind, round, leader_id, *more = record
        ballot = Ballot(round, leader_id)
        found.ballot = max(found.ballot, ballot)
        if kind == "accept":
            slot, written = more
            found.accepted[slot] = PValue(ballot, slot, _command_read(written))
    return found


def _command_written(command: Command | None) -> Any:
    if command is None:
        return None
    return [command.client_id, command.command_id, *records.operation_written(command.operation)]


def _command_read(written: Any) -> Command | None:
    if written is None:
        return NO_OP
    client_id, command_id, *operation = written
    return Command(client_id, command_id, records.operation_read(operation))
