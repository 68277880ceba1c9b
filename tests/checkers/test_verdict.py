"""Verdicts have three values."""

from __future__ import annotations

import pytest

from chaoslab.checkers import Verdict, merge


def test_the_worst_outcome_wins() -> None:
    """Invalid beats unknown beats valid, and nothing checked is nothing violated."""
    assert merge(["valid", "unknown", "invalid"]) == "invalid"
    assert merge(["valid", "unknown", "valid"]) == "unknown"
    assert merge(["valid"]) == "valid"
    assert merge([]) == "valid"


def test_a_verdict_is_never_asked_for_its_truth() -> None:
    """``if verdict:`` would take an unknown for a yes."""
    with pytest.raises(TypeError):
        bool(Verdict(outcome="valid", name="x", summary="y"))
