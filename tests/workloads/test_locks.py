"""The lock workload's model rejects what broken mutual exclusion makes, and accepts what it does not."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.checkers.registry import check
from chaoslab.history import History
from chaoslab.plugins import registry


def outcome(*operations: tuple[Any, ...]) -> str:
    """Judge operations (f, type, value, token) that all overlap unless there is a None between them."""
    history = History()
    waiting: list[tuple[int, tuple[Any, ...]]] = []

    def complete() -> None:
        for process, (_, type, value, token) in waiting:
            history.complete(process, type, value, token, time_ns=0)
        waiting.clear()

    for process, operation in enumerate(operations):
        if not operation:
            complete()
            continue
        history.invoke(process, operation[0], "x", None, time_ns=0)
        waiting.append((process, operation))
    complete()
    (verdict,) = check(history, model=registry().models["locked-counter"], levels=["linearizable"])
    return verdict.outcome


def made(value: int, token: int | None) -> tuple[Any, ...]:
    return "increment", "ok", value, token


def read(value: int) -> tuple[Any, ...]:
    return "read", "ok", value, None


THEN: tuple[Any, ...] = ()


def test_increments_one_after_the_other_are_accepted() -> None:
    """Values go up by one, tokens grow, gaps between tokens do not matter."""
    assert outcome(read(0), THEN, made(1, 4), THEN, made(2, 9), THEN, read(2)) == "valid"


def test_holders_that_do_not_say_their_tokens_are_judged_by_their_values() -> None:
    """A service may have no tokens."""
    assert outcome(made(1, None), THEN, made(2, None)) == "valid"
    assert outcome(made(1, None), THEN, made(1, None)) == "invalid"


@pytest.mark.parametrize(
    ("operations", "what"),
    [
        ((made(1, 1), made(1, 2)), "two holders at once made the same value"),
        ((made(1, 1), THEN, made(3, 2)), "a value came from nowhere"),
        ((made(1, 2), THEN, made(2, 1)), "an older holder wrote after a newer one"),
        ((made(1, 1), THEN, made(2, 1)), "two holds had the same token"),
        ((made(1, 1), THEN, read(0)), "an increment is not seen"),
        ((("increment", "fail", None, None), THEN, read(1)), "an increment that did not happen is seen"),
    ],
)
def test_what_broken_exclusion_makes_is_rejected(operations: tuple[Any, ...], what: str) -> None:
    """Lost increments, and tokens that do not grow."""
    assert outcome(*operations) == "invalid", what


def test_an_increment_of_which_nobody_knows_may_have_happened_or_not() -> None:
    """Under whatever token it had."""
    unknown = ("increment", "info", None, None)
    assert outcome(unknown, THEN, made(2, 5)) == "valid"
    assert outcome(unknown, THEN, made(1, 5)) == "valid"
    assert outcome(unknown, THEN, made(3, 5)) == "invalid"
