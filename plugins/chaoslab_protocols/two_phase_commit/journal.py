"""The disks of two-phase commit: what a participant and a coordinator must not forget.

Rules:

1. A participant writes ``["start", incarnation]``, ``["value", key, value]``, ``["over", *transaction]``,
   ``["prepare", *transaction, coordinator, age, writes]``, ``["commit", *transaction]``, ``["abort", *transaction]``.
2. A coordinator writes ``["start", incarnation]``, ``["commit", *transaction, participants, value, result]``,
   ``["end", *transaction]`` and, for a request that is given up, ``["given-up", client, number, why]``.
3. Records are written with a barrier, so only the last one may be cut short by a crash. Nobody was told of it, and it
   is dropped: a journal is written anew at each start. Any other damage is to what was told; the node then is silent.

This file knows records, not what is done with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaoslab_protocols import records
from chaoslab_protocols.records import Record
from chaoslab_protocols.two_phase_commit.messages import Age, TransactionId

__all__ = ["DECISIONS", "PARTICIPANT", "age_read", "transaction_read", "value_read", "whole_records"]

PARTICIPANT = "participant"
DECISIONS = "decisions"


def whole_records(content: bytes) -> list[Record] | None:
    """Return the records of a journal without one that was cut short at its end; None if others are damaged."""
    lines = records.read(content)
    if lines and lines[-1] is None:
        del lines[-1]
    whole = [record for record in lines if record is not None]
    return whole if len(whole) == len(lines) else None


def transaction_read(written: Sequence[Any]) -> TransactionId:
    """Return the transaction of which *written* are the first four items."""
    client, number, incarnation, attempt = written[:4]
    return TransactionId(client, number, incarnation, attempt)


def age_read(written: Sequence[Any]) -> Age:
    """Return the age that was written as *written*."""
    time, serial, coordinator = written
    return Age(time, serial, coordinator)


def value_read(written: Any) -> Any:
    """Return a value as participants hold it: lists, which JSON knows, are tuples, which nobody can change."""
    return tuple(written) if isinstance(written, list) else written
