"""Checks what was decided about linearizability: shares no code with the search, and trusts nothing it says.

A witness is right if the model accepts it step by step, if it holds every operation that certainly happened exactly
once, and if no operation stands before one that had ended when it began.

That there is no order is checked on the minimised history, by trying all orders that respect real time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chaoslab.history import History, Operation
from chaoslab.history.values import frozen
from chaoslab.models import ILLEGAL, UNKNOWN, Model

__all__ = ["complaint_about_no_order", "complaint_about_order"]

_LOOKED_AT_MAX = 2_000_000
_TRIED_MAX = 20_000
"""Orders that are tried at most: a minimised history has a handful of operations and needs far fewer."""


def complaint_about_order(orders: Iterable[Sequence[int]], history: History, model: Model) -> str | None:
    """Return what is wrong with the witness *orders* of *history*, part by part, or None if it is right.

    Args:
        orders: Invocation event indices, one sequence for each key (or one in all, if the model is not keyed).
        history: History of n operations.
        model: Who accepts the steps.

    Returns:
        A sentence, or None. Cost: O(n).
    """
    types, partners, fs, keys, values, results = (
        history.types,
        history.partners,
        history.fs,
        history.keys,
        history.values,
        history.results,
    )
    placed = 0
    seen_keys = set()
    step = model.step
    seen = bytearray(len(types))
    for order in orders:
        latest_call = -1
        state: Any = model.initial
        key = frozen(keys[order[0]]) if order and model.keyed else None
        if key in seen_keys and order:
            return f"the key {key!r} has two orders"
        if order:
            seen_keys.add(key)
        for call in order:
            ret = partners[call]
            ending = types[ret] if ret >= 0 else "info"
            if types[call] != "invoke" or ending == "fail":
                return f"the operation of event {call} is none that happened"
            if seen[call]:
                return f"the operation of event {call} stands twice in the witness"
            seen[call] = 1
            if model.keyed and frozen(keys[call]) != key:
                return f"the operation of event {call} is about another key"
            if call > latest_call:
                latest_call = call
            if ending == "ok":
                placed += 1
                if ret < latest_call:
                    return f"the operation of event {call} had ended before one that stands ahead of it began"
                state = step(state, fs[call], frozen(values[call]), frozen(values[ret]), frozen(results[ret]))
            else:
                state = step(state, fs[call], frozen(values[call]), UNKNOWN, None)
            if state is ILLEGAL:
                return f"the model does not accept the operation of event {call} at its place"
    happened = sum(
        1
        for type, process in zip(types, history.processes, strict=True)
        if type == "ok" and process.__class__ is not str
    )
    if placed != happened:
        return f"{happened - placed} operations that happened are missing from the witness"
    return None


def complaint_about_no_order(operations: Sequence[Operation], model: Model) -> str | None:
    """Return an order of *operations*, in words, if there is one after all; None if there is none.

    Tries, from each state reached, every operation that no other one precedes in real time. Cost: exponential in the
    number of operations, which are few; after a bounded number of tries it lets the matter rest.
    """
    steps = [
        (
            one.call,
            one.ret,
            (one.f, frozen(one.argument), frozen(one.value), frozen(one.result))
            if one.type == "ok"
            else (one.f, frozen(one.argument), UNKNOWN, None),
        )
        for one in operations
        if one.type != "fail"
    ]
    todo = frozenset(number for number, (_, ret, _) in enumerate(steps) if ret is not None)
    seen = set()
    stack: list[tuple[frozenset[int], Any]] = [(frozenset(), model.initial)]
    for _ in range(min(_TRIED_MAX, _LOOKED_AT_MAX // (1 + len(steps)))):
        if not stack:
            return None
        done, state = stack.pop()
        if (done, state) in seen:
            continue
        seen.add((done, state))
        if todo <= done:
            return f"the {len(steps)} operations have the order {sorted(done)}"
        first_ret = min(steps[number][1] for number in todo - done)  # type: ignore[type-var]
        for number, (call, _, arguments) in enumerate(steps):
            if number not in done and call < first_ret:  # type: ignore[operator]
                following = model.step(state, *arguments)
                if following is not ILLEGAL:
                    stack.append((done | {number}, following))
    return None
