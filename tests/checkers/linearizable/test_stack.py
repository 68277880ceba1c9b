"""Stacks: the polynomial checker against the search and brute force, and every violation it names."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from chaoslab.checkers.linearizable import linearizable
from chaoslab.checkers.linearizable.decision import Ordered
from chaoslab.checkers.linearizable.stack import decide_stack
from chaoslab.models import MODELS

STACK = MODELS["stack"]


@given(st.data())
def test_everybody_agrees_on_short_histories(collections: SimpleNamespace, data: st.DataObject) -> None:
    """The polynomial checker, the search and brute force say the same, and the evidence is right."""
    history = data.draw(collections.histories("push", "pop", range(1, 20), lambda inside: len(inside) - 1))
    event(collections.judged(history, STACK, decide_stack))


def test_what_lies_below_does_not_come_out_first(collections: SimpleNamespace) -> None:
    """A stack that works like a queue."""
    history = collections.recorded(
        (1, "push", "a"), (1, "ok"), (1, "push", "b"), (1, "ok"), (2, "pop"), (2, "ok", "a"), (2, "pop"), (2, "ok", "b")
    )  # fmt: skip
    assert collections.decided(history, STACK, decide_stack) == (
        "last-in-first-out violation",
        "process 2 got 'a' (pop), although 'b' was on top of 'a', and 'b' came out only afterwards, for process 2.",
    )


def test_three_elements_can_be_in_each_others_way_where_no_two_are(collections: SimpleNamespace) -> None:
    """The pushes of b and c overlap: c cannot be below b, which is not gone when a is, nor b below c, which stays."""
    history = collections.recorded(
        (1, "push", "a"), (1, "ok"), (3, "push", "c"), (2, "push", "b"), (2, "ok"), (4, "pop"), (3, "ok"),
        (1, "pop"), (1, "ok", "b"), (4, "ok", "a"),
    )  # fmt: skip
    assert collections.decided(history, STACK, decide_stack) == (
        "last-in-first-out violation",
        "'a', 'b' and 'c' were in the stack one after the other, each one still there when the next was, but none of "
        "them can have been below all the others.",
    )
    assert collections.judged(history, STACK, decide_stack) == "invalid"


def test_an_element_of_a_later_part_is_not_taken_for_one_around_an_earlier_part(collections: SimpleNamespace) -> None:
    """The push of a began first, but b went in and out, and the stack was empty, before it took effect."""
    history = collections.recorded(
        (1, "push", "a"), (2, "push", "b"), (2, "ok"), (2, "pop"), (2, "ok", "b"), (2, "pop"), (1, "ok"),
        (2, "ok", None), (1, "pop"), (2, "push", "c"), (1, "ok", "a"), (2, "ok"),
    )  # fmt: skip
    assert collections.judged(history, STACK, decide_stack) == "valid"


def test_taking_away_one_around_others_leaves_what_still_lies_over_a_gap(collections: SimpleNamespace) -> None:
    """The push of a overlaps with those of b and c; b comes out although c lies on it, whether or not a is below."""
    history = collections.recorded(
        (1, "push", "a"), (2, "push", "b"), (2, "ok"), (2, "push", "c"), (2, "ok"), (1, "ok"),
        (2, "push", "d"), (1, "pop"), (2, "ok"), (1, "ok", "b"), (1, "push", "e"), (1, "ok"),
    )  # fmt: skip
    assert collections.judged(history, STACK, decide_stack) == "invalid"


@pytest.mark.parametrize(("first", "second"), ["ab", "ba"])
def test_pushes_that_overlap_may_have_either_order(collections: SimpleNamespace, first: str, second: str) -> None:
    """The pops tell which of two pushes came first."""
    history = collections.recorded(
        (1, "push", "a"), (2, "push", "b"), (1, "ok"), (2, "ok"),
        (3, "pop"), (3, "ok", first), (3, "pop"), (3, "ok", second),
    )  # fmt: skip
    assert isinstance(collections.decided(history, STACK, decide_stack), Ordered)


def test_a_pop_of_unknown_outcome_may_have_taken_what_is_missing(collections: SimpleNamespace) -> None:
    """What was on top is gone, and somebody whose answer was lost may have it."""
    history = collections.recorded(
        (1, "push", "a"), (1, "ok"), (1, "push", "b"), (1, "ok"), (3, "pop"), (3, "info"), (2, "pop"), (2, "ok", "a")
    )
    assert isinstance(collections.decided(history, STACK, decide_stack), Ordered)


def test_one_pop_of_unknown_outcome_cannot_have_taken_two(collections: SimpleNamespace) -> None:
    """Two elements are missing from on top of a third."""
    history = collections.recorded(
        (1, "push", "a"), (1, "ok"), (1, "push", "b"), (1, "ok"), (1, "push", "c"), (1, "ok"),
        (3, "pop"), (3, "info"), (2, "pop"), (2, "ok", "a"),
    )  # fmt: skip
    anomaly, sentence = collections.decided(history, STACK, decide_stack)
    assert anomaly == "last-in-first-out violation"
    assert sentence.endswith("; there were too few operations of unknown outcome that can have taken it.")


def test_false_empties_are_named(collections: SimpleNamespace) -> None:
    """A pop finds nothing although an element was there all the time."""
    history = collections.recorded((1, "push", "a"), (1, "ok"), (2, "pop"), (2, "ok", None), (1, "pop"), (1, "ok", "a"))
    assert collections.decided(history, STACK, decide_stack) == (
        "false empty",
        "process 2 got nothing (pop), although 'a' must have been in there all the time from before it began until "
        "after it ended.",
    )


def test_a_long_nest_is_decided(collections: SimpleNamespace) -> None:
    """A thousand pushes and then a thousand pops: depth costs no recursion."""
    events = [event for value in range(1000) for event in ((1, "push", value), (1, "ok"))]
    events += [event for value in reversed(range(1000)) for event in ((1, "pop"), (1, "ok", value))]
    assert isinstance(collections.decided(collections.recorded(*events), STACK, decide_stack), Ordered)


def test_values_that_are_pushed_twice_are_left_to_the_search(collections: SimpleNamespace) -> None:
    """Without unique values the polynomial checker does not answer; the search does."""
    history = collections.recorded(
        (1, "push", "a"),
        (1, "ok"),
        (1, "push", "a"),
        (1, "ok"),
        (2, "pop"),
        (2, "ok", "a"),
        (2, "pop"),
        (2, "ok", None),
    )
    assert collections.decided(history, STACK, decide_stack) is None
    assert linearizable(history, STACK).outcome == "invalid"
