"""The messages between coordinators and replicas of a last-write-wins store."""

from __future__ import annotations

from typing import Any

import attrs

__all__ = ["INITIAL", "Cell", "Digest", "Mutation", "MutationReply", "ReadReply", "ReadRequest", "Repair", "Timestamp"]

Timestamp = tuple[int, str]
"""Microseconds on the wall clock of the coordinator that took the write, then its name: no two are equal."""

INITIAL: Timestamp = (0, "")


@attrs.frozen
class Cell:
    """A value and when it was written."""

    timestamp: Timestamp
    value: Any


@attrs.frozen
class Mutation:
    """Keep *cell* if it is newer than yours. *id* is the coordinator's number for the operation, 0 for a hint."""

    id: int
    key: str | None
    cell: Cell


@attrs.frozen
class MutationReply:
    """I have what was written at *timestamp*, or something newer, on my disk."""

    id: int
    key: str | None
    timestamp: Timestamp


@attrs.frozen
class ReadRequest:
    """What is your cell of *key*?"""

    id: int
    key: str | None


@attrs.frozen
class ReadReply:
    """The replica's cell."""

    id: int
    cell: Cell


@attrs.frozen
class Digest:
    """Anti-entropy: the timestamps of all my cells. *answer* is set in the digest that answers one."""

    timestamps: tuple[tuple[str | None, Timestamp], ...]
    answer: bool = False


@attrs.frozen
class Repair:
    """Anti-entropy: cells that you lack."""

    cells: tuple[tuple[str | None, Cell], ...]
