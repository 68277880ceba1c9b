"""The textbook search, as a yardstick: Wing & Gong 1993 with Lowe's memory of configurations.

A doubly linked list of calls and returns; take the first call that the model accepts out of it, and go back at a return
that nothing can be put before. No more than that: every other trick is left to what is measured against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaoslab.history import Operation
from chaoslab.history.values import frozen
from chaoslab.models import ILLEGAL, UNKNOWN, Model

__all__ = ["literal_wgl"]


class _Entry:
    def __init__(self, number: int, arguments: tuple[Any, ...] | None) -> None:
        self.number = number
        self.arguments = arguments  # None for a return
        self.match: _Entry | None = None
        self.before: _Entry | None = None
        self.after: _Entry | None = None


def literal_wgl(operations: Sequence[Operation], model: Model) -> bool:
    """Return whether *operations*, all on one object, are linearizable."""
    head = _linked(operations, model)
    state: Any = model.initial
    linearized = 0
    seen: set[tuple[int, Any]] = set()
    stack: list[tuple[_Entry, Any]] = []
    entry = head.after
    while head.after is not None:
        assert entry is not None
        if entry.match is not None:
            assert entry.arguments is not None
            following = model.step(state, *entry.arguments)
            if following is not ILLEGAL:
                marked = linearized | 1 << entry.number
                if (marked, following) not in seen:
                    seen.add((marked, following))
                    stack.append((entry, state))
                    state, linearized = following, marked
                    _lift(entry)
                    entry = head.after
                    continue
            entry = entry.after
            continue
        if entry.arguments == ("info",):
            return True  # only returns of operations that never have to return are left
        if not stack:
            return False
        entry, state = stack.pop()
        linearized ^= 1 << entry.number
        _unlift(entry)
        entry = entry.after
    return True


def _linked(operations: Sequence[Operation], model: Model) -> _Entry:
    events: list[tuple[float, _Entry]] = []
    number = 0
    for operation in operations:
        info = operation.type == "info"
        if operation.type == "fail" or (info and operation.f in model.reads):
            continue
        value = UNKNOWN if info else frozen(operation.value)
        result = None if info else frozen(operation.result)
        call = _Entry(number, (operation.f, frozen(operation.argument), value, result))
        ret = _Entry(number, ("info",) if info else None)
        call.match = ret
        events.append((operation.call, call))
        events.append((float("inf") if operation.ret is None else operation.ret, ret))
        number += 1
    events.sort(key=lambda event: event[0])
    head = last = _Entry(-1, None)
    for _, entry in events:
        last.after, entry.before = entry, last
        last = entry
    return head


def _lift(entry: _Entry) -> None:
    assert entry.before is not None
    entry.before.after = entry.after
    if entry.after is not None:
        entry.after.before = entry.before
    match = entry.match
    assert match is not None
    assert match.before is not None
    match.before.after = match.after
    if match.after is not None:
        match.after.before = match.before


def _unlift(entry: _Entry) -> None:
    match = entry.match
    assert match is not None
    assert match.before is not None
    match.before.after = match
    if match.after is not None:
        match.after.before = match
    assert entry.before is not None
    entry.before.after = entry
    if entry.after is not None:
        entry.after.before = entry
