"""What definitions of levels and guarantees speak of: operations of a small history, who saw whose write, and orders.

Everything here tries all possibilities, so that nothing of it can be wrong in the way in which a checker may be.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import attrs

from chaoslab.history import History

__all__ = ["Small", "closed", "explanations", "program_order", "worlds"]


@attrs.frozen
class Small:
    """An operation of a small history: which session, what it read (a test of a value), and what it wrote."""

    number: int
    session: int
    key: str
    reads: Callable[[Any], bool] | None
    writes: Any = None
    is_write: bool = False


def worlds(history: History) -> Iterator[list[Small]]:
    """Yield the history once for each way in which its operations of unknown outcome may have gone."""
    operations = [one for one in history.operations() if one.type != "fail"]
    unknown = [one for one in operations if one.type == "info" and one.f != "read"]
    for took_place in itertools.product((False, True), repeat=len(unknown)):
        gone = {one.call for one, yes in zip(unknown, took_place, strict=True) if not yes}
        small: list[Small] = []
        sessions: dict[int, int] = {}
        for one in operations:
            session = sessions.setdefault(one.process, one.process)
            if one.type == "info":
                sessions[one.process] = 100 + one.call
            if one.call in gone or (one.type == "info" and one.f == "read"):
                continue
            small.append(_small(len(small), session, one))
        yield small


def _small(number: int, session: int, one: Any) -> Small:
    if one.f == "read":
        return Small(number, session, one.key, lambda value: bool(value == one.value))
    if one.f == "write":
        return Small(number, session, one.key, None, one.argument, True)
    old, new = one.argument
    if one.type == "ok" and not one.result:
        return Small(number, session, one.key, lambda value: bool(value != old))
    return Small(number, session, one.key, lambda value: bool(value == old), new, True)


def explanations(small: list[Small]) -> Iterator[dict[int, int | None]]:
    """Yield every way to say which write each read saw."""
    reads = [one for one in small if one.reads is not None]
    domains: list[list[int | None]] = []
    for one in reads:
        assert one.reads is not None
        found: list[int | None] = [
            other.number
            for other in small
            if other.is_write and other.key == one.key and other is not one and one.reads(other.writes)
        ]
        domains.append([*found, None] if one.reads(None) else found)
    for choice in itertools.product(*domains):
        yield {one.number: write for one, write in zip(reads, choice, strict=True)}


def closed(small: list[Small], pairs: set[tuple[int, int]]) -> set[tuple[int, int]] | None:
    """Return the transitive closure, or None if it has a cycle."""
    while True:
        more = {(a, d) for a, b in pairs for c, d in pairs if b == c} - pairs
        if not more:
            break
        pairs = pairs | more
    return None if any(a == b for a, b in pairs) else pairs


def program_order(small: list[Small]) -> set[tuple[int, int]]:
    """Return which operation comes before which in one session."""
    return {(a.number, b.number) for a, b in itertools.combinations(small, 2) if a.session == b.session}
