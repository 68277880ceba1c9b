"""A priority queue: insert, and delete-min, whose value is an element of the smallest priority or None if it was empty.

An element is a number, which is its own priority, or ``[priority, item]``. Of several elements of the smallest
priority delete-min may take any. So after one of which nobody knows what it took, the queue can be one of several:
a state is all queues that it can be, which are of one length and nearly always just one.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import Any

from chaoslab.models.model import ILLEGAL, UNKNOWN, Model
from chaoslab.models.number import number_in

__all__ = ["PRIORITY_QUEUE", "priority_of"]

_Queue = tuple[tuple[float, Any], ...]
"""Elements with their priorities, the smallest first."""


def priority_of(element: Any) -> int | float:
    """Return the priority of a frozen *element*, a number or ``[priority, item]``.

    Raises:
        HistoryError: it is neither.
    """
    if element.__class__ is tuple and element[0] == "list" and len(element[1]) == 2:
        element = element[1][0]
    return number_in(element, "an element of a priority queue, or the first part of [priority, item],")


def _step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    if f == "insert":
        pair = (priority_of(argument), argument)
        return tuple(_with(queue, pair) for queue in state)
    if state == _EMPTY:
        return state if value is UNKNOWN or value is None else ILLEGAL
    possible = [
        _without(queue, place)
        for queue in state
        for place in _smallest(queue)
        if value is UNKNOWN or queue[place][1] == value
    ]
    if len(possible) > 1:
        possible = list(dict.fromkeys(possible))
    return tuple(possible) if possible else ILLEGAL


def _with(queue: _Queue, pair: tuple[float, Any]) -> _Queue:
    """Put *pair* behind those of the same priority, so that a queue is ordered by priority."""
    place = bisect_right(queue, pair[0], key=itemgetter(0))
    return (*queue[:place], pair, *queue[place:])


def _without(queue: _Queue, place: int) -> _Queue:
    return queue[:place] + queue[place + 1 :]


def _smallest(queue: _Queue) -> range:
    """Return the places of the elements that a delete-min may take."""
    return range(bisect_right(queue, queue[0][0], key=itemgetter(0)))


_EMPTY: tuple[_Queue, ...] = ((),)

PRIORITY_QUEUE = Model(
    name="priority-queue",
    summary="insert and delete-min; smallest priority first; a delete-min of None found the queue empty",
    initial=_EMPTY,
    step=_step,
    reads=frozenset(),
    fs=frozenset({"insert", "delete-min"}),
    shape="priority-queue",
)
