"""A set: add, remove, contains, and read of the whole.

The result of an ok add or remove, if given, tells whether it changed the set. A read's value is a set, or a list
without repetitions.
"""

from __future__ import annotations

from typing import Any

from chaoslab.models.model import ILLEGAL, Model

__all__ = ["SET"]


def _step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    if f == "read":
        return state if value is not None and frozenset(value[1]) == state and len(value[1]) == len(state) else ILLEGAL
    inside = argument in state
    if f == "contains":
        return state if value == ("bool", repr(inside)) else ILLEGAL
    changes = inside if f == "remove" else not inside
    if result is not None and result != ("bool", repr(changes)):
        return ILLEGAL
    return state ^ {argument} if changes else state


SET = Model(
    name="set",
    summary="add, remove, contains, read; the result of add and remove, if given, tells whether the set changed",
    initial=frozenset(),
    step=_step,
    reads=frozenset({"contains", "read"}),
    fs=frozenset({"add", "remove", "contains", "read"}),
    tells_whether=frozenset({"add", "remove"}),
    shape="set",
)
