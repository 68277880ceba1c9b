"""The model of a counter."""

from __future__ import annotations

import pytest

from chaoslab.errors import HistoryError
from chaoslab.history.values import frozen
from chaoslab.models import ILLEGAL, MODELS, UNKNOWN

MODEL = MODELS["counter"]


def test_amounts_add_up() -> None:
    """5 more, 1 more, 2 fewer: 4."""
    state = 0
    for f, amount in (("add", 5), ("increment", None), ("decrement", 2)):
        state = MODEL.step(state, f, amount, None, None)
    assert MODEL.step(state, "read", None, 4, None) == state
    assert MODEL.step(state, "read", None, 5, None) is ILLEGAL


def test_an_unknown_outcome_counts_once() -> None:
    """If it happened, it did what it was asked for."""
    assert MODEL.step(1, "add", 5, UNKNOWN, None) == 6


def test_amounts_are_numbers() -> None:
    """Fractions are; text is refused in words."""
    assert MODEL.step(1, "add", frozen(0.5), None, None) == 1.5
    with pytest.raises(HistoryError, match="what is added to a counter is a number, not 'much'"):
        MODEL.step(1, "add", "much", None, None)
