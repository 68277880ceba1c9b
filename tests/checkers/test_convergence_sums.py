"""What last reads of counters and sets must come to, and that of updates nobody knows the outcome of."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.checkers.convergence import eventual
from chaoslab.checkers.convergence_verifier import complaint_about_reads
from chaoslab.history import History
from chaoslab.models import MODELS

Step = tuple[int, str, Any, str]


def history_of(*steps: Step) -> History:
    """Return a history of (process, f, argument or what was read, type), one after the other."""
    history = History()
    for process, f, value, type in steps:
        history.invoke(process, f, "x", None if f == "read" else value)
        history.complete(process, type, value)  # type: ignore[arg-type]
    return history


def ok(process: int, f: str, value: Any) -> Step:
    return process, f, value, "ok"


def unknown(process: int, f: str, value: Any) -> Step:
    return process, f, value, "info"


@pytest.mark.parametrize("shown", [2, 4, 6])
def test_a_counter_shows_the_sum_of_its_updates(shown: int) -> None:
    """Less was lost, more was counted twice."""
    verdict = eventual(
        history_of(ok(0, "add", 5), ok(1, "decrement", 1), ok(0, "read", shown), ok(1, "read", shown)),
        MODELS["counter"],
    )
    assert verdict.outcome == ("valid" if shown == 4 else "invalid")
    assert verdict.anomaly == (None if shown == 4 else "wrong sum")


@pytest.mark.parametrize(
    ("shown", "outcome"), [(4, "invalid"), (5, "valid"), (7, "valid"), (8, "valid"), (9, "invalid")]
)
def test_an_update_of_unknown_outcome_may_count_or_not(shown: int, outcome: str) -> None:
    """What is shown lies between the two."""
    verdict = eventual(history_of(ok(0, "add", 5), unknown(1, "add", 3), ok(0, "read", shown)), MODELS["counter"])
    assert verdict.outcome == outcome


def test_counters_that_differ_at_the_end_have_diverged() -> None:
    """Whatever the sum is."""
    verdict = eventual(history_of(ok(0, "add", 5), ok(0, "read", 5), ok(1, "read", 0)), MODELS["counter"])
    assert verdict.anomaly == "divergence"


@pytest.mark.parametrize(
    ("steps", "shown", "anomaly"),
    [
        ([ok(0, "add", 1), ok(0, "add", 2)], [1, 2], None),
        ([ok(0, "add", 1), ok(0, "add", 2)], [1], "lost update"),
        ([ok(0, "add", 1)], [1, 2], "value out of thin air"),
        ([ok(0, "add", 1), ok(1, "remove", 1)], [], None),
        # An add that the remove had not observed keeps the element: that is for a linearizable set to forbid.
        ([ok(0, "add", 1), ok(1, "remove", 1)], [1], None),
        ([ok(0, "add", 1), ok(1, "remove", 1), ok(0, "add", 1)], [], "lost update"),
        ([ok(0, "add", 1), unknown(1, "remove", 1), ok(0, "add", 1)], [], None),
        ([unknown(0, "add", 1)], [1], None),
        ([unknown(0, "add", 1)], [], None),
    ],
)
def test_a_set_holds_what_was_added_and_not_removed_since(
    steps: list[Step], shown: list[int], anomaly: str | None
) -> None:
    """And nothing that nobody added; a remove of unknown outcome may come at any time."""
    verdict = eventual(history_of(*steps, ok(2, "read", shown)), MODELS["set"])
    assert verdict.anomaly == anomaly


@pytest.mark.parametrize(
    ("model", "steps"),
    [
        ("counter", [ok(0, "add", 5), ok(2, "read", 5)]),
        ("set", [ok(0, "add", 5), ok(2, "read", [5])]),
        ("set", [ok(0, "add", 5), ok(1, "remove", 5), ok(2, "read", [])]),
    ],
)
def test_the_verifier_does_not_believe_that_a_right_read_is_wrong(model: str, steps: list[Step]) -> None:
    """It counts for itself."""
    operations = history_of(*steps).operations()
    assert complaint_about_reads((operations[-1].call,), operations, MODELS[model]) == "that value may be there"


def put(process: int, f: str, value: Any, over: list[int] | None, type: str = "ok") -> tuple[Any, ...]:
    return process, f, value, type, over


@pytest.mark.parametrize(
    ("steps", "shown", "anomaly"),
    [
        ([put(0, "replace", 1, []), put(1, "replace", 2, [])], [1, 2], None),
        ([put(0, "replace", 1, []), put(1, "replace", 2, [])], [2], "lost update"),
        ([put(0, "replace", 1, []), put(1, "replace", 2, [1])], [2], None),
        ([put(0, "replace", 1, []), put(1, "replace", 2, [1])], [1, 2], "resurrection"),
        ([put(0, "replace", 1, []), put(1, "clear", None, [1])], [], None),
        ([put(0, "replace", 1, []), put(1, "clear", None, [1])], [1], "resurrection"),
        ([put(0, "replace", 1, []), put(1, "replace", 2, [1], "info")], [2], None),
        ([put(0, "replace", 1, []), put(1, "replace", 2, [1], "info")], [1], None),
        ([put(0, "replace", 1, []), put(1, "clear", None, None, "info")], [], None),
        ([put(0, "replace", 1, [])], [1, 3], "value out of thin air"),
    ],
)
def test_siblings_are_what_nobody_who_had_read_them_replaced(
    steps: list[tuple[Any, ...]], shown: list[int], anomaly: str | None
) -> None:
    """Neither less nor more; the verifier says the same of each."""
    history = History()
    for process, f, value, type, over in steps:
        history.invoke(process, f, "x", value)
        history.complete(process, type, value, over)
    history.invoke(2, "read", "x", None)
    history.complete(2, "ok", shown)
    assert eventual(history, MODELS["siblings"]).anomaly == anomaly
    operations = history.operations()
    complaint = complaint_about_reads((operations[-1].call,), operations, MODELS["siblings"])
    assert complaint == (None if anomaly else "that value may be there")


@pytest.mark.parametrize("model", ["set", "siblings"])
def test_what_nobody_ever_updated_is_empty_at_the_end(model: str) -> None:
    """A list without elements is how an empty set is read."""
    assert eventual(history_of(ok(0, "read", [])), MODELS[model]).outcome == "valid"
