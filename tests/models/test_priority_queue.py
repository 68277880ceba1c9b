"""The model of a priority queue: the smallest first, and of equal ones any."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.errors import HistoryError
from chaoslab.history.values import frozen
from chaoslab.models import ILLEGAL, MODELS, UNKNOWN

MODEL = MODELS["priority-queue"]


def after(*inserted: Any) -> Any:
    """Return the state in which all of *inserted* are there."""
    state: Any = MODEL.initial
    for element in inserted:
        state = MODEL.step(state, "insert", frozen(element), None, None)
    return state


def deleted(state: Any, value: Any) -> Any:
    """Return the state after a delete-min of *value*."""
    return MODEL.step(state, "delete-min", None, value if value is UNKNOWN else frozen(value), None)


def test_the_smallest_comes_out_first() -> None:
    """Of 3, 1.5 and 2 it is 1.5 and nothing else."""
    assert deleted(after(3, 1.5, 2), 1.5) == after(3, 2)
    assert all(deleted(after(3, 1.5, 2), value) is ILLEGAL for value in (2, 3, 4, None))


def test_of_equal_priorities_any_comes_out() -> None:
    """Priority first, item second: both items of priority 1 may come out, that of priority 2 may not."""
    state = after([1, "a"], [2, "b"], [1, "c"])
    assert deleted(state, [1, "a"]) == after([2, "b"], [1, "c"])
    assert deleted(state, [1, "c"]) == after([1, "a"], [2, "b"])
    assert deleted(state, [2, "b"]) is ILLEGAL


def test_an_empty_one_gives_nothing() -> None:
    """A delete-min that found nothing is legal only if nothing is there."""
    assert deleted(MODEL.initial, None) == MODEL.initial
    assert deleted(MODEL.initial, 1) is ILLEGAL


def test_after_an_unknown_one_either_of_two_equals_may_be_left() -> None:
    """Whichever comes out next, the other one is then gone."""
    state = deleted(after([1, "a"], [1, "c"]), UNKNOWN)
    assert deleted(state, [1, "a"]) == deleted(state, [1, "c"]) == MODEL.initial
    assert deleted(deleted(state, [1, "a"]), [1, "c"]) is ILLEGAL


def test_an_unknown_one_leaves_an_empty_queue_as_it_is() -> None:
    """There is nothing to take."""
    assert deleted(MODEL.initial, UNKNOWN) == MODEL.initial


def test_a_priority_is_a_number() -> None:
    """Text, None and lists of three are refused in words."""
    for element in ("high", None, [1, 2, 3]):
        with pytest.raises(HistoryError, match="is a number, not"):
            after(element)
