"""What the tests of collections share: random short histories, brute force, and a judge that compares everybody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import strategies as st

from chaoslab.checkers.linearizable import linearizable
from chaoslab.checkers.linearizable.decision import Ordered, Refuted
from chaoslab.checkers.linearizable.parts import Effects, Part, split
from chaoslab.checkers.linearizable.verifier import complaint_about_order
from chaoslab.history import History, Operation
from chaoslab.history.values import frozen
from chaoslab.models import ILLEGAL, UNKNOWN, Model

Decide = Callable[[Part, Effects], Ordered | Refuted | None]


def recorded(*events: tuple[Any, ...]) -> History:
    """Return a history of invocations ``(process, f, argument)`` and completions ``(process, type, value, result)``."""
    history = History()
    for process, word, *values in events:
        if word in ("ok", "fail", "info"):
            history.complete(process, word, *values)
        else:
            history.invoke(process, word, None, *values)
    return history


def brute_force(operations: Sequence[Operation], model: Model, state: Any = ...) -> bool:
    """Decide linearizability straight from the definition: try every order that respects real time."""
    state = model.initial if state is ... else state
    left = [operation for operation in operations if operation.type != "fail"]
    if all(operation.type == "info" for operation in left):
        return True
    for one in left:
        if any(other.ret is not None and other.ret < one.call for other in left):
            continue
        known = one.type == "ok"
        value, result = (frozen(one.value), frozen(one.result)) if known else (UNKNOWN, None)
        following = model.step(state, one.f, frozen(one.argument), value, result)
        if following is not ILLEGAL and brute_force([other for other in left if other is not one], model, following):
            return True
    return False


@st.composite
def collection_histories(
    draw: st.DrawFn, put: str, take: str, elements: Sequence[Any], first: Callable[[list[Any]], int], most: int = 7
) -> History:
    """Short concurrent histories of one collection, about half of them what a correct one could have answered.

    Args:
        draw: Hypothesis' source of choices.
        put: The operation that puts an element.
        take: The operation that takes one, or finds nothing.
        elements: What is put, each once, in this order.
        first: The place, among those inside, of the element that a correct collection gives next.
        most: How many operations there are at most.
    """
    history = History()
    processes = list(range(draw(st.integers(2, 4))))
    fresh = len(processes)
    open_now: dict[int, list[Any]] = {}  # by slot: f, argument, whether it took effect, what it got
    inside: list[Any] = []
    errs, lies = draw(st.booleans()), draw(st.booleans())
    choices = iter(draw(st.lists(st.integers(0, 2**16 - 1), min_size=8 * most, max_size=8 * most)))
    left, puts = draw(st.integers(2, most)), 0

    def choose(count: int) -> int:
        return next(choices, 0) % count

    def take_effect(operation: list[Any]) -> None:
        operation[2] = True
        if operation[0] == put:
            inside.append(operation[1])
        elif inside:
            operation[3] = inside.pop(choose(len(inside)) if errs else first(inside))

    while left or open_now:
        slots = sorted(open_now) if not left or choose(3) else range(len(processes))
        slot = slots[choose(len(slots))] if slots else 0
        if slot not in open_now:
            left -= 1
            f = take if choose(2) else put
            open_now[slot] = [f, elements[puts] if f == put else None, False, None]
            puts += f == put
            history.invoke(processes[slot], f, None, open_now[slot][1])
            continue
        operation = open_now[slot]
        ending = ("ok", "ok", "ok", "ok", "effect", "effect", "info", "fail")[choose(8)]
        if ending == "effect" and not operation[2]:
            take_effect(operation)
            continue
        del open_now[slot]
        if ending == "info":
            history.complete(processes[slot], "info")
            processes[slot], fresh = fresh, fresh + 1
        elif ending == "fail" and not operation[2]:
            history.complete(processes[slot], "fail")
        else:
            if not operation[2]:
                take_effect(operation)
            if lies and operation[0] == take and not choose(2):
                operation[3] = [None, *elements[: puts + 1]][choose(puts + 2)]
            history.complete(processes[slot], "ok", operation[3])
    return history


def judged(history: History, model: Model, decide: Decide) -> str:
    """Check that *decide*, the search and brute force say the same of *history*, and return what that is."""
    possible = brute_force(history.operations(), model)
    verdict = linearizable(history, model)
    assert verdict.outcome == ("valid" if possible else "invalid")
    effects = Effects(model)
    for part in split(history, effects):
        decided = decide(part, effects)
        if decided is None:
            return "undecided"
        if isinstance(decided, Ordered):
            assert possible
            assert complaint_about_order([[part.calls[one] for one in decided.positions]], history, model) is None
        else:
            culprits = [history.operation(part.calls[one]) for one in decided.positions]
            assert not brute_force(culprits, model)
            assert _sentence(decided, part, history)
    return verdict.outcome


def decided(history: History, model: Model, decide: Decide) -> Ordered | tuple[str, str] | None:
    """Return what *decide* says of a history of one object: an order, or the anomaly and the sentence, or None."""
    effects = Effects(model)
    (part,) = split(history, effects)
    answer = decide(part, effects)
    if isinstance(answer, Refuted):
        return answer.anomaly, _sentence(answer, part, history)
    return answer


def culprits(history: History, model: Model, decide: Decide) -> list[Operation]:
    """Return the operations that *decide* gives as the proof that a history of one object is impossible."""
    effects = Effects(model)
    (part,) = split(history, effects)
    answer = decide(part, effects)
    assert isinstance(answer, Refuted)
    return [history.operation(part.calls[one]) for one in answer.positions]


def _sentence(answer: Refuted, part: Part, history: History) -> str:
    return answer.tell(lambda one: history.operation(part.calls[one]))


@pytest.fixture(scope="session")
def collections() -> SimpleNamespace:
    """Everything above, for tests that cannot import it."""
    return SimpleNamespace(
        culprits=culprits, decided=decided, histories=collection_histories, judged=judged, recorded=recorded
    )
