"""Makes an invalid history small: fewer operations, still not linearizable.

Removing operations of a history can make an impossible one possible and the reverse, so every step is judged by the
search again. Two things keep that quick: what happens after the operation that cannot be placed is not needed, and
operations are removed in halves, quarters, and so on (delta debugging: Zeller & Hildebrandt 2002).

An update goes only together with what was seen of it (reads of its value, a compare-and-set that found it there).
Leaving those behind would show a violation that is none: a read of a value that "nobody wrote", although somebody did.
"""

from __future__ import annotations

from collections.abc import Sequence

from chaoslab.checkers.linearizable.planner import plan
from chaoslab.checkers.linearizable.search import Budget, Stuck, search
from chaoslab.history import Operation
from chaoslab.history.values import frozen
from chaoslab.models import Model

__all__ = ["minimised"]

_ATTEMPTS_MAX = 400


def minimised(
    operations: Sequence[Operation], blocked: Operation, model: Model, configurations_max: int
) -> tuple[tuple[Operation, ...], Operation]:
    """Return few of *operations* (all of one key) that are still not linearizable, and the one that cannot be placed.

    Cost: at most a few hundred searches, each of a smaller history than the one before.
    """
    assert blocked.ret is not None
    attempts = 0

    def still_invalid(chosen: list[Operation]) -> Operation | None:
        nonlocal attempts
        attempts += 1
        for part in plan(chosen, model):
            result = search(part, model, Budget(min(configurations_max, 20_000)))
            if isinstance(result, Stuck) and result.exhausted and result.blocked is not None:
                return result.blocked.operation
        return None

    current = list(operations)
    early = [operation for operation in operations if operation.call <= blocked.ret]
    found = still_invalid(early)
    if found is not None:
        current, blocked = early, found
    size = max(1, len(current) // 2)
    while attempts < _ATTEMPTS_MAX:
        removed_any = False
        start = 0
        while start < len(current) and attempts < _ATTEMPTS_MAX:
            chosen = _without(current, current[start : start + size], model)
            found = still_invalid(chosen) if chosen else None
            if found is None:
                start += size
            else:
                current, blocked, removed_any = chosen, found, True
        if size == 1 and not removed_any:
            break
        size = max(1, size // 2)
    return tuple(current), blocked


def _without(current: list[Operation], removed: Sequence[Operation], model: Model) -> list[Operation]:
    """Return *current* without *removed* and without everything that saw one of these updates."""
    gone = {operation.call for operation in removed}
    values = {_written(operation) for operation in removed if operation.f not in model.reads}
    while True:
        orphans = [one for one in current if one.call not in gone and _saw_any(one, values, model)]
        if not orphans:
            return [one for one in current if one.call not in gone]
        gone.update(one.call for one in orphans)
        values.update(_written(one) for one in orphans if one.f not in model.reads)


def _written(operation: Operation) -> object:
    argument = operation.argument
    return frozen(argument[1] if operation.f == "cas" else argument)


def _saw_any(operation: Operation, values: set[object], model: Model) -> bool:
    """Return whether *operation* observed one of *values*, or, refused, that the value was one of them."""
    if not values or operation.type != "ok":
        return False
    if operation.f == "cas":
        expected = frozen(operation.argument[0])
        return expected in values if operation.result is not False else values != {expected}
    if operation.f not in model.reads:
        return False
    seen = frozen(operation.value)
    if seen in values:
        return True
    return isinstance(seen, str) and any(isinstance(value, str) and value and value in seen for value in values)
