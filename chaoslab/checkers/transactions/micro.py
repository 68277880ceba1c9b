"""Transactions as they stand in a history: one row each, with the list of their micro-operations.

Rules:

1. What an ok transaction did and saw is the value of its completion; of all others only the argument is known.
2. An ok without a value takes its argument, if that holds no reads.
3. Keys, elements and values are compared frozen: True is not 1, and lists can be keys.

This file knows the columns of a history and not what micro-operations mean.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

from chaoslab.errors import HistoryError
from chaoslab.history import History
from chaoslab.history.values import frozen

__all__ = ["PLAIN", "Row", "bad_micro_operation", "freeze", "frozen_items", "rows"]

PLAIN = frozenset({int, str, type(None), bytes})
"""Types of which every value is its own frozen form."""

Row = tuple[int, int, int, str, Any]
"""Invocation event, completion event (-1: may still take effect), process, type, micro-operations."""


def rows(history: History) -> Iterator[Row]:
    """Yield the transactions in the order of their invocations. Cost: O(n).

    Raises:
        HistoryError: an operation that is no list of micro-operations.
    """
    types, values, partners, processes = history.types, history.values, history.partners, history.processes
    for call, type in enumerate(types):
        if type != "invoke":
            continue
        process = processes[call]
        if process.__class__ is str:
            continue
        partner = partners[call]
        ending = types[partner] if partner >= 0 else "info"
        body = values[call]
        if ending == "ok" and values[partner] is not None:
            body = values[partner]
        elif ending == "ok" and body.__class__ in (list, tuple) and any(_is_read(micro) for micro in body):
            raise HistoryError(f"event {partner}: the transaction completed without the values that it read.")
        if body.__class__ is not list and body.__class__ is not tuple:
            raise HistoryError(
                f"event {call}: {history.fs[call]} is no transaction: its value must be a list of micro-operations "
                f'such as ["r", "x", null], not {body!r}.'
            )
        yield call, partner if ending == "ok" else -1, process, ending, body  # type: ignore[misc]


def _is_read(micro: Any) -> bool:
    return micro.__class__ in (list, tuple) and len(micro) == 3 and micro[0] == "r"


def freeze(item: Any, raw: dict[Hashable, Any]) -> Hashable:
    """Return *item* frozen, noting in *raw* what it looked like, for people."""
    if item.__class__ in PLAIN:
        return item
    known = frozen(item)
    raw.setdefault(known, item)
    return known


def frozen_items(items: Any, raw: dict[Hashable, Any]) -> list[Hashable]:
    """Return *items*, a list, with each item frozen; *items* itself where nothing needs to be."""
    if items.__class__ is list and PLAIN.issuperset(map(type, items)):
        return items
    return [freeze(item, raw) for item in items]


def bad_micro_operation(call: int, micro: Any, known: str) -> HistoryError:
    """Return the complaint about *micro*, which is none of the *known* micro-operations."""
    return HistoryError(f"event {call}: a transaction holds {micro!r}; the known micro-operations are {known}.")
