"""Prepares a history for the search: which operations matter, in which parts, in which order.

Rules:

1. Operations that failed, and reads of which nobody knows the outcome, are left out: they constrain nothing.
2. A keyed model's history is split by key: linearizability is local (Herlihy & Wing 1990, theorem 1).
3. Each operation holds a bit while it is open; an info operation holds its bit for ever. Masks are as wide as the
   concurrency plus the number of infos, not as the history.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from chaoslab.errors import HistoryError, unknown_word
from chaoslab.history import Operation
from chaoslab.history.values import frozen
from chaoslab.models import Model

__all__ = ["Part", "Planned", "plan"]


@attrs.frozen(kw_only=True)
class Planned:
    """One operation, ready for the model.

    Attributes:
        operation: As it stands in the history.
        arguments: ``(f, argument, value, result)`` as ``Model.step`` takes them, frozen.
        is_read: It never changes the state.
        bit: The bit it holds in masks while it is open.
    """

    operation: Operation
    arguments: tuple[str, Any, Any, Any]
    is_read: bool
    bit: int


@attrs.frozen(kw_only=True)
class Part:
    """A part of the history that can be judged alone.

    Attributes:
        key: The key it is about, or None.
        operations: In the order of their invocations.
        returns: The completed operations, in the order of their completions.
        pending: For each of these, the operations open just before it returned, itself included, as
            ``(reads, updates)``, each in the order of their deadlines.
        crashed: For each of these, the bits held by info operations at that moment (a bit is used again once free).
    """

    key: Any
    operations: tuple[Planned, ...]
    returns: tuple[Planned, ...]
    pending: tuple[tuple[tuple[Planned, ...], tuple[Planned, ...]], ...]
    crashed: tuple[int, ...]


def plan(operations: Sequence[Operation], model: Model) -> tuple[Part, ...]:
    """Return the parts of a history of n operations, in the order of their first operation.

    Cost: O(n * c) for concurrency c, infos included.

    Raises:
        HistoryError: an operation that the model does not know.
    """
    groups: dict[Any, tuple[Any, list[Operation]]] = {}
    for operation in operations:
        if operation.f not in model.fs:
            raise HistoryError(
                f"event {operation.call}: the model {model.name!r} has no such operation: "
                + unknown_word("operation", operation.f, model.fs)
            )
        if operation.type == "fail" or (operation.type == "info" and operation.f in model.reads):
            continue
        key = frozen(operation.key) if model.keyed else None
        groups.setdefault(key, (operation.key, []))[1].append(operation)
    return tuple(_part(key if model.keyed else None, group, model) for key, group in groups.values())


def _part(key: Any, operations: list[Operation], model: Model) -> Part:
    events: list[tuple[int, bool, int]] = []
    for number, operation in enumerate(operations):
        events.append((operation.call, False, number))
        if operation.ret is not None:
            events.append((operation.ret, True, number))
    events.sort()
    planned: list[Planned | None] = [None] * len(operations)
    open_now: dict[int, Planned] = {}
    free = 0  # bits that were used and are free again
    used = 0  # how many bits there are
    crashed_now = 0
    crashed: list[int] = []
    returns: list[Planned] = []
    pending: list[tuple[tuple[Planned, ...], tuple[Planned, ...]]] = []
    for _, is_return, number in events:
        if is_return:
            ending = open_now[number]
            by_deadline = sorted(open_now.values(), key=_deadline)
            returns.append(ending)
            crashed.append(crashed_now)
            pending.append(
                (
                    tuple(one for one in by_deadline if one.is_read),
                    tuple(one for one in by_deadline if not one.is_read),
                )
            )
            del open_now[number]
            free |= ending.bit
            continue
        if free:
            bit = free & -free
            free &= ~bit
        else:
            bit = 1 << used
            used += 1
        operation = operations[number]
        one = Planned(
            operation=operation,
            arguments=(
                operation.f,
                frozen(operation.argument),
                frozen(operation.value),
                None if operation.type == "info" else frozen(operation.result),
            ),
            is_read=operation.f in model.reads,
            bit=bit,
        )
        planned[number] = open_now[number] = one
        if operation.ret is None:
            crashed_now |= bit
    return Part(
        key=key,
        operations=tuple(one for one in planned if one is not None),
        returns=tuple(returns),
        pending=tuple(pending),
        crashed=tuple(crashed),
    )


def _deadline(one: Planned) -> tuple[bool, int, int]:
    ret = one.operation.ret
    return (ret is None, ret or 0, one.operation.call)
