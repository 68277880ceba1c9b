"""A last-in-first-out stack: push, and pop, whose value is the element or None if it was empty."""

from __future__ import annotations

from typing import Any

from chaoslab.models.model import ILLEGAL, UNKNOWN, Model

__all__ = ["STACK"]


def _step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    if f == "push":
        return (*state, argument)
    if value is UNKNOWN:
        return state[:-1]  # the top, if there is one
    if not state:
        return state if value is None else ILLEGAL
    return state[:-1] if value == state[-1] else ILLEGAL


STACK = Model(
    name="stack",
    summary="push and pop; last in, first out; a pop of None found the stack empty",
    initial=(),
    step=_step,
    reads=frozenset(),
    fs=frozenset({"push", "pop"}),
    shape="stack",
)
