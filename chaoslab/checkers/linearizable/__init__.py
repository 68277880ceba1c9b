"""Linearizability: is there one order of all operations that explains what every client saw?

The parts: ``parts`` cuts a history up, ``registers`` and the files of other objects decide what can be decided in
polynomial time, ``search`` decides the rest, ``verifier`` re-checks what was decided, ``minimise`` makes an invalid
history small, ``words`` says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs

from chaoslab.checkers.guesses import doubting_guesses
from chaoslab.checkers.linearizable.appends import about_appends
from chaoslab.checkers.linearizable.decision import Ordered, Refuted
from chaoslab.checkers.linearizable.minimise import minimised
from chaoslab.checkers.linearizable.parts import Effects, Part, split
from chaoslab.checkers.linearizable.priority_queue import decide_priority_queue
from chaoslab.checkers.linearizable.queue import decide_queue
from chaoslab.checkers.linearizable.registers import Culprits, decide_register
from chaoslab.checkers.linearizable.search import Found, GaveUp, Result, Stuck, search
from chaoslab.checkers.linearizable.set import decide_set
from chaoslab.checkers.linearizable.stack import decide_stack
from chaoslab.checkers.linearizable.unique_writes import ImpossibleCalls, decide_unique_writes
from chaoslab.checkers.linearizable.verifier import complaint_about_no_order, complaint_about_order
from chaoslab.checkers.linearizable.words import told_of
from chaoslab.checkers.verdict import Telling, Verdict, confirm
from chaoslab.history import History, Operation
from chaoslab.models import Model

__all__ = ["CONFIGURATIONS_MAX", "NoOrder", "WitnessOrder", "linearizable"]

CONFIGURATIONS_MAX = 1_000_000

_FIRST_SHARE = 4
"""Configurations for each operation of a part before any part gets more; then four times as many, and so on."""

_CONFIRMATION = 10_000
"""Configurations for confirming that few operations have no order."""


@attrs.frozen(kw_only=True)
class WitnessOrder:
    """Evidence of validity: for each part (key) an order in which its operations can have taken effect.

    Attributes:
        orders: Invocation event indices, part by part. Infos that never took effect are missing.
    """

    orders: tuple[Sequence[int], ...]


@attrs.frozen(kw_only=True)
class NoOrder:
    """Evidence of invalidity: a beginning of one part of the history for which there is no order at all.

    Attributes:
        prefix: The longest legal order of it that was found, as invocation event indices.
        blocked: The operation that had to return and could not be placed after it.
        calls: Operations of that part, called before that one returned, which have no order: all of them, or few.
    """

    prefix: tuple[int, ...]
    blocked: int
    calls: tuple[int, ...]


@doubting_guesses
def linearizable(history: History, model: Model, *, configurations_max: int = CONFIGURATIONS_MAX) -> Verdict:
    """Decide whether *history* is linearizable with respect to *model*.

    Looks for one total order of the operations that the model accepts and that respects real time: if a completed
    before b was invoked, a comes first. Info operations may be placed anywhere after their invocation, or nowhere.

    Args:
        history: History of n operations; a process has at most one open operation.
        model: Sequential specification; ``step`` must be pure.
        configurations_max: Search budget, in configurations. Reaching it gives ``unknown``.

    Returns:
        A verdict. Valid: ``evidence`` is a witness order. Invalid: the longest legal prefix, the operation that cannot
        be placed, and, as the verdict's ``operations``, a minimised history that is still invalid.
        Cost: O(n) where few operations overlap, exponential in the concurrency at worst.

    Raises:
        HistoryError: an operation that the model does not know.

    Source:
        Herlihy & Wing 1990, section 3; Lowe 2017, "Testing for linearizability", section 4; Horn & Kroening 2015.
    """
    if model.shape == "register":
        quick = decide_unique_writes(history, model)
        if isinstance(quick, list):
            return _valid(history, model, quick, {"operations": sum(map(len, quick)), "configurations": 0})
        if isinstance(quick, ImpossibleCalls):
            return _impossible(history, model, quick.calls)
    effects = Effects(model)
    parts = split(history, effects)
    results, spent = _decided(parts, effects, configurations_max)
    details = {"operations": sum(len(part.calls) for part in parts), "configurations": spent}
    for part, result in zip(parts, results, strict=True):
        if isinstance(result, Stuck):
            return _invalid(history, part, effects, result, details)
    orders = []
    for part, result in zip(parts, results, strict=True):
        if isinstance(result, GaveUp):
            return _unknown(configurations_max, details)
        assert isinstance(result, Found)
        orders.append([part.calls[one] for one in result.order])
    return _valid(history, model, orders, details)


def _valid(history: History, model: Model, orders: list[list[int]], details: dict[str, int]) -> Verdict:
    confirm("linearizability", complaint_about_order(orders, history, model))
    return Verdict(
        outcome="valid",
        name="linearizable",
        level="linearizable",
        summary=f"one order explains all {details['operations']:,} operations.",
        evidence=WitnessOrder(orders=tuple(orders)),
        details=details,
    )


def _unknown(configurations_max: int, details: dict[str, int]) -> Verdict:
    return Verdict(
        outcome="unknown",
        name="linearizable",
        level="linearizable",
        summary=f"the search gave up after {configurations_max:,} configurations; raise the budget (--budget, or "
        "configurations_max in Python) to search on.",
        details=details,
    )


def _impossible(history: History, model: Model, calls: list[int]) -> Verdict:
    """Return the verdict that the operations *calls* have no order, after the search has confirmed it."""
    effects = Effects(model)
    (part,) = [part for part in split(history, effects) if not frozenset(calls).difference(part.calls)]
    stuck = _confirmed([part.calls.index(call) for call in calls], part, effects)
    confirm("linearizability", f"events {calls} have an order" if stuck is None else None)
    assert stuck is not None
    return _invalid(history, part, effects, stuck, {"operations": len(part.calls), "configurations": 0})


def _decided(parts: list[Part], effects: Effects, configurations_max: int) -> tuple[list[Result], int]:
    """Decide *parts* in rounds of growing budgets, so that a hard one does not hide what an easy one shows.

    Returns:
        What became of each, up to the first that is stuck, and the configurations spent in all.
    """
    results: list[Result] = [GaveUp(0)] * len(parts)
    undecided: list[int] = []
    for number, part in enumerate(parts):
        known = _known(part, effects)
        if known is None:
            undecided.append(number)
        else:
            results[number] = known
            if isinstance(known, Stuck):
                return results, 0
    spent, share = 0, _FIRST_SHARE
    while undecided and spent < configurations_max:
        for number in undecided:
            left = configurations_max - spent
            result = search(
                parts[number],
                effects,
                left if len(undecided) == 1 else min(left, share * (len(parts[number].calls) + 1)),
            )
            results[number] = result
            spent += result.configurations
            if isinstance(result, Stuck) or spent >= configurations_max:
                return results, min(spent, configurations_max)
        undecided = [number for number in undecided if isinstance(results[number], GaveUp)]
        share *= 4
    return results, spent


_POLYNOMIAL: Mapping[str, Callable[[Part, Effects], Found | Culprits | Ordered | Refuted | None]] = {
    "register": decide_register,
    "queue": decide_queue,
    "stack": decide_stack,
    "set": decide_set,
    "priority-queue": decide_priority_queue,
}
"""The checkers that know histories of one shape of object; each looks for itself whether it knows this one."""


def _known(part: Part, effects: Effects) -> Result | None:
    """Decide *part* in polynomial time, or return None if none of those checkers knows such histories."""
    decide = _POLYNOMIAL.get(effects.model.shape)
    decided = None if decide is None else decide(part, effects)
    if decided is None or isinstance(decided, Found):
        return decided
    if isinstance(decided, Ordered):
        return Found(decided.positions, 0)
    stuck = _confirmed(decided.positions, part, effects)
    if stuck is None or isinstance(decided, Culprits):
        return stuck
    return attrs.evolve(stuck, anomaly=decided.anomaly, tell=decided.tell)


def _confirmed(chosen: list[int], part: Part, effects: Effects) -> Stuck | None:
    """Return what the search says of the operations at the positions *chosen* alone, if that is that they are stuck."""
    found = search(part.only(chosen), effects, _CONFIRMATION)
    if not isinstance(found, Stuck):
        return None
    return Stuck(chosen[found.blocked], [chosen[one] for one in found.order], found.configurations, chosen)


def _invalid(history: History, part: Part, effects: Effects, stuck: Stuck, details: dict[str, int]) -> Verdict:
    until = part.rets[stuck.blocked]
    suspects = stuck.suspects or [one for one, call in enumerate(part.calls) if call <= until]

    def at(one: int) -> Operation:
        return history.operation(part.calls[one])

    def told() -> Telling:
        if stuck.tell is not None:
            return Telling(summary=stuck.tell(at), anomaly=stuck.anomaly, operations=tuple(map(at, suspects)))
        everything = [*map(at, range(len(part.calls)))]
        everything += _failed(history, everything[0].key)
        appended = about_appends(everything, effects.model)
        if appended is not None:
            return appended
        chosen, blocked = minimised(part, effects, suspects, stuck.blocked)
        return told_of(tuple(map(at, chosen)), at(blocked), everything, effects.model)

    def tell() -> Telling:
        found = told()
        happened = [one for one in found.operations if one.type != "fail"]
        confirm("linearizability", complaint_about_no_order(happened, effects.model))
        return found

    return Verdict(
        outcome="invalid",
        name="linearizable",
        level="linearizable",
        told_later=tell,
        evidence=NoOrder(
            prefix=tuple(part.calls[one] for one in stuck.order),
            blocked=part.calls[stuck.blocked],
            calls=tuple(part.calls[one] for one in suspects),
        ),
        details=details,
    )


def _failed(history: History, key: object) -> list[Operation]:
    """Return the operations on *key* that did not happen."""
    ends = (index for index, type in enumerate(history.types) if type == "fail")
    calls = (history.partners[end] for end in ends)
    return [history.operation(call) for call in calls if history.keys[call] == key]
