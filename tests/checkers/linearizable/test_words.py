"""What is wrong is said of the two or three operations that show it, by the name that the field has for it."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from chaoslab.checkers.linearizable import linearizable
from chaoslab.history import History
from chaoslab.models import MODELS, Model
from chaoslab_workloads.locks import LOCKED_COUNTER

Step = tuple[Any, ...]


def begun(process: int, f: str, argument: Any = None) -> list[Step]:
    return [("invoke", process, f, argument, None)]


def ended(process: int, value: Any = None, result: Any = None) -> list[Step]:
    return [("ok", process, "", value, result)]


def done(process: int, f: str, argument: Any = None, value: Any = None, result: Any = None) -> list[Step]:
    return [*begun(process, f, argument), *ended(process, value, result)]


OPEN_WRITE = [*done(0, "write", 1), *begun(1, "write", 2)]
CASES: list[tuple[str, list[Step], str, str]] = [
    (
        "register",
        [*OPEN_WRITE, *done(2, "read", value=2), *done(3, "read", value=1)],
        "new-old inversion",
        "process 3 read 1 from x, although before that process 2 read 2 from x, and nobody wrote 1 again.",
    ),
    (
        "cas-register",
        [*done(0, "write", 1), *done(1, "cas", [1, 2], result=True), *done(2, "cas", [1, 3], result=True)],
        "lost update",
        "process 1 changed 1 to 2 in x, and process 2 changed 1 to 3 in x, too, but 1 was there only once.",
    ),
    (
        "counter",
        [*done(0, "add", 2), *begun(1, "add", 1), *done(2, "read", value=3), *done(2, "read", value=2)],
        "stale read",
        "process 2 read 2 from x, although before that process 2 read 3 from x, and nothing takes away.",
    ),
    (
        "locked-counter",
        [*begun(0, "increment"), *begun(1, "increment"), *ended(0, 1), *ended(1, 1)],
        "lost update",
        "process 0 called increment on x and got 1, and process 1 called increment on x and got 1, too: one of the two "
        "is lost.",
    ),
    (
        "locked-counter",
        [*done(0, "increment", value=1), *done(1, "increment", value=2), *done(2, "read", value=1)],
        "stale read",
        "process 2 read 1 from x, although before that process 1 called increment on x and got 2.",
    ),
    (
        "locked-counter",
        [*done(0, "increment", value=1, result=7), *done(1, "increment", value=2, result=7)],
        "fencing token out of order",
        "process 1 called increment on x and got 2 with the token 7, although before that process 0 called increment "
        "on x and got 1 with the token 7: fencing tokens grow.",
    ),
    (
        "mutex",
        [*done(0, "acquire", "a"), *done(0, "release", "a"), *done(0, "acquire", "a"), *done(1, "acquire", "b")],
        "two holders",
        "process 0 called acquire 'a' on x and process 1 called acquire 'b' on x, and nobody released it in between: "
        "both hold it.",
    ),
    (
        "mutex",
        [*done(0, "acquire", "a", 5), *done(0, "release", "a"), *done(1, "acquire", "b", 4)],
        "fencing token out of order",
        "process 1 called acquire 'b' on x and got 4, although before that process 0 called acquire 'a' on x and got "
        "5: fencing tokens grow.",
    ),
    (
        "set",
        [*done(0, "add", 1), *done(0, "add", 2), *done(1, "read", value=[2])],
        "lost element",
        "process 1 read [2] from x, although before that process 0 called add 1 on x, and nobody removes it; no read "
        "ever saw 1.",
    ),
    (
        "set",
        [*done(0, "add", 1), *done(1, "read", value=[1]), *done(1, "read", value=[])],
        "stale read",
        "process 1 read [] from x, although before that process 0 called add 1 on x, and nobody removes it.",
    ),
    (
        "set",
        [*done(0, "add", 1), *done(1, "read", value=[1, 3])],
        "value out of thin air",
        "process 1 read [1, 3] from x; nobody added 3.",
    ),
    (
        "set",
        [*done(1, "read", value=[1]), *done(0, "add", 1)],
        "read from the future",
        "process 1 read [1] from x; 1 was only added afterwards: process 0 called add 1 on x.",
    ),
]


def recorded(steps: list[Step]) -> History:
    history = History()
    for type, process, f, value, result in steps:
        if type == "invoke":
            history.invoke(process, f, "x", value)
        else:
            history.complete(process, type, value, result)
    return history


def model_of(name: str) -> Model:
    return LOCKED_COUNTER if name == LOCKED_COUNTER.name else MODELS[name]


@pytest.mark.parametrize(("model", "steps", "anomaly", "sentence"), CASES)
def test_two_operations_that_cannot_both_be_true_are_told(
    model: str, steps: list[Step], anomaly: str, sentence: str
) -> None:
    """By the anomaly's name; what is shown has no order by itself."""
    verdict = linearizable(recorded(steps), model_of(model))
    assert (verdict.outcome, verdict.anomaly, verdict.summary) == ("invalid", anomaly, sentence)
    assert len(verdict.operations) <= 4


def test_a_model_of_ones_own_can_say_what_is_wrong() -> None:
    """Where it says nothing, the search does."""
    steps = [*done(0, "write", 1), *done(1, "read", value=2)]
    tally = attrs.evolve(
        MODELS["register"],
        shape="",
        explain=lambda operations: ("wrong tally", f"of {len(operations)} operations one is wrong.", tuple(operations)),
    )
    verdict = linearizable(recorded(steps), tally)
    assert (verdict.anomaly, verdict.summary) == ("wrong tally", "of 2 operations one is wrong.")
    silent = linearizable(recorded(steps), attrs.evolve(tally, explain=lambda operations: None))
    assert silent.anomaly == "not linearizable"
