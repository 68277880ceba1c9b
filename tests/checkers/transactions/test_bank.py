"""The bank checker: every read of all accounts shows the same total."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.checkers.transactions import bank
from chaoslab.errors import HistoryError
from chaoslab.history import History


def history_of(*reads: Any) -> History:
    """Return a history of a transfer and some reads, one after the other."""
    history = History()
    history.invoke(0, "transfer", None, {"from": "a", "to": "b", "amount": 3})
    history.complete(0, "ok")
    for balances in reads:
        history.invoke(1, "read")
        history.complete(1, "ok", balances)
    return history


def test_reads_of_the_right_total_are_valid() -> None:
    """Money may move as long as none appears or is lost."""
    verdict = bank(history_of({"a": 7, "b": 3}, {"a": 10, "b": 0}), total=10)
    assert verdict.outcome == "valid"
    assert verdict.details["reads"] == 2


def test_a_read_that_misses_money_is_found() -> None:
    """A read between the two halves of a transfer is told with its sum."""
    verdict = bank(history_of({"a": 10, "b": 0}, {"a": 7, "b": 0}), total=10)
    assert (verdict.outcome, verdict.anomaly) == ("invalid", "wrong total")
    assert verdict.summary == "process 1 (event 4) read balances that add up to 7 instead of 10."
    assert verdict.details["wrong reads"] == 1


def test_a_negative_balance_is_wrong_unless_allowed() -> None:
    """The total is right, but an account was overdrawn."""
    history = history_of({"a": 12, "b": -2})
    assert bank(history, total=10).anomaly == "negative balance"
    assert bank(history, total=10, negative_allowed=True).outcome == "valid"


def test_a_missing_balance_is_wrong() -> None:
    """Null is no balance, even where the others add up."""
    assert bank(history_of({"a": 10, "b": None}), total=10).anomaly == "missing balance"


def test_failed_and_unknown_reads_say_nothing() -> None:
    """Only reads that ended well are judged."""
    history = History()
    history.invoke(0, "read")
    history.complete(0, "fail", {"a": 1})
    history.invoke(0, "read")
    history.complete(0, "info", {"a": 1})
    assert bank(history, total=10).outcome == "valid"


@pytest.mark.parametrize("value", [None, [1, 2], {"a": 1.5}, {"a": True}, {"a": "1"}])
def test_what_is_no_map_of_integers_is_refused(value: Any) -> None:
    """True is no balance, and floats do not add up."""
    with pytest.raises(HistoryError, match="event"):
        bank(history_of(value), total=10)


def test_an_unknown_operation_is_refused_with_the_nearest_word() -> None:
    """The message says which operation and what is known."""
    history = History()
    history.invoke(0, "transfr")
    with pytest.raises(HistoryError, match="did you mean 'transfer'"):
        bank(history, total=1)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(-2, 6), max_size=3)))
def test_the_verdict_is_the_definition(reads: list[dict[str, int | None]]) -> None:
    """Invalid exactly if some read lacks a balance, is negative somewhere, or does not add up."""
    right = all(
        None not in read.values() and sum(read.values()) == 6 and min(read.values(), default=0) >= 0  # type: ignore[arg-type,type-var,operator]
        for read in reads
    )
    assert (bank(history_of(*reads), total=6).outcome == "valid") == right
