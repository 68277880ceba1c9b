"""The long-fork checker: readers that see independent writes in contradicting orders."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.checkers.transactions import long_fork
from chaoslab.checkers.transactions.long_fork import Fork
from chaoslab.errors import HistoryError
from chaoslab.history import History


def history_of(*bodies: list[list[Any]], keys: str = "xyz") -> History:
    """Return a history that writes 1 to each of *keys*, then has one reader for each of *bodies*."""
    history = History()
    for number, key in enumerate(keys):
        history.invoke(number, "txn", None, [["w", key, 1]])
        history.complete(number, "ok", [["w", key, 1]])
    for body in bodies:
        history.invoke(9, "txn", None, [[f, key, None] for f, key, _ in body])
        history.complete(9, "ok", body)
    return history


def reading(**values: int | None) -> list[list[Any]]:
    """Return a transaction that reads *values*."""
    return [["r", key, value] for key, value in values.items()]


def test_two_readers_in_opposite_orders_are_a_long_fork() -> None:
    """One saw x but not y, the other y but not x."""
    verdict = long_fork(history_of(reading(x=1, y=None), reading(x=None, y=1)))
    assert (verdict.outcome, verdict.anomaly) == ("invalid", "long-fork")
    assert len(verdict.operations) == 2
    assert "saw x written but not y" in verdict.summary


def test_three_readers_in_a_circle_are_a_fork_too() -> None:
    """Here x was before y, y before z, z before x: no two of them contradict each other."""
    verdict = long_fork(history_of(reading(x=1, y=None), reading(y=1, z=None), reading(z=1, x=None)))
    assert isinstance(verdict.evidence, Fork)
    assert len(verdict.evidence.reads) == 3


def test_one_order_of_writes_is_valid() -> None:
    """Readers that see more and more agree."""
    verdict = long_fork(history_of(reading(x=None, y=None), reading(x=1, y=None), reading(x=1, y=1)))
    assert verdict.outcome == "valid"


def test_a_value_nobody_wrote_is_reported() -> None:
    """A read of 2 where 1 was written is no fork, but wrong."""
    assert long_fork(history_of(reading(x=2))).anomaly == "garbage-read"


def test_true_is_not_one() -> None:
    """Values are compared by type."""
    assert long_fork(history_of([["r", "x", True]])).anomaly == "garbage-read"


def test_a_failed_write_may_not_be_seen_and_an_unknown_one_may() -> None:
    """A failed write did not happen; an unknown one may have."""
    for ending, outcome in (("fail", "invalid"), ("info", "valid")):
        history = History()
        history.invoke(0, "txn", None, [["w", "x", 1]])
        history.complete(0, ending)  # type: ignore[arg-type]
        history.invoke(1, "txn", None, [["r", "x", None]])
        history.complete(1, "ok", [["r", "x", 1]])
        assert long_fork(history).outcome == outcome


@pytest.mark.parametrize(
    "body",
    [[["w", "a", 1], ["r", "b", None]], [["w", "a", 1], ["w", "b", 1]], [["w", "x", 2]], [["w", "a", None]], [["q"]]],
)
def test_other_workloads_are_refused(body: list[list[Any]]) -> None:
    """A key is written once, by a transaction that does nothing else, and not with null."""
    history = history_of()
    history.invoke(5, "txn", None, body)
    history.complete(5, "ok", body)
    with pytest.raises(HistoryError, match="event"):
        long_fork(history)


@given(st.lists(st.dictionaries(st.sampled_from("xyz"), st.sampled_from([1, None]), min_size=1), max_size=5))
def test_the_verdict_is_that_some_order_of_writes_explains_all_reads(reads: list[dict[str, int | None]]) -> None:
    """Valid exactly if, for some order of the keys, each read saw a beginning of the keys that it looked at."""
    right = any(
        all(
            read.get(second) is None or read.get(first, 1) == 1
            for read in reads
            for place, second in enumerate(order)
            for first in order[:place]
        )
        for order in permutations("xyz")
    )
    assert (long_fork(history_of(*(reading(**read) for read in reads))).outcome == "valid") == right
