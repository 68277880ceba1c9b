"""Collections with unique values: the time of the polynomial checkers and how it grows."""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import attrs

from chaoslab.checkers.linearizable import linearizable
from chaoslab.checkers.linearizable.decision import Ordered, Refuted
from chaoslab.checkers.linearizable.parts import Effects, Part, split
from chaoslab.checkers.linearizable.priority_queue import decide_priority_queue
from chaoslab.checkers.linearizable.queue import decide_queue
from chaoslab.checkers.linearizable.set import decide_set
from chaoslab.checkers.linearizable.stack import decide_stack
from chaoslab.history import History
from chaoslab.models import MODELS, Model
from tests.benchmarks.harness import Row, print_rows, seconds_of_each

__all__ = ["rows"]

_PROCESSES = 10


@attrs.frozen(kw_only=True)
class _Kind:
    """A kind of collection: its model, its checker, and a real one to simulate."""

    model: Model
    decide: Callable[[Part, Effects], Ordered | Refuted | None]
    put: str
    take: str
    new: Callable[[], Any]
    add: Callable[[Any, int], object]
    remove: Callable[[Any], int]


_KINDS = (
    _Kind(
        model=MODELS["queue"],
        decide=decide_queue,
        put="enqueue",
        take="dequeue",
        new=deque,
        add=deque.append,
        remove=deque.popleft,
    ),
    _Kind(
        model=MODELS["stack"],
        decide=decide_stack,
        put="push",
        take="pop",
        new=list,
        add=list.append,
        remove=list.pop,
    ),
    _Kind(
        model=MODELS["priority-queue"],
        decide=decide_priority_queue,
        put="insert",
        take="delete-min",
        new=list,
        add=heapq.heappush,
        remove=heapq.heappop,
    ),
)


def collection_history(kind: _Kind, operations: int, *, crashes: float = 0.0, seed: int = 1) -> History:
    """Return a valid history: each operation takes effect at a random moment between its invocation and its completion.

    Args:
        kind: Of the collection.
        operations: How many.
        crashes: The part of operations of which nobody learns what became of them.
        seed: Of all decisions.
    """
    rng = random.Random(seed)
    history = History()
    values = list(range(operations))
    rng.shuffle(values)
    inside = kind.new()
    processes = list(range(_PROCESSES))
    open_now: dict[int, list[Any]] = {}  # by slot: f, value put or taken, whether it took effect
    called = 0
    while called < operations or open_now:
        slot = rng.randrange(_PROCESSES)
        operation = open_now.get(slot)
        if operation is None:
            if called < operations:
                f = rng.choice((kind.put, kind.take))
                open_now[slot] = [f, values[called] if f == kind.put else None, False]
                history.invoke(processes[slot], f, None, open_now[slot][1])
                called += 1
        elif not operation[2]:
            operation[2] = True
            if operation[0] == kind.put:
                kind.add(inside, operation[1])
            elif inside:
                operation[1] = kind.remove(inside)
        elif rng.random() < crashes:
            history.complete(processes[slot], "info")
            processes[slot] = max(processes) + 1
            del open_now[slot]
        else:
            history.complete(processes[slot], "ok", operation[1])
            del open_now[slot]
    return history


def set_history(operations: int, seed: int = 1) -> History:
    """Return a valid history of a set of 100 elements; adds and removes tell whether they changed it."""
    rng = random.Random(seed)
    history = History()
    inside: set[int] = set()
    open_now: dict[int, list[Any]] = {}  # by process: f, element, whether it was found, or None before it took effect
    called = 0
    while called < operations or open_now:
        process = rng.randrange(_PROCESSES)
        operation = open_now.get(process)
        if operation is None:
            if called < operations:
                open_now[process] = [rng.choice(("add", "remove", "contains")), rng.randrange(100), None]
                history.invoke(process, open_now[process][0], None, open_now[process][1])
                called += 1
        elif operation[2] is None:
            f, element, _ = operation
            operation[2] = element in inside
            if f == "add":
                inside.add(element)
            elif f == "remove":
                inside.discard(element)
        else:
            f, _, found = open_now.pop(process)
            if f == "contains":
                history.complete(process, "ok", found)
            else:
                history.complete(process, "ok", None, found == (f == "remove"))
    return history


def rows() -> list[Row]:
    """Measure."""
    found = []
    for kind in _KINDS:
        for crashes in (0.0, 0.01):
            sizes = [collection_history(kind, size, crashes=crashes) for size in (10_000, 100_000)]
            work = kind.model.name + (", 1 % of unknown outcome" if crashes else "")
            found += _growth(work, [_deciding(history, kind.model, kind.decide) for history in sizes])
    found += _growth("set", [_deciding(set_history(size), MODELS["set"], decide_set) for size in (10_000, 100_000)])
    for kind in _KINDS[:2]:
        history = collection_history(kind, 10_000)
        whole, checker = seconds_of_each(
            [partial(linearizable, history, kind.model), _deciding(history, kind.model, kind.decide)], repetitions=3
        )
        found.append(
            Row(
                work=f"{kind.model.name}, from history to verdict",
                size="1e4 operations",
                seconds=whole,
                ratio=whole / checker,
                meaning="times the checker alone",
            )
        )
    return found


def _deciding(
    history: History, model: Model, decide: Callable[[Part, Effects], Ordered | Refuted | None]
) -> Callable[[], object]:
    """Return the work of deciding *history*, which is cut up before, and whose answer must be an order."""
    effects = Effects(model)
    (part,) = split(history, effects)
    assert isinstance(decide(part, effects), Ordered)
    return lambda: decide(part, effects)


def _growth(work: str, works: list[Callable[[], object]]) -> list[Row]:
    """Return the rows of the same work on ten thousand and on a hundred thousand operations."""
    small, large = seconds_of_each(works, repetitions=3)
    growth = large / small
    return [
        Row(work=work, size="1e4 operations", seconds=small, target="< 0.05 s", holds=small < 0.05),
        Row(
            work=work,
            size="1e5 operations",
            seconds=large,
            ratio=growth,
            meaning="times the time of 1e4",
            target="<= 25",
            holds=growth <= 25,
        ),
    ]


if __name__ == "__main__":
    print_rows(__doc__ or "", rows())
