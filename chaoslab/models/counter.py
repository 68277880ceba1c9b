"""A counter: add, increment, decrement, and read. The argument is the amount; without one it is 1."""

from __future__ import annotations

from typing import Any

from chaoslab.models.model import ILLEGAL, Model
from chaoslab.models.number import number_in

__all__ = ["COUNTER"]


def _step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    if f == "read":
        return state if value is not None and number_in(value, "what a counter shows") == state else ILLEGAL
    amount = 1 if argument is None else number_in(argument, "what is added to a counter")
    return state - amount if f == "decrement" else state + amount


COUNTER = Model(
    name="counter",
    summary="add, increment and decrement by an amount (1 if none is given), read",
    initial=0,
    step=_step,
    reads=frozenset({"read"}),
    fs=frozenset({"add", "increment", "decrement", "read"}),
)
