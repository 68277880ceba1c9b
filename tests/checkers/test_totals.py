"""Two looks at a bank that show different amounts of money are told as that."""

from __future__ import annotations

import pytest

import chaoslab as cl
from chaoslab.checkers.registry import check
from chaoslab.models import MODELS


def bank(*balances: tuple[int, int]) -> cl.History:
    history = cl.History()
    for one, other in balances:
        history.invoke(0, "transfer", None, ["a", "b", 1])
        history.complete(0, "ok")
        history.invoke(1, "read")
        history.complete(1, "ok", {"a": one, "b": other})
    return history


@pytest.mark.parametrize("level", ["linearizable", "sequential"])
def test_money_that_is_lost_is_told_with_both_sums(level: str) -> None:
    """The two reads are shown, and no transfer."""
    (verdict,) = check(bank((9, 11), (8, 12), (6, 13)), model=MODELS["bank"], levels=[level])
    assert (verdict.outcome, verdict.anomaly) == ("invalid", "wrong total")
    assert "19 in all, although process 1 read {'a': 9, 'b': 11}, 20 in all" in verdict.summary
    assert [operation.f for operation in verdict.operations] == ["read", "read"]


@pytest.mark.parametrize("level", ["linearizable", "sequential"])
def test_a_wrong_balance_with_the_right_sum_is_told_otherwise(level: str) -> None:
    """Nothing was lost, but no order of the transfers makes these balances."""
    (verdict,) = check(bank((9, 11), (3, 17)), model=MODELS["bank"], levels=[level])
    assert verdict.outcome == "invalid"
    assert verdict.anomaly != "wrong total"
