"""A register that keeps siblings: replace, clear, and read of all of them.

The result of a replace or clear says over which values it put: those that its client had read. What it had not read
stays. A read's value is the list of values. Over which values one of unknown outcome put, nobody knows: all of them, is
the guess.
"""

from __future__ import annotations

from typing import Any

from chaoslab.models.model import ILLEGAL, Model

__all__ = ["SIBLINGS"]


def _step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    if f == "read":
        return state if value is not None and frozenset(value[1]) == state and len(value[1]) == len(state) else ILLEGAL
    left = frozenset() if result is None else state - frozenset(result[1])
    return left | {argument} if f == "replace" else left


SIBLINGS = Model(
    name="siblings",
    summary="replace, clear, read; the result of the first two says over which values they put, the others stay",
    initial=frozenset(),
    step=_step,
    reads=frozenset({"read"}),
    fs=frozenset({"read", "replace", "clear"}),
    guesses=frozenset({"replace", "clear"}),
)
