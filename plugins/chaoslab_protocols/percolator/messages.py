"""The messages of Percolator: calls of the timestamp oracle and of single rows, and their answers.

Clients drive transactions by these calls; servers send each other nothing. A transaction is named by its ``start_ts``,
which the oracle gives to no other. Every call may be repeated, and arrive twice or late: its second execution answers
what the first one did, and changes nothing.
"""

from __future__ import annotations

from typing import Any, Literal

import attrs

__all__ = [
    "Cleaned",
    "Cleanup",
    "Commit",
    "Committed",
    "Erase",
    "Get",
    "GetTimestamp",
    "Lock",
    "Locked",
    "Outcome",
    "Prewrite",
    "Prewritten",
    "Timestamp",
    "Value",
]

Outcome = Literal["alive", "committed", "rolled back"]
"""What a primary says of its transaction. The latter two are for ever."""


@attrs.frozen
class Lock:
    """What stands in the lock column of a row: whose it is, and the row whose lock decides for all of them."""

    start_ts: int
    primary: str


@attrs.frozen
class GetTimestamp:
    """A client to the oracle: a timestamp later than all that anybody was given before this was asked."""

    number: int


@attrs.frozen
class Timestamp:
    """The oracle to a client."""

    number: int
    timestamp: int


@attrs.frozen
class Get:
    """A client to a shard: what did the row hold at *start_ts*?"""

    start_ts: int
    key: str


@attrs.frozen
class Value:
    """A shard to a client: this; None if it held nothing."""

    start_ts: int
    key: str
    value: Any


@attrs.frozen
class Locked:
    """A shard to a client: that cannot be told while *lock*, which is not later than your snapshot, is on the row."""

    start_ts: int
    key: str
    lock: Lock


@attrs.frozen
class Prewrite:
    """A client to a shard: lock the row for *start_ts*, and keep what is to be written."""

    start_ts: int
    key: str
    value: Any
    primary: str


@attrs.frozen
class Prewritten:
    """A shard to a client: that is done, or why it cannot be: the transaction is to be aborted."""

    start_ts: int
    key: str
    why_not: str | None = None


@attrs.frozen
class Commit:
    """A client to a shard: let what *start_ts* has written to the row be seen from *commit_ts* on, and unlock it."""

    start_ts: int
    key: str
    commit_ts: int


@attrs.frozen
class Committed:
    """A shard to a client: that is done; or it is not, as the lock is gone."""

    start_ts: int
    key: str
    is_committed: bool


@attrs.frozen
class Cleanup:
    """A client that met a lock to its primary's shard: what became of the owner? If it is taken for dead, roll back."""

    start_ts: int
    key: str


@attrs.frozen
class Cleaned:
    """A shard to a client: this became of the transaction whose primary is *key*."""

    start_ts: int
    key: str
    outcome: Outcome
    commit_ts: int = 0


@attrs.frozen
class Erase:
    """A client to a shard: *start_ts* is rolled back; let it have no lock on the row, now or later."""

    start_ts: int
    key: str
