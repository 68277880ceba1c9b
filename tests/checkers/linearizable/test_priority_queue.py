"""Priority queues: the polynomial checker against the search and brute force, and every violation it names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from chaoslab.checkers.linearizable import linearizable
from chaoslab.checkers.linearizable.decision import Ordered
from chaoslab.checkers.linearizable.priority_queue import decide_priority_queue
from chaoslab.errors import HistoryError
from chaoslab.models import MODELS

PRIORITY_QUEUE = MODELS["priority-queue"]
_FEW_PRIORITIES = [[number * 5 % 3, number] for number in range(20)]


@given(st.data(), st.permutations(range(9)))
def test_everybody_agrees_on_short_histories(
    collections: SimpleNamespace, data: st.DataObject, numbers: list[int]
) -> None:
    """The polynomial checker, the search and brute force say the same, and the evidence is right."""
    history = data.draw(
        collections.histories("insert", "delete-min", numbers, lambda inside: inside.index(min(inside)))
    )
    event(collections.judged(history, PRIORITY_QUEUE, decide_priority_queue))


@given(st.data())
def test_everybody_agrees_where_priorities_are_equal(collections: SimpleNamespace, data: st.DataObject) -> None:
    """The same for elements ``[priority, item]`` of only three priorities."""

    def first(inside: list[Any]) -> int:
        return inside.index(min(inside, key=lambda element: element[0]))

    history = data.draw(collections.histories("insert", "delete-min", _FEW_PRIORITIES, first))
    event(collections.judged(history, PRIORITY_QUEUE, decide_priority_queue))


def test_what_is_passed_over_is_named(collections: SimpleNamespace) -> None:
    """The larger of two elements comes out first."""
    history = collections.recorded(
        (1, "insert", 5), (1, "ok"), (1, "insert", 3), (1, "ok"), (2, "delete-min"), (2, "ok", 5)
    )
    assert collections.decided(history, PRIORITY_QUEUE, decide_priority_queue) == (
        "priority violation",
        "process 2 got 5 (delete-min), although the smaller 3 must have been in there all the time from before it "
        "began until after it ended.",
    )


def test_a_larger_element_may_come_out_before_the_smaller_one_is_in(collections: SimpleNamespace) -> None:
    """The insert of the smaller one overlaps with the delete-min."""
    history = collections.recorded(
        (1, "insert", 5), (1, "ok"), (1, "insert", 3), (2, "delete-min"), (2, "ok", 5), (1, "ok")
    )
    assert isinstance(collections.decided(history, PRIORITY_QUEUE, decide_priority_queue), Ordered)


def test_of_equal_priorities_any_may_come_first(collections: SimpleNamespace) -> None:
    """Elements of one priority are in nobody's way."""
    history = collections.recorded(
        (1, "insert", [1, "a"]), (1, "ok"), (1, "insert", [1, "b"]), (1, "ok"), (2, "delete-min"), (2, "ok", [1, "b"])
    )
    assert isinstance(collections.decided(history, PRIORITY_QUEUE, decide_priority_queue), Ordered)


def test_whole_numbers_and_fractions_are_compared_as_numbers(collections: SimpleNamespace) -> None:
    """1.5 comes after 1 and before 2."""
    history = collections.recorded(
        (1, "insert", 2), (1, "ok"), (1, "insert", 1.5), (1, "ok"), (2, "delete-min"), (2, "ok", 2)
    )
    assert collections.decided(history, PRIORITY_QUEUE, decide_priority_queue)[0] == "priority violation"


def test_false_empties_are_named(collections: SimpleNamespace) -> None:
    """A delete-min finds nothing although an element was there all the time."""
    history = collections.recorded((1, "insert", 5), (1, "ok"), (2, "delete-min"), (2, "ok", None))
    assert collections.decided(history, PRIORITY_QUEUE, decide_priority_queue)[0] == "false empty"


def test_an_operation_of_unknown_outcome_may_have_taken_the_smaller_one(collections: SimpleNamespace) -> None:
    """One such operation can have taken one of two, not both."""
    events = [(1, "insert", 1), (1, "ok"), (3, "delete-min"), (3, "info"), (1, "insert", 5), (1, "ok")]
    taken = [(2, "delete-min"), (2, "ok", 5)]
    history = collections.recorded(*events, *taken)
    assert isinstance(collections.decided(history, PRIORITY_QUEUE, decide_priority_queue), Ordered)
    history = collections.recorded(*events, (1, "insert", 2), (1, "ok"), *taken)
    assert collections.decided(history, PRIORITY_QUEUE, decide_priority_queue)[0] == "priority violation"


def test_an_operation_of_unknown_outcome_is_kept_for_the_element_that_needs_it_first(
    collections: SimpleNamespace,
) -> None:
    """The first one has to take 1, before 5 came out; so the queue is empty only after the second, which takes 9."""
    history = collections.recorded(
        (1, "insert", 9), (1, "ok"), (4, "delete-min"), (4, "info"), (2, "delete-min"), (1, "insert", 1), (1, "ok"),
        (1, "insert", 5), (1, "ok"), (1, "delete-min"), (1, "ok", 5), (5, "delete-min"), (5, "info"), (2, "ok", None),
    )  # fmt: skip
    assert collections.judged(history, PRIORITY_QUEUE, decide_priority_queue) == "valid"


def test_elements_that_are_inserted_twice_are_left_to_the_search(collections: SimpleNamespace) -> None:
    """Without unique elements the polynomial checker does not answer; the search does."""
    history = collections.recorded(
        (1, "insert", 1), (1, "ok"), (1, "insert", 1), (1, "ok"), (2, "delete-min"), (2, "ok", 1),
        (2, "delete-min"), (2, "ok", None),
    )  # fmt: skip
    assert collections.decided(history, PRIORITY_QUEUE, decide_priority_queue) is None
    assert linearizable(history, PRIORITY_QUEUE).outcome == "invalid"


def test_a_priority_that_is_no_number_is_refused_in_words(collections: SimpleNamespace) -> None:
    """Text has no place in an order of numbers."""
    history = collections.recorded((1, "insert", "high"), (1, "ok"))
    with pytest.raises(HistoryError, match=r"the first part of \[priority, item\], is a number, not 'high'"):
        linearizable(history, PRIORITY_QUEUE)
