"""The messages between frontends, caches and databases. *id* is the frontend's number for an operation."""

from __future__ import annotations

from typing import Any

import attrs

__all__ = [
    "Delete",
    "Fill",
    "Found",
    "Get",
    "Missed",
    "Pull",
    "Read",
    "ReadReply",
    "Refused",
    "Updates",
    "Version",
    "Write",
    "WriteReply",
]


@attrs.frozen
class Get:
    """To a cache: what have you of *key*? With *stale*, what has expired will do, within bounds."""

    id: int
    key: str | None
    stale: bool = False


@attrs.frozen
class Found:
    """The cache has it."""

    id: int
    value: Any


@attrs.frozen
class Missed:
    """The cache does not have it.

    Attributes:
        id: The frontend's number.
        token: The lease: whoever has it may fill the cache. None: somebody else has it, ask again shortly.
        marked: It was written a moment ago: a replica may lack it (section 4.3).
    """

    id: int
    token: int | None
    marked: bool = False


@attrs.frozen
class Fill:
    """To a cache: keep *value*, if the lease *token* still holds (section 3.2.1)."""

    key: str | None
    token: int
    value: Any


@attrs.frozen
class Delete:
    """To a cache: *key* was written. Forget what you have of it, and the lease."""

    key: str | None


@attrs.frozen
class Read:
    """To a database: what is the value of *key*?"""

    id: int
    key: str | None


@attrs.frozen
class ReadReply:
    """The value."""

    id: int
    value: Any


@attrs.frozen
class Write:
    """To the primary: let *value* be the value of *key*. *number* is that of the request of *client*."""

    id: int
    key: str | None
    value: Any
    client: str
    number: int


@attrs.frozen
class WriteReply:
    """It is on the disk."""

    id: int


@attrs.frozen
class Refused:
    """A database does not answer: too much waits, or the replica is too far behind."""

    id: int


@attrs.frozen
class Version:
    """A value, and the number of the write that it came with: writes of a database are numbered from 1."""

    number: int
    value: Any


@attrs.frozen
class Pull:
    """From the replica to the primary: what was written after the write *since*? *id* numbers the pulls."""

    id: int
    since: int


@attrs.frozen
class Updates:
    """All that was written since, and the number of the last write."""

    id: int
    last: int
    versions: tuple[tuple[str | None, Version], ...]
