"""What clients and replicas of a causal store tell each other, and the vectors in it.

A vector says how many writes of each replica are meant, in the order in which the replicas are listed: the first so
many, as the writes of one replica are numbered from 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

__all__ = ["Digest", "Found", "Get", "PutAfter", "Replicate", "Vector", "Version", "Write", "covers", "joined"]

Vector = tuple[int, ...]

Version = tuple[int, int]
"""A Lamport time and, as the lower part, the place of the replica that gave it: no two are equal."""


def covers(one: Sequence[int], other: Sequence[int]) -> bool:
    """Return whether *one* holds every write that *other* holds."""
    return all(mine >= theirs for mine, theirs in zip(one, other, strict=True))


def joined(one: Sequence[int], other: Sequence[int]) -> Vector:
    """Return the vector of the writes that are in *one* or in *other*."""
    return tuple(map(max, one, other))


@attrs.frozen
class Get:
    """What is the value of *key*? The answer must know every write in *floor*."""

    key: str | None
    floor: Vector


@attrs.frozen
class PutAfter:
    """Write *value*; whoever sees it must see every write in *dependencies*."""

    key: str | None
    value: Any
    dependencies: Vector


@attrs.frozen
class Found:
    """The answer to both: a value, and the write that it is from, or that was made. It stands for all it depends on."""

    value: Any
    seen: Vector


@attrs.frozen
class Write:
    """A write as replicas pass it on.

    Attributes:
        key: What was written.
        value: The value.
        version: Says which of two writes of a key wins.
        origin: The place of the replica that took it.
        number: Which of that replica's writes it is, from 1.
        dependencies: The writes that must be there before it is seen.
    """

    key: str | None
    value: Any
    version: Version
    origin: int
    number: int
    dependencies: Vector


@attrs.frozen
class Replicate:
    """Writes of the sender's, in the order of their numbers."""

    writes: tuple[Write, ...]


@attrs.frozen
class Digest:
    """Anti-entropy: I have committed these writes."""

    committed: Vector
