"""Linearizability: is there one order of all operations that explains what every client saw?

The parts: ``planner`` prepares, ``search`` decides, ``verifier`` re-checks what was decided, ``minimise`` makes an
invalid history small, ``words`` says what is wrong with it.
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.checkers.linearizable.minimise import minimised
from chaoslab.checkers.linearizable.planner import plan
from chaoslab.checkers.linearizable.search import Budget, Found, Stuck, search
from chaoslab.checkers.linearizable.verifier import complaint_about
from chaoslab.checkers.linearizable.words import anomaly_and_sentence
from chaoslab.checkers.verdict import Verdict
from chaoslab.errors import ChaosLabError
from chaoslab.history import History, Operation
from chaoslab.models import Model

__all__ = ["CONFIGURATIONS_MAX", "NoOrder", "WitnessOrder", "linearizable"]

CONFIGURATIONS_MAX = 1_000_000


@attrs.frozen(kw_only=True)
class WitnessOrder:
    """Evidence of validity: an order in which the operations can have taken effect. Infos that never did are missing.

    Attributes:
        operations: In that order.
    """

    operations: tuple[Operation, ...]


@attrs.frozen(kw_only=True)
class NoOrder:
    """Evidence of invalidity: a small part of the history for which there is no order at all.

    Attributes:
        prefix: The longest legal order that was found of the whole part.
        blocked: The operation that could not be placed after it.
        operations: A small history that is still not linearizable, in the order of invocations.
    """

    prefix: tuple[Operation, ...]
    blocked: Operation
    operations: tuple[Operation, ...]


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
        be placed, and a minimised history that is still invalid.
        Cost: O(n) where few operations overlap, exponential in the concurrency at worst.

    Raises:
        HistoryError: an operation that the model does not know.

    Source:
        Herlihy & Wing 1990, section 3; Lowe 2017, "Testing for linearizability", section 4.
    """
    operations = history.operations()
    parts = plan(operations, model)
    budget = Budget(configurations_max)
    orders: list[Operation] = []
    unknown = False
    for part in parts:
        result = search(part, model, budget)
        if isinstance(result, Stuck):
            if result.exhausted:
                return _invalid(result, [one.operation for one in part.operations], model, configurations_max)
            unknown = True
            continue
        orders.extend(one.operation for one in _checked(result, part, model).order)
    details = {"operations": len(operations), "configurations": configurations_max - budget.left}
    if unknown:
        return Verdict(
            outcome="unknown",
            name="linearizable",
            level="linearizable",
            summary=f"the search gave up after {configurations_max:,} configurations; raise the budget (--budget, or "
            "configurations_max in Python) to search on.",
            details=details,
        )
    return Verdict(
        outcome="valid",
        name="linearizable",
        level="linearizable",
        summary=f"one order explains all {len(operations)} operations.",
        evidence=WitnessOrder(operations=tuple(orders)),
        details=details,
    )


def _checked(found: Found, part: Any, model: Model) -> Found:
    complaint = complaint_about(
        [one.operation for one in found.order], [one.operation for one in part.operations], model
    )
    if complaint is not None:
        raise ChaosLabError(f"the linearizability checker is wrong, please report it: {complaint}")
    return found


def _invalid(stuck: Stuck, operations: list[Operation], model: Model, configurations_max: int) -> Verdict:
    assert stuck.blocked is not None
    blocked = stuck.blocked.operation
    small, small_blocked = minimised(operations, blocked, model, configurations_max)
    anomaly, sentence = anomaly_and_sentence(small, small_blocked, operations, model)
    return Verdict(
        outcome="invalid",
        name="linearizable",
        level="linearizable",
        summary=sentence,
        anomaly=anomaly,
        operations=small,
        evidence=NoOrder(
            prefix=tuple(one.operation for one in stuck.order), blocked=blocked, operations=small
        ),
        details={"operations": len(operations)},
    )
