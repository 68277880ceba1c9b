"""A first-in-first-out queue: enqueue, and dequeue, whose value is the element or None if it was empty."""

from __future__ import annotations

from typing import Any

from chaoslab.models.model import ILLEGAL, UNKNOWN, Model

__all__ = ["QUEUE"]


def _step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    if f == "enqueue":
        return (*state, argument)
    if value is UNKNOWN:
        return state[1:]  # the head, if there is one
    if not state:
        return state if value is None else ILLEGAL
    return state[1:] if value == state[0] else ILLEGAL


QUEUE = Model(
    name="queue",
    summary="enqueue and dequeue; first in, first out; a dequeue of None found the queue empty",
    initial=(),
    step=_step,
    reads=frozenset(),
    fs=frozenset({"enqueue", "dequeue"}),
    shape="queue",
)
