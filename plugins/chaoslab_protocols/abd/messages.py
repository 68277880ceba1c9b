"""The messages of ABD: what clients ask replicas, and what replicas answer."""

from __future__ import annotations

from typing import Any

import attrs

__all__ = ["INITIAL", "Query", "QueryReply", "Store", "StoreReply", "Tag"]

Tag = tuple[int, str]
"""Orders the values of a key: a counter, then the writer's name, so that no two writers share a tag."""

INITIAL: Tag = (0, "")


@attrs.frozen
class Query:
    """Phase one: what is your latest value of *key*?"""

    phase: int
    key: str | None


@attrs.frozen
class QueryReply:
    """The replica's latest tag and value."""

    phase: int
    tag: Tag
    value: Any


@attrs.frozen
class Store:
    """Phase two: keep *value* if its tag is higher than yours."""

    phase: int
    key: str | None
    tag: Tag
    value: Any


@attrs.frozen
class StoreReply:
    """The replica has the value, or a later one, on its disk."""

    phase: int
