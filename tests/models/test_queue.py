"""The model of a queue: first in, first out."""

from __future__ import annotations

from chaoslab.models import ILLEGAL, MODELS, UNKNOWN

MODEL = MODELS["queue"]
STATE = MODEL.step(MODEL.step(MODEL.initial, "enqueue", 1, None, None), "enqueue", 2, None, None)


def test_elements_come_out_in_the_right_order() -> None:
    """Of two elements 1 comes out, then 2."""
    state = MODEL.step(STATE, "dequeue", None, 1, None)
    assert MODEL.step(state, "dequeue", None, 2, None) == MODEL.initial


def test_no_other_element_comes_out() -> None:
    """The other one, one that is not there, and nothing at all are illegal."""
    assert all(MODEL.step(STATE, "dequeue", None, value, None) is ILLEGAL for value in (2, 3, None))


def test_an_empty_() -> None:
    """A dequeue that found nothing is legal only if nothing is there; one that got something is not."""
    assert MODEL.step(MODEL.initial, "dequeue", None, None, None) == MODEL.initial
    assert MODEL.step(MODEL.initial, "dequeue", None, 1, None) is ILLEGAL


def test_a_() -> None:
    """It takes what any dequeue would take then; from an empty queue that is nothing."""
    assert MODEL.step(STATE, "dequeue", None, UNKNOWN, None) == MODEL.step(STATE, "dequeue", None, 1, None)
    assert MODEL.step(MODEL.initial, "dequeue", None, UNKNOWN, None) == MODEL.initial
