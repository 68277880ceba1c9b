"""A map of keys to values: get, put, append, compare-and-set, delete. Each key is an object of its own."""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.errors import HistoryError
from chaoslab.history.values import thawed
from chaoslab.models.model import ILLEGAL, Model

__all__ = ["KV", "kv_starting_as"]


def _step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    if f in ("put", "write"):
        return argument
    if f == "append":
        if argument.__class__ is not str:
            raise HistoryError(f"what is appended to a value is text, not {thawed(argument)!r}.")
        return (state or "") + argument
    if f == "delete":
        return None
    if f == "cas":
        expected, new = argument[1]
        took_place = state == expected
        if result is not None and result != ("bool", repr(took_place)):
            return ILLEGAL
        return new if took_place else state
    return state if value == state else ILLEGAL


def _leads_to(state: Any, f: str, argument: Any, value: Any, result: Any) -> bool:
    """Return whether appending to *state* can come to what a get saw, or a compare-and-set expected."""
    seen = argument[1][0] if f == "cas" else value
    if state is None or seen == state:
        return True
    return state.__class__ is str and seen.__class__ is str and seen.startswith(state)


def _resets_to(f: str, argument: Any, value: Any, result: Any) -> Any:
    if f in ("put", "write"):
        return argument
    if f == "delete":
        return None
    return argument[1][1] if f == "cas" and result != ("bool", "False") else ILLEGAL


KV = Model(
    name="kv",
    summary="a map of keys: get, put, append, compare-and-set, delete",
    step=_step,
    reads=frozenset({"get", "read"}),
    fs=frozenset({"get", "read", "put", "write", "append", "cas", "delete"}),
    refusable=frozenset({"cas"}),
    tells_whether=frozenset({"cas"}),
    shape="register",
    leads_to=_leads_to,
    resets_to=_resets_to,
)


def kv_starting_as(initial: str | None) -> Model:
    """Return the kv model with every key's value *initial* at the start, such as ``""``."""
    return attrs.evolve(KV, initial=initial)
