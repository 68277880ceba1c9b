"""The messages of a Dynamo-style store."""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.statemachine import Request
from chaoslab_protocols.dynamo.versions import Clock, Object

__all__ = ["Compare", "Fetch", "Fetched", "Forward", "Get", "Got", "Put", "Store", "Stored", "Transfer"]


@attrs.frozen
class Get:
    """A client asks for the siblings of *key*."""

    key: str | None


@attrs.frozen
class Put:
    """A client puts *values* (one, or none to delete) over what *context* covers."""

    key: str | None
    values: tuple[Any, ...]
    context: Clock


@attrs.frozen
class Got:
    """The answer to a get."""

    values: tuple[Any, ...]
    context: Clock


@attrs.frozen
class Forward:
    """Coordinate this put and answer *client*: you are on its preference list, and I am not."""

    client: str
    request: Request


@attrs.frozen
class Store:
    """Merge *object* into yours.

    Attributes:
        id: The sender's number for the operation, 0 if nothing waits for it.
        key: The key.
        object: What the sender has of it.
        hints: The nodes for which it is meant; empty if for you.
    """

    id: int
    key: str | None
    object: Object
    hints: tuple[str, ...] = ()


@attrs.frozen
class Stored:
    """I have all that is in this clock, on my disk."""

    id: int
    key: str | None
    clock: Clock


@attrs.frozen
class Fetch:
    """What have you of *key*?"""

    id: int
    key: str | None


@attrs.frozen
class Fetched:
    """This."""

    id: int
    object: Object


@attrs.frozen
class Compare:
    """Anti-entropy: the hashes of some vertices of my Merkle tree for the keys that we both keep.

    A vertex is a number: 1 is the root, the children of v are 2v and 2v + 1.
    """

    hashes: tuple[tuple[int, int], ...]


@attrs.frozen
class Transfer:
    """Anti-entropy: all that I have in some leaves. *answer* is set in what answers one."""

    leaves: tuple[int, ...]
    objects: tuple[tuple[str | None, Object], ...]
    answer: bool = False
