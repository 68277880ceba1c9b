"""First-in-first-out queues: the polynomial checker against the search and brute force; every violation it names."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import event, given
from hypothesis import strategies as st

from chaoslab.checkers.linearizable import linearizable
from chaoslab.checkers.linearizable.decision import Ordered
from chaoslab.checkers.linearizable.queue import decide_queue
from chaoslab.models import MODELS

QUEUE = MODELS["queue"]


@given(st.data())
def test_everybody_agrees_on_short_histories(collections: SimpleNamespace, data: st.DataObject) -> None:
    """The polynomial checker, the search and brute force say the same, and the evidence is right."""
    history = data.draw(collections.histories("enqueue", "dequeue", range(1, 20), lambda inside: 0))
    event(collections.judged(history, QUEUE, decide_queue))


def test_overtaking_is_named(collections: SimpleNamespace) -> None:
    """What was enqueued later does not come out first."""
    history = collections.recorded(
        (1, "enqueue", "a"), (1, "ok"), (1, "enqueue", "b"), (1, "ok"), (2, "dequeue"), (2, "ok", "b"),
    )  # fmt: skip
    assert collections.decided(history, QUEUE, decide_queue) == (
        "first-in-first-out violation",
        "process 2 got 'b' (dequeue), although the enqueue of 'a' had ended before that of 'b' began, and 'a' never "
        "came out.",
    )


def test_a_dequeue_of_unknown_outcome_may_have_taken_what_is_missing(collections: SimpleNamespace) -> None:
    """Of three elements the second comes out: somebody whose answer was lost may have the first."""
    history = collections.recorded(
        (1, "enqueue", "a"), (1, "ok"), (1, "enqueue", "b"), (1, "ok"), (1, "enqueue", "c"), (1, "ok"),
        (3, "dequeue"), (3, "info"), (2, "dequeue"), (2, "ok", "b"),
    )  # fmt: skip
    assert isinstance(collections.decided(history, QUEUE, decide_queue), Ordered)


def test_one_dequeue_of_unknown_outcome_cannot_have_taken_two(collections: SimpleNamespace) -> None:
    """Two elements are missing before the third, and only one dequeue can have taken any."""
    history = collections.recorded(
        (1, "enqueue", "a"), (1, "ok"), (1, "enqueue", "b"), (1, "ok"), (1, "enqueue", "c"), (1, "ok"),
        (3, "dequeue"), (3, "info"), (2, "dequeue"), (2, "ok", "c"),
    )  # fmt: skip
    anomaly, sentence = collections.decided(history, QUEUE, decide_queue)
    assert anomaly == "first-in-first-out violation"
    assert sentence.endswith("; there were too few operations of unknown outcome that can have taken it.")


def test_a_dequeue_of_unknown_outcome_cannot_explain_what_came_before_it(collections: SimpleNamespace) -> None:
    """An element was missing before anybody asked for it."""
    history = collections.recorded(
        (1, "enqueue", "a"), (1, "ok"), (1, "enqueue", "b"), (1, "ok"), (2, "dequeue"), (2, "ok", "b"),
        (3, "dequeue"), (3, "info"),
    )  # fmt: skip
    assert collections.decided(history, QUEUE, decide_queue)[0] == "first-in-first-out violation"


def test_false_empties_are_named(collections: SimpleNamespace) -> None:
    """A dequeue finds nothing while two elements, one after the other, must have been in the queue."""
    history = collections.recorded(
        (1, "enqueue", "a"), (1, "ok"), (2, "dequeue"), (1, "enqueue", "b"), (1, "ok"), (3, "dequeue"), (3, "ok", "a"),
        (2, "ok", None),
    )  # fmt: skip
    assert collections.decided(history, QUEUE, decide_queue) == (
        "false empty",
        "process 2 got nothing (dequeue), although 'a' and 'b' in turn must have been in there all the time from "
        "before it began until after it ended.",
    )


def test_an_enqueue_that_returns_late_had_happened_when_its_element_came_out(collections: SimpleNamespace) -> None:
    """Its element went in and out before the queue was empty, although the enqueue returned only long after."""
    history = collections.recorded(
        (2, "dequeue"), (3, "dequeue"), (0, "enqueue", "a"), (2, "ok", "a"), (1, "dequeue"), (3, "ok", None),
        (3, "enqueue", "b"), (2, "dequeue"), (3, "ok"), (2, "ok", "b"), (1, "ok", None), (0, "ok"),
    )  # fmt: skip
    assert collections.judged(history, QUEUE, decide_queue) == "valid"


def test_an_element_comes_out_once(collections: SimpleNamespace) -> None:
    """Two dequeues of the same element: an at-least-once queue."""
    history = collections.recorded(
        (1, "enqueue", "a"), (1, "ok"), (2, "dequeue"), (2, "ok", "a"), (3, "dequeue"), (3, "ok", "a")
    )
    assert collections.decided(history, QUEUE, decide_queue) == (
        "repeated value",
        "process 3 got 'a' (dequeue), but process 2 got 'a' (dequeue) as well, and it was put in only once.",
    )


def test_nothing_comes_out_that_was_never_put_in(collections: SimpleNamespace) -> None:
    """An enqueue that failed did not happen."""
    history = collections.recorded((1, "enqueue", "a"), (1, "fail"), (2, "dequeue"), (2, "ok", "a"))
    assert collections.decided(history, QUEUE, decide_queue) == (
        "value out of thin air",
        "process 2 got 'a' (dequeue), but no enqueue of that value can have taken place.",
    )


def test_nothing_comes_out_before_it_was_put_in(collections: SimpleNamespace) -> None:
    """The enqueue began after the dequeue had ended."""
    history = collections.recorded((2, "dequeue"), (2, "ok", "a"), (1, "enqueue", "a"), (1, "ok"))
    assert collections.decided(history, QUEUE, decide_queue) == (
        "value from the future",
        "process 2 got 'a' (dequeue), but the enqueue of that value (by process 1) began only afterwards.",
    )


def test_true_is_not_one(collections: SimpleNamespace) -> None:
    """Elements are told apart by type: True was never enqueued."""
    history = collections.recorded((1, "enqueue", 1), (1, "ok"), (2, "dequeue"), (2, "ok", True))
    assert collections.decided(history, QUEUE, decide_queue)[0] == "value out of thin air"


def test_values_that_are_enqueued_twice_are_left_to_the_search(collections: SimpleNamespace) -> None:
    """Without unique values the polynomial checker does not answer; the search does."""
    history = collections.recorded(
        (1, "enqueue", "a"), (1, "ok"), (1, "enqueue", "a"), (1, "ok"), (2, "dequeue"), (2, "ok", "a"), (2, "dequeue"),
        (2, "ok", "a"), (2, "dequeue"), (2, "ok", "a"),
    )  # fmt: skip
    assert collections.decided(history, QUEUE, decide_queue) is None
    assert linearizable(history, QUEUE).outcome == "invalid"
