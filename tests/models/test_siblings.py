"""The model of a register that keeps siblings."""

from __future__ import annotations

from chaoslab.history.values import frozen
from chaoslab.models import ILLEGAL, MODELS

MODEL = MODELS["siblings"]


def test_a_replace_goes_over_what_it_says_and_leaves_the_rest() -> None:
    """A clear does the same and puts nothing there."""
    assert MODEL.step(frozenset({1, 2}), "replace", 3, None, frozen([1])) == {2, 3}
    assert MODEL.step(frozenset({1, 2}), "clear", None, None, frozen([1])) == {2}


def test_without_a_result_everything_is_replaced() -> None:
    """As by a client that had read all there is."""
    assert MODEL.step(frozenset({1, 2}), "replace", 3, None, None) == {3}


def test_a_read_shows_every_sibling_once() -> None:
    """Neither fewer nor the same one twice."""
    state = frozenset({1, 2})
    assert MODEL.step(state, "read", None, frozen([1, 2]), None) == state
    assert MODEL.step(state, "read", None, frozen([1]), None) is ILLEGAL
    assert MODEL.step(state, "read", None, frozen([1, 1]), None) is ILLEGAL
