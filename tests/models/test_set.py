"""The model of a set."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.history.values import frozen
from chaoslab.models import ILLEGAL, MODELS, UNKNOWN

MODEL = MODELS["set"]
HAS_7 = MODEL.step(MODEL.initial, "add", 7, None, None)


@pytest.mark.parametrize(
    ("state", "f", "result", "following"),
    [
        (MODEL.initial, "add", True, HAS_7),
        (MODEL.initial, "add", False, ILLEGAL),
        (HAS_7, "add", True, ILLEGAL),
        (HAS_7, "add", False, HAS_7),
        (HAS_7, "add", None, HAS_7),
        (HAS_7, "remove", True, MODEL.initial),
        (HAS_7, "remove", False, ILLEGAL),
        (MODEL.initial, "remove", True, ILLEGAL),
        (MODEL.initial, "remove", False, MODEL.initial),
        (MODEL.initial, "remove", None, MODEL.initial),
    ],
)
def test_a_result_tells_whether_the_set_changed(state: Any, f: str, result: bool | None, following: Any) -> None:
    """Adding what is there and removing what is not change nothing; without a result both are legal."""
    assert MODEL.step(state, f, 7, None, frozen(result)) == following


@pytest.mark.parametrize("f", ["add", "remove"])
def test_updates_of_unknown_outcome_are_legal_anywhere(f: str) -> None:
    """They do to the set what they always do."""
    assert MODEL.step(MODEL.initial, f, 7, UNKNOWN, None) == (HAS_7 if f == "add" else MODEL.initial)
    assert MODEL.step(HAS_7, f, 7, UNKNOWN, None) == (HAS_7 if f == "add" else MODEL.initial)


def test_contains_tells_whether_it_is_there() -> None:
    """7 is there and 8 is not."""
    assert MODEL.step(HAS_7, "contains", 7, frozen(True), None) == HAS_7
    assert MODEL.step(HAS_7, "contains", 8, frozen(True), None) is ILLEGAL
    assert MODEL.step(HAS_7, "contains", 7, frozen(False), None) is ILLEGAL


def test_a_read_sees_every_element_once() -> None:
    """As a set, or as a list without repetitions, in any order."""
    state = MODEL.step(HAS_7, "add", 8, None, None)
    assert MODEL.step(state, "read", None, frozen({7, 8}), None) == state
    assert MODEL.step(state, "read", None, frozen([8, 7]), None) == state
    assert MODEL.step(state, "read", None, frozen([7]), None) is ILLEGAL
    assert MODEL.step(state, "read", None, frozen([7, 8, 8]), None) is ILLEGAL
