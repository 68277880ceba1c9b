"""The model of a stack: last in, first out."""

from __future__ import annotations

from chaoslab.models import ILLEGAL, MODELS, UNKNOWN

MODEL = MODELS["stack"]
STATE = MODEL.step(MODEL.step(MODEL.initial, "push", 1, None, None), "push", 2, None, None)


def test_elements_come_out_in_the_right_order() -> None:
    """Of two elements 2 comes out, then 1."""
    state = MODEL.step(STATE, "pop", None, 2, None)
    assert MODEL.step(state, "pop", None, 1, None) == MODEL.initial


def test_no_other_element_comes_out() -> None:
    """The other one, one that is not there, and nothing at all are illegal."""
    assert all(MODEL.step(STATE, "pop", None, value, None) is ILLEGAL for value in (1, 3, None))


def test_an_empty_() -> None:
    """A pop that found nothing is legal only if nothing is there; one that got something is not."""
    assert MODEL.step(MODEL.initial, "pop", None, None, None) == MODEL.initial
    assert MODEL.step(MODEL.initial, "pop", None, 1, None) is ILLEGAL


def test_a_() -> None:
    """It takes what any pop would take then; from an empty stack that is nothing."""
    assert MODEL.step(STATE, "pop", None, UNKNOWN, None) == MODEL.step(STATE, "pop", None, 2, None)
    assert MODEL.step(MODEL.initial, "pop", None, UNKNOWN, None) == MODEL.initial
