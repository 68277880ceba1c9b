"""Sequential consistency: is there one order of all operations, each process's own kept, that explains what all saw?

Unlike linearizability it knows no real time, and unlike it keys cannot be judged one by one. It is NP-complete even
where written values are unique, so it is enclosed: a linearizable history is sequential; a history of registers that is
not causal, causally convergent or a causal memory is not. Only between these is there a search.

Objects that are only appended to are the exception: each read tells its place (``appends``).

The other parts: ``plan`` prepares, ``search`` looks for an interleaving, ``minimise`` makes a history that has none
small, ``verifier`` re-checks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import attrs

from chaoslab.checkers.causal.patterns import convergently
from chaoslab.checkers.causal.verifier import Level, complaint_about_pattern
from chaoslab.checkers.causal.views import memory_views
from chaoslab.checkers.causal.words import operations_of, sentence
from chaoslab.checkers.guesses import doubting_guesses
from chaoslab.checkers.reads_from import Pattern, Sessions, first_is_free, prepare, reading
from chaoslab.checkers.sequential.appends import order_of_appends
from chaoslab.checkers.sequential.minimise import minimised
from chaoslab.checkers.sequential.plan import Effects, Lived, is_register, key_of, plan, relevant
from chaoslab.checkers.sequential.search import Budget, Found, Nothing, price_of, search
from chaoslab.checkers.sequential.verifier import complaint_about_core, complaint_about_order
from chaoslab.checkers.totals import about_totals
from chaoslab.checkers.verdict import Verdict, confirm
from chaoslab.history import History, Operation
from chaoslab.history.words import in_words
from chaoslab.models import Model

__all__ = ["CONFIGURATIONS_MAX", "Interleaving", "NoInterleaving", "sequential"]

CONFIGURATIONS_MAX = 1_000_000

_PLAIN_STEPS_MAX = 100_000

_CONFIGURATIONS_MIN = 4
"""A search that cannot look at that many is not begun: preparing it would take longer."""


@attrs.frozen(kw_only=True)
class Interleaving:
    """Evidence of validity: an order in which the operations can have taken effect. Infos that never did are missing.

    Attributes:
        operations: In that order.
    """

    operations: tuple[Operation, ...]


@attrs.frozen(kw_only=True)
class NoInterleaving:
    """Evidence of invalidity: a small part of the history for which there is no order, and that lacks nothing.

    Attributes:
        operations: In the order of their invocations.
        blocked: Those of them that were next in their sessions where a search came furthest.
        searched_again: Whether a plain search of the verifier came to its end, too.
    """

    operations: tuple[Operation, ...]
    blocked: tuple[Operation, ...]
    searched_again: bool


@doubting_guesses
def sequential(history: History, model: Model, *, configurations_max: int = CONFIGURATIONS_MAX) -> Verdict:
    """Decide whether *history* is sequentially consistent with respect to *model*.

    Looks for one total order of the operations that the model accepts and in which each process's operations stand in
    their own order. Info operations may be placed anywhere after what their process did before, or nowhere.

    Args:
        history: History of n operations by k sessions; an info update ends its session.
        model: Sequential specification; ``step`` must be pure.
        configurations_max: Search budget, in configurations. Reaching it gives ``unknown``.

    Returns:
        A verdict. Valid: ``evidence`` is a witness order. Invalid: a pattern that a weaker level forbids already, or a
        small part of the history that has no order.
        Cost: that of the causal levels where one of them is broken, near O(n * k) where the history is linearizable
        with little concurrency, exponential in k at worst.

    Raises:
        HistoryError: an operation that the model does not know.

    Source:
        Lamport 1979; Gibbons & Korach 1997, section 5 (it is NP-complete); Bouajjani et al. 2017 (what it implies).
    """
    soon = min(configurations_max // 4, 1000 + len(history))
    if price_of(_sessions_at_most(history)) > soon // _CONFIGURATIONS_MIN:
        return _gave_up(configurations_max, {"events": len(history)})  # a single step takes longer than all may
    operations = history.operations()
    lived = relevant(operations, model)
    details = {"operations": len(lived)}
    sessions = prepare(history, model) if is_register([operation for operation, _ in lived], model) else None
    refuted = _refuted(sessions, "causal-convergence", convergently, operations, model)
    if refuted is not None:
        return attrs.evolve(refuted, details=details)
    # Where an order is near what really happened, or in it, a few configurations for each operation are enough.
    soon = min(configurations_max // 4, 1000 + 2 * len(lived))
    shares = Budget(soon), Budget(soon), Budget(configurations_max - 2 * soon)
    order = order_of_appends(lived, model) or _linearization(lived, model, shares[0])
    result: Found | Nothing = Nothing(exhausted=False, blocked=[])
    for number, share in enumerate(shares[1:] if order is None else ()):
        if number:
            refuted = _refuted(sessions, "causal-memory", memory_views, operations, model)  # takes longer, knows more
            if refuted is not None:
                return attrs.evolve(refuted, details=details)
        result = search(plan(lived, model, Effects(model)), share)
        if isinstance(result, Found):
            order = [lived[node][0] for node in result.order]
            break
        if result.exhausted:
            break
    details["configurations"] = configurations_max - sum(share.left for share in shares)
    if order is not None:
        confirm("sequential", complaint_about_order(order, operations, model))
        return Verdict(
            outcome="valid",
            name="sequential",
            level="sequential",
            summary=f"one order explains all {len(lived)} operations and keeps each process's own.",
            evidence=Interleaving(operations=tuple(order)),
            details=details,
        )
    assert isinstance(result, Nothing)
    if result.exhausted:
        return attrs.evolve(_exhausted(result, operations, lived, model, configurations_max), details=details)
    return _gave_up(configurations_max, details)


def _sessions_at_most(history: History) -> int:
    """Return how many sessions there are at most: each process, and one more after each unknown outcome."""
    return len(set(history.processes)) + history.types.count("info")


def _gave_up(configurations_max: int, details: dict[str, int]) -> Verdict:
    return Verdict(
        outcome="unknown",
        name="sequential",
        level="sequential",
        summary=f"the search gave up after {configurations_max:,} configurations; raise the budget (--budget, or "
        "configurations_max in Python) to search on.",
        details=details,
    )


def _refuted(
    sessions: Sessions | None,
    level: Level,
    test: Callable[[Sessions, list[int]], object],
    operations: Sequence[Operation],
    model: Model,
) -> Verdict | None:
    """Return the verdict if a weaker level forbids the history, whatever reads with several explanations saw."""
    if sessions is None:
        return None
    if sessions.unexplained:
        read = sessions.calls[sessions.unexplained[0]]
        return _from_pattern(Pattern(name="ThinAirRead", read=read), level, sessions.history, operations, model)
    if not first_is_free(sessions):
        return None  # too much for a short cut
    found = test(sessions, reading(sessions, {}))
    if isinstance(found, Pattern):
        return _from_pattern(found, level, sessions.history, operations, model)
    return None


def _from_pattern(
    pattern: Pattern, level: Level, history: History, operations: Sequence[Operation], model: Model
) -> Verdict:
    confirm("sequential", complaint_about_pattern(pattern, history, model, level))
    by_call = {operation.call: operation for operation in operations}
    return Verdict(
        outcome="invalid",
        name="sequential",
        level="sequential",
        summary=sentence(pattern, by_call),
        anomaly=pattern.name,
        operations=tuple(by_call[call] for call in operations_of(pattern)),
        evidence=pattern,
    )


def _linearization(lived: Sequence[Lived], model: Model, budget: Budget) -> list[Operation] | None:
    """Return a linearization if one is found soon. Linearizability is local, so keys are searched one by one.

    Each operation gets a point between its invocation and its completion: the latest invocation up to it in its key's
    order. Sorted by these points, the keys' orders become one.
    """
    groups: dict[Hashable, list[Lived]] = {}
    for one in lived:
        groups.setdefault(key_of(one[0], model), []).append(one)
    placed: list[tuple[int, int, Operation]] = []
    for group in groups.values():
        result = search(plan(group, model, Effects(model)), budget, real_time=True)
        if isinstance(result, Nothing):
            return None
        point = -1
        for node in result.order:
            operation = group[node][0]
            point = max(point, operation.call)
            placed.append((point, len(placed), operation))
    placed.sort(key=lambda one: one[:2])
    return [operation for _, _, operation in placed]


def _exhausted(
    stuck: Nothing, operations: Sequence[Operation], lived: Sequence[Lived], model: Model, configurations_max: int
) -> Verdict:
    small, blocked = minimised(lived, stuck.blocked, model, Budget(configurations_max))
    core = tuple(operation for operation, _ in small)
    complaint, searched_again = complaint_about_core(core, operations, model, _PLAIN_STEPS_MAX)
    confirm("sequential", complaint)
    stuck_at = tuple(core[node] for node in blocked)
    totals = about_totals(core) if model.name == "bank" else None
    if totals is not None:
        return Verdict(
            outcome="invalid",
            name="sequential",
            level="sequential",
            summary=totals.summary,
            anomaly=totals.anomaly,
            operations=totals.operations,
            evidence=NoInterleaving(operations=core, blocked=stuck_at, searched_again=searched_again),
        )
    # What was seen is what needs explaining; a search may well be stuck ahead of it.
    seeing = [operation for operation in (*core, *stuck_at) if operation.f not in ("write", "put", "append", "delete")]
    at_fault = seeing[-1] if seeing else core[-1]
    others = [operation for operation in core if operation is not at_fault]
    rest = ", ".join(in_words(operation) for operation in others[:4])
    more = f" and {len(others) - 4} more operations" if len(others) > 4 else ""
    return Verdict(
        outcome="invalid",
        name="sequential",
        level="sequential",
        summary=f"no order that keeps each process's own explains that {in_words(at_fault)}"
        + (f", given that {rest}{more}." if rest else "."),
        anomaly="not sequentially consistent",
        operations=core,
        evidence=NoInterleaving(operations=core, blocked=stuck_at, searched_again=searched_again),
    )
