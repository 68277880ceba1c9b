"""Sets: the polynomial checker against the search and brute force, and every violation it names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from chaoslab.checkers.linearizable.decision import Ordered
from chaoslab.checkers.linearizable.set import decide_set
from chaoslab.history import History
from chaoslab.models import MODELS

SET = MODELS["set"]


@st.composite
def set_histories(draw: st.DrawFn, most: int = 7) -> History:
    """Short concurrent histories of a set of one or two elements, some of them with lies."""
    history = History()
    processes = list(range(draw(st.integers(2, 4))))
    fresh = len(processes)
    open_now: dict[int, list[Any]] = {}  # by slot: f, element, what it found, or None before it took effect
    inside: set[int] = set()
    elements, lies, told = draw(st.integers(1, 2)), draw(st.booleans()), draw(st.sampled_from(["all", "none", "some"]))
    choices = iter(draw(st.lists(st.integers(0, 2**16 - 1), min_size=8 * most, max_size=8 * most)))
    left = draw(st.integers(2, most))

    def choose(count: int) -> int:
        return next(choices, 0) % count

    def take_effect(operation: list[Any]) -> None:
        f, element, _ = operation
        operation[2] = element in inside
        if f == "add":
            inside.add(element)
        elif f == "remove":
            inside.discard(element)

    while left or open_now:
        slots = sorted(open_now) if not left or choose(2) else range(len(processes))
        slot = slots[choose(len(slots))] if slots else 0
        if slot not in open_now:
            left -= 1
            open_now[slot] = [("add", "add", "remove", "contains")[choose(4)], choose(elements), None]
            history.invoke(processes[slot], open_now[slot][0], None, open_now[slot][1])
            continue
        operation = open_now[slot]
        ending = ("ok", "ok", "ok", "ok", "effect", "effect", "info", "fail")[choose(8)]
        if ending == "effect" and operation[2] is None:
            take_effect(operation)
            continue
        del open_now[slot]
        if ending == "info":
            history.complete(processes[slot], "info")
            processes[slot], fresh = fresh, fresh + 1
        elif ending == "fail" and operation[2] is None:
            history.complete(processes[slot], "fail")
        else:
            if operation[2] is None:
                take_effect(operation)
            f, _, found = operation
            found ^= lies and not choose(4)
            if f == "contains":
                history.complete(processes[slot], "ok", found)
            elif told == "all" or (told == "some" and choose(2)):
                history.complete(processes[slot], "ok", None, found == (f == "remove"))
            else:
                history.complete(processes[slot], "ok")
    return history


@given(set_histories())
def test_everybody_agrees_on_short_histories(collections: SimpleNamespace, history: History) -> None:
    """The polynomial checker, the search and brute force say the same, and the evidence is right."""
    event(collections.judged(history, SET, decide_set))


def test_lost_elements_are_named(collections: SimpleNamespace) -> None:
    """An element was added and nobody removed it."""
    history = collections.recorded((1, "add", 7), (1, "ok"), (2, "contains", 7), (2, "ok", False))
    assert collections.decided(history, SET, decide_set) == (
        "lost element",
        "process 2 found 7 missing from the set (contains), although process 1 had added it and nobody can have "
        "removed it in between.",
    )


def test_phantom_elements_are_named(collections: SimpleNamespace) -> None:
    """An element was removed and nobody added it again."""
    history = collections.recorded(
        (1, "add", 7), (1, "ok"), (3, "remove", 7), (3, "ok", None, True), (2, "contains", 7), (2, "ok", True)
    )
    assert collections.decided(history, SET, decide_set) == (
        "phantom element",
        "process 2 found 7 in the set (contains), although process 3 had removed it and nobody can have added it again "
        "in between.",
    )


def test_elements_out_of_thin_air_are_named(collections: SimpleNamespace) -> None:
    """Nobody added it: an add of another element, or one that failed, does not count."""
    history = collections.recorded(
        (1, "add", 8), (1, "ok"), (1, "add", 7), (1, "fail"), (2, "contains", 7), (2, "ok", True)
    )
    assert collections.decided(history, SET, decide_set) == (
        "value out of thin air",
        "process 2 found 7 in the set (contains), although nobody can have added it then.",
    )


def test_an_element_is_new_once(collections: SimpleNamespace) -> None:
    """Two adds that both were told that the element is new."""
    history = collections.recorded((1, "add", 7), (2, "add", 7), (1, "ok", None, True), (2, "ok", None, True))
    assert collections.decided(history, SET, decide_set)[0] == "lost element"


def test_an_add_of_unknown_outcome_may_have_happened_between(collections: SimpleNamespace) -> None:
    """It may be the reason why an element is there again, once."""
    events = [
        (3, "add", 7), (3, "info"), (1, "add", 7), (1, "ok"), (1, "remove", 7), (1, "ok"),
        (2, "contains", 7), (2, "ok", True),
    ]  # fmt: skip
    assert isinstance(collections.decided(collections.recorded(*events), SET, decide_set), Ordered)
    events += [(1, "remove", 7), (1, "ok"), (2, "contains", 7), (2, "ok", True)]
    assert collections.decided(collections.recorded(*events), SET, decide_set)[0] == "phantom element"


def test_a_proof_leaves_out_what_does_not_matter(collections: SimpleNamespace) -> None:
    """Of fifty rounds of one element only the last one is shown."""
    rounds = [(1, "add", 7), (1, "ok", None, True), (1, "remove", 7), (1, "ok", None, True)] * 50
    history = collections.recorded(*rounds, (1, "add", 7), (1, "ok", None, True), (2, "contains", 7), (2, "ok", False))
    assert len(collections.culprits(history, SET, decide_set)) == 2


def test_reads_of_the_whole_are_left_to_the_search(collections: SimpleNamespace) -> None:
    """They tie the elements together."""
    history = collections.recorded((1, "add", 7), (1, "ok"), (2, "read"), (2, "ok", [7]))
    assert collections.decided(history, SET, decide_set) is None
