"""Prepares a history for the search for an interleaving: sessions, effects as small integers, who needs which value.

Rules:

1. Operations that failed and reads of unknown outcome are left out. An update of unknown outcome ends its session, and
   may take effect at its place there, at any later time, or never.
2. An effect is what the model is told of an operation; equal effects have one number. What an effect does to a state is
   asked of the model once.
3. Where the model is a register, it is noted who observes and who makes each value of each key.

This file does not know how orders are found.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import attrs

from chaoslab.errors import HistoryError, unknown_word
from chaoslab.history import Operation
from chaoslab.history.values import frozen
from chaoslab.models import ILLEGAL, UNKNOWN, Model

__all__ = [
    "Effects",
    "Lived",
    "Plan",
    "is_refused",
    "is_register",
    "key_of",
    "made_value",
    "observed_value",
    "plan",
    "relevant",
]

Lived = tuple[Operation, int]
"""An operation and its process's life: a process that had an update of unknown outcome is another one afterwards."""

_READ_FS = ("read", "get")
_WRITE_FS = ("write", "put")


def is_register(operations: Sequence[Operation], model: Model) -> bool:
    """Return whether *operations* only read, write and compare-and-set, and *model* takes them as a register does."""
    known = (*_READ_FS, *_WRITE_FS, "cas")
    return model.shape == "register" and all(
        operation.f in known and (operation.f != "cas" or operation.type != "ok" or isinstance(operation.result, bool))
        for operation in operations
    )


def relevant(operations: Sequence[Operation], model: Model) -> list[Lived]:
    """Return the operations that count, each with how many updates of unknown outcome its process had had before.

    Raises:
        HistoryError: an operation that the model does not know.
    """
    kept = []
    lives: dict[int, int] = {}
    for operation in operations:
        if operation.f not in model.fs:
            raise HistoryError(
                f"event {operation.call}: the model {model.name!r} has no such operation: "
                + unknown_word("operation", operation.f, model.fs)
            )
        if operation.type == "ok" or (operation.type == "info" and operation.f not in model.reads):
            kept.append((operation, lives.get(operation.process, 0)))
            if operation.type == "info":
                lives[operation.process] = lives.get(operation.process, 0) + 1
    return kept


def key_of(operation: Operation, model: Model) -> Hashable:
    """Return what tells the object apart that *operation* is about."""
    return frozen(operation.key) if model.keyed else None


def observed_value(operation: Operation) -> tuple[Hashable] | None:
    """Return the value that a register's operation certainly saw, in a tuple, or None if it saw none."""
    if operation.f in _READ_FS:
        return (frozen(operation.value),)
    if operation.f == "cas" and operation.result is not False:
        return (frozen(operation.argument[0]),)
    return None


def is_refused(operation: Operation, model: Model) -> bool:
    """Return whether an operation certainly changed nothing, because its condition was not met."""
    return operation.f in model.refusable and operation.type == "ok" and operation.result is False


def made_value(operation: Operation) -> tuple[Hashable] | None:
    """Return the value that a register's operation leaves behind if it takes effect, in a tuple, or None."""
    if operation.f in _WRITE_FS:
        return (frozen(operation.argument),)
    if operation.f == "cas" and operation.result is not False:
        return (frozen(operation.argument[1]),)
    return None


class Effects:
    """What operations do to states, both by number; asked of the model when first needed."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.initial = 0
        self.states: list[Any] = [model.initial]
        self._numbers: dict[Any, int] = {model.initial: 0}
        self._effects: dict[Any, int] = {}
        self._arguments: list[tuple[str, Any, Any, Any]] = []
        self._known: dict[tuple[int, int], int] = {}

    def number(self, operation: Operation) -> int:
        """Return the number of an operation's effect."""
        arguments = (
            operation.f,
            frozen(operation.argument),
            UNKNOWN if operation.type == "info" else frozen(operation.value),
            None if operation.type == "info" else frozen(operation.result),
        )
        found = self._effects.get(arguments)
        if found is None:
            found = self._effects[arguments] = len(self._arguments)
            self._arguments.append(arguments)
        return found

    def after(self, state: int, effect: int) -> int:
        """Return the state after *effect*, or -1 if it cannot happen in *state*."""
        found = self._known.get((state, effect))
        if found is None:
            following = self.model.after(self.states[state], *self._arguments[effect])
            if following is ILLEGAL:
                found = -1
            else:
                found = self._numbers.setdefault(following, len(self.states))
                if found == len(self.states):
                    self.states.append(following)
            self._known[state, effect] = found
        return found


@attrs.frozen(kw_only=True)
class Plan:
    """What the search needs, in columns over nodes: the operations that count, by number.

    Attributes:
        operations: From a node to the operation.
        effects: What effects do.
        effect: From a node to its effect.
        key: From a node to its key's number.
        keys: How many keys there are.
        optional: From a node to whether it may never have taken effect.
        pure: From a node to whether it changes no state whatever.
        sessions: From a session to its nodes, in order.
        observers: From a key and a value to ``(session, last place)`` of those that need to see it; None if the model
            is no register.
        makers: The same for those that can make it.
    """

    operations: Sequence[Operation]
    effects: Effects
    effect: list[int]
    key: list[int]
    keys: int
    optional: list[bool]
    pure: list[bool]
    sessions: list[list[int]]
    observers: dict[tuple[int, Hashable], list[tuple[int, int]]] | None
    makers: dict[tuple[int, Hashable], list[tuple[int, int]]]


def plan(operations: Sequence[Lived], model: Model, effects: Effects) -> Plan:
    """Return the plan for *operations*, all of which count, in the order of their invocations. Cost: O(n)."""
    numbers: dict[Hashable, int] = {}
    lines: dict[tuple[int, int], int] = {}
    sessions: list[list[int]] = []
    effect, key, optional = [], [], []
    for node, (operation, life) in enumerate(operations):
        effect.append(effects.number(operation))
        key.append(numbers.setdefault(key_of(operation, model), len(numbers)))
        optional.append(operation.type == "info")
        line = lines.setdefault((operation.process, life), len(sessions))
        if line == len(sessions):
            sessions.append([])
        sessions[line].append(node)
    alone = [operation for operation, _ in operations]
    observers: dict[tuple[int, Hashable], dict[int, int]] = {}
    makers: dict[tuple[int, Hashable], dict[int, int]] = {}
    register = is_register(alone, model)
    for line, nodes in enumerate(sessions if register else []):
        for place, node in enumerate(nodes):
            seen, made = observed_value(alone[node]), made_value(alone[node])
            if seen is not None and not optional[node]:
                observers.setdefault((key[node], *seen), {})[line] = place
            if made is not None:
                makers.setdefault((key[node], *made), {})[line] = place
    return Plan(
        operations=alone,
        effects=effects,
        effect=effect,
        key=key,
        keys=len(numbers),
        optional=optional,
        pure=[operation.f in model.reads or is_refused(operation, model) for operation in alone],
        sessions=sessions,
        observers={what: list(places.items()) for what, places in observers.items()} if register else None,
        makers={what: list(places.items()) for what, places in makers.items()},
    )
