"""Messages of two-phase commit as commands of a log, which a journal can hold: names, numbers, lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from chaoslab.statemachine import Invocation
from chaoslab_protocols import records
from chaoslab_protocols.two_phase_commit.journal import age_read, transaction_read, value_read
from chaoslab_protocols.two_phase_commit.messages import (
    Abort,
    Acknowledge,
    Begin,
    Commit,
    Inquire,
    Lock,
    Locked,
    Prepare,
    Refuse,
    Vote,
)

__all__ = ["TICK", "message_read", "message_written"]

TICK = Invocation(f="tick")
"""The command by which time passes for a group."""


def message_written(sender: str, message: Any) -> Invocation:
    """Return *message* from *sender* as a command."""
    fields = [
        records.operation_written(field) if isinstance(field, Invocation) else field
        for field in attrs.astuple(message, recurse=False)
    ]
    return Invocation(f=message.__class__.__name__, key=sender, value=fields)


def message_read(command: Invocation) -> Any:
    """Return the message that *command* is, the same whether it has been in a journal or not."""
    return _READERS[command.f](command.value)


def _pairs(written: Sequence[Sequence[Any]]) -> tuple[tuple[str, Any], ...]:
    return tuple((key, value_read(value)) for key, value in written)


def _only_transaction(kind: type) -> Callable[[Sequence[Any]], Any]:
    return lambda fields: kind(transaction_read(fields[0]))


_READERS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "Begin": lambda fields: Begin(fields[0], records.operation_read(fields[1])),
    "Lock": lambda fields: Lock(transaction_read(fields[0]), age_read(fields[1]), _pairs(fields[2])),
    "Locked": lambda fields: Locked(transaction_read(fields[0]), fields[1], _pairs(fields[2])),
    "Prepare": lambda fields: Prepare(transaction_read(fields[0]), fields[1], _pairs(fields[2])),
    "Vote": lambda fields: Vote(transaction_read(fields[0]), fields[1]),
    **{kind.__name__: _only_transaction(kind) for kind in (Abort, Acknowledge, Commit, Inquire, Refuse)},
}
