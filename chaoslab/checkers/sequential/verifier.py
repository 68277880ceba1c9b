"""Re-checks what the sequential checker claims, on the raw operations: shares no code with its search.

*An order* is right if it holds every operation that certainly happened once, keeps each process's own order, and the
model accepts it step by step. *That there is no order* is right if a small part of the history, from which nothing is
missing that could have explained its reads, has none: that is tried once more, plainly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaoslab.history import Operation
from chaoslab.history.values import frozen
from chaoslab.models import ILLEGAL, UNKNOWN, Model

__all__ = ["complaint_about_core", "complaint_about_order"]


def complaint_about_order(order: Sequence[Operation], operations: Sequence[Operation], model: Model) -> str | None:
    """Return what is wrong with the interleaving *order* of *operations*, or None if it is right. Cost: O(n)."""
    sessions = _sessions(operations, model)
    session_of = {operation.call: session for session, line in sessions.items() for operation in line}
    happened = {operation.call: operation for line in sessions.values() for operation in line}
    placed = {operation.call for operation in order}
    if len(placed) != len(order):
        return "an operation stands twice in the order"
    missing = {call for call, operation in happened.items() if operation.type == "ok"} - placed
    if missing:
        return f"the operation of event {min(missing)} is missing from the order"
    latest: dict[Any, int] = {}
    states: dict[Any, Any] = {}
    for operation in order:
        if happened.get(operation.call) is not operation:
            return f"the operation of event {operation.call} is none that happened"
        session = session_of[operation.call]
        if operation.call < latest.get(session, -1):
            return f"the operation of event {operation.call} stands behind a later one of its process"
        latest[session] = operation.call
        key = frozen(operation.key) if model.keyed else None
        states[key] = _after(states.get(key, model.initial), operation, model)
        if states[key] is ILLEGAL:
            return f"the model does not accept the operation of event {operation.call} at its place"
    return None


def _sessions(operations: Sequence[Operation], model: Model) -> dict[Any, list[Operation]]:
    """Return what each process did in order; after an update of unknown outcome a process counts as another one."""
    lives: dict[int, int] = {}
    sessions: dict[Any, list[Operation]] = {}
    for operation in sorted(operations, key=lambda operation: operation.call):
        if operation.type == "fail" or (operation.type == "info" and operation.f in model.reads):
            continue
        life = lives.get(operation.process, 0)
        sessions.setdefault((operation.process, life), []).append(operation)
        if operation.type == "info":
            lives[operation.process] = life + 1
    return sessions


def complaint_about_core(
    core: Sequence[Operation], operations: Sequence[Operation], model: Model, steps_max: int
) -> tuple[str | None, bool]:
    """Return what is wrong with the claim that *core*, a part of *operations*, shows that there is no order.

    Args:
        core: A few operations.
        operations: All of them.
        model: The model that accepts no order of them.
        steps_max: How long to search, in configurations.

    Returns:
        A complaint or None, and whether the search came to its end. Cost: exponential in the size of *core*.
    """
    chosen = {operation.call for operation in core}
    for operation in operations:
        outside = operation.call not in chosen and operation.type != "fail" and operation.f not in model.reads
        if outside and any(_may_explain(operation, other, model) for other in core):
            return f"the operation of event {operation.call} may explain one of the few, and is missing", True
    # Sessions as in the whole history: the update that divides two of them may be missing from the few.
    session_of = {one.call: session for session, line in _sessions(operations, model).items() for one in line}
    by_session: dict[Any, list[Operation]] = {}
    for operation in sorted(core, key=lambda operation: operation.call):
        by_session.setdefault(session_of[operation.call], []).append(operation)
    lines = list(by_session.values())
    start: tuple[tuple[int, ...], frozenset[Any]] = ((0,) * len(lines), frozenset())
    seen = {start}
    stack = [start]
    while stack:
        if len(seen) > steps_max:
            return None, False
        places, states = stack.pop()
        if all(place == len(line) or line[place].type == "info" for place, line in zip(places, lines, strict=True)):
            return "there is an order after all", True
        values = dict(states)
        for index, (place, line) in enumerate(zip(places, lines, strict=True)):
            if place == len(line):
                continue
            operation = line[place]
            key = frozen(operation.key) if model.keyed else None
            following = _after(values.get(key, model.initial), operation, model)
            if following is not ILLEGAL:
                after = (
                    (*places[:index], place + 1, *places[index + 1 :]),
                    frozenset({**values, key: following}.items()),
                )
                if after not in seen:
                    seen.add(after)
                    stack.append(after)
    return None, True


def _after(state: Any, operation: Operation, model: Model) -> Any:
    return model.step(
        state,
        operation.f,
        frozen(operation.argument),
        UNKNOWN if operation.type == "info" else frozen(operation.value),
        None if operation.type == "info" else frozen(operation.result),
    )


def _may_explain(update: Operation, other: Operation, model: Model) -> bool:
    """Return whether leaving *update* out may take from *other* what it saw."""
    if model.keyed and frozen(update.key) != frozen(other.key):
        return False
    plain = ("write", "put", "cas")
    if model.shape != "register" or update.f not in plain:
        return True
    if update.f == "cas" and update.result is False:
        return False
    if other.f in ("write", "put"):
        return False
    if other.f not in (*model.reads, "cas") or (other.f == "cas" and other.result is False):
        return True
    made = frozen(update.argument[1] if update.f == "cas" else update.argument)
    return made == frozen(other.argument[0] if other.f == "cas" else other.value)
