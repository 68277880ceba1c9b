"""What reads of a log saw, entry by entry; and of a text, piece by piece, where that can be told."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from chaoslab.history.values import frozen
from chaoslab.models import Model
from chaoslab.models.kv import KV
from chaoslab.models.log import LOG

__all__ = ["appends_only", "entries_seen"]


def appends_only(model: Model) -> bool:
    """Return whether the objects of *model* grow from nothing with each ``append``, whatever else they can do."""
    return model.step in (KV.step, LOG.step) and model.initial in (None, "", ())


def entries_seen(values: Sequence[Any], appended: Iterable[Hashable], model: Model) -> list[list[Hashable]] | None:
    """Return the entries in each of *values*; what is none of those *appended* is one, too.

    Args:
        values: What reads saw: lists of a log, texts or None of a map.
        appended: What was appended, frozen.
        model: One for which ``appends_only`` holds.

    Returns:
        None if a value is neither, or if pieces of a text cannot be told apart, one beginning like another.
        Cost: the length of all values; O(n log n) for n pieces.
    """
    if model.step is LOG.step:
        if not all(isinstance(value, list | tuple) for value in values):
            return None
        return [[frozen(entry) for entry in value] for value in values]
    texts = ["" if value is None else value for value in values]
    pieces = sorted(piece for piece in appended if isinstance(piece, str))
    ambiguous = "" in pieces or any(other.startswith(piece) for piece, other in itertools.pairwise(pieces))
    if ambiguous or not all(isinstance(text, str) for text in texts):
        return None
    known, sizes = frozenset(pieces), sorted({len(piece) for piece in pieces})
    return [_cut_up(text, known, sizes) for text in texts]


def _cut_up(text: str, known: frozenset[str], sizes: Sequence[int]) -> list[Hashable]:
    found: list[Hashable] = []
    at = 0
    while at < len(text):
        size = next((size for size in sizes if text[at : at + size] in known), len(text) - at)
        found.append(text[at : at + size])
        at += size
    return found
