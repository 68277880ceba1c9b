"""Registers with unique values: the polynomial checker against the search and against brute force."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from chaoslab.checkers.linearizable import linearizable
from chaoslab.checkers.linearizable.parts import Effects, split
from chaoslab.checkers.linearizable.registers import Culprits, decide_register
from chaoslab.checkers.linearizable.search import Found, Stuck, search
from chaoslab.checkers.linearizable.unique_writes import decide_unique_writes
from chaoslab.checkers.linearizable.verifier import complaint_about_order
from chaoslab.history import History
from chaoslab.models import MODELS

CAS = MODELS["cas-register"]


@st.composite
def unique_histories(draw: st.DrawFn, most: int = 9) -> History:
    """Short histories of one register in which every value is written once, mostly plausible ones."""
    history = History()
    processes = list(range(draw(st.integers(1, 4))))
    fresh = len(processes)
    open_now: dict[int, tuple[str, Any]] = {}
    written: list[Any] = [None]
    values = itertools.count(1)
    left = draw(st.integers(1, most))
    while left or open_now:
        slot = draw(st.integers(0, len(processes) - 1))
        process = processes[slot]
        if process in open_now:
            f, argument = open_now.pop(process)
            ending = draw(st.sampled_from(["ok", "ok", "ok", "ok", "ok", "info"]))
            value = draw(st.sampled_from(written[-3:])) if f == "read" else argument
            history.complete(process, ending, value, True if f == "cas" and ending == "ok" else None)  # type: ignore[arg-type]
            if ending == "info":
                processes[slot], fresh = fresh, fresh + 1
        elif left:
            left -= 1
            f = draw(st.sampled_from(["read", "read", "write", "cas"]))
            argument = None
            if f != "read":
                argument = next(values)
                old = draw(st.sampled_from(written[-3:]))
                written.append(argument)
                if f == "cas":
                    argument = [old, argument]
            open_now[process] = (f, argument)
            history.invoke(process, f, None, argument)
    return history


@given(unique_histories())
def test_the_polynomial_checker_agrees_with_the_search(history: History) -> None:
    """Where it has an answer it is the same, with an order that stands up, or few operations that have none."""
    effects = Effects(CAS)
    for part in split(history, effects):
        decided = decide_register(part, effects)
        searched = search(part, effects, 10**6)
        event(f"{type(decided).__name__} and {type(searched).__name__}")
        if isinstance(decided, Found):
            assert isinstance(searched, Found)
            assert complaint_about_order([[part.calls[one] for one in decided.order]], history, CAS) is None
        elif isinstance(decided, Culprits):
            assert isinstance(searched, Stuck)
            if not any(part.rets[one] > 10**9 for one in decided.positions):
                assert isinstance(search(part.only(decided.positions), effects, 10**6), Stuck)


def history_of(*events: tuple[Any, ...]) -> History:
    history = History()
    for process, type, f, value, *result in events:
        if type == "invoke":
            history.invoke(process, f, None, value)
        else:
            history.complete(process, type, value, *result)
    return history


def decided(history: History) -> Any:
    effects = Effects(CAS)
    (part,) = split(history, effects)
    return decide_register(part, effects)


@pytest.mark.parametrize(
    "events",
    [
        [(0, "invoke", "write", 1), (0, "ok", "write", 1), (0, "invoke", "write", 1), (0, "ok", "write", 1)],
        [(0, "invoke", "write", None), (0, "ok", "write", None)],
        [(0, "invoke", "cas", [1, 2]), (0, "ok", "cas", [1, 2], False)],
    ],
)
def test_without_unique_values_there_is_no_answer(events: list[Any]) -> None:
    """A value written twice, the initial one written, a refusal: the preconditions are verified, never assumed."""
    assert decided(history_of(*events)) is None


def test_two_replacements_of_one_value_are_impossible() -> None:
    """A value that is written once can be replaced once only."""
    history = history_of(
        (0, "invoke", "write", 1), (0, "ok", "write", 1),
        (0, "invoke", "cas", [1, 2]), (1, "invoke", "cas", [1, 3]),
        (0, "ok", "cas", [1, 2], True), (1, "ok", "cas", [1, 3], True),
    )  # fmt: skip
    assert isinstance(decided(history), Culprits)
    assert linearizable(history, CAS).outcome == "invalid"


def test_a_ring_of_replacements_is_impossible() -> None:
    """Each of them needs the other first."""
    history = history_of(
        (0, "invoke", "cas", [2, 1]), (1, "invoke", "cas", [1, 2]),
        (0, "ok", "cas", [2, 1], True), (1, "ok", "cas", [1, 2], True),
    )  # fmt: skip
    assert isinstance(decided(history), Culprits)


def test_a_replacement_nobody_knows_of_counts_if_its_value_was_seen() -> None:
    """Through a chain of two."""
    seen = [(2, "invoke", "read", None), (2, "ok", "read", 2)]
    chain = [
        (0, "invoke", "cas", [None, 1]),
        (0, "info", "cas", [None, 1]),
        (1, "invoke", "cas", [1, 2]),
        (1, "info", "cas", [1, 2]),
    ]
    assert isinstance(decided(history_of(*chain, *seen)), Found)
    assert linearizable(history_of(*chain, *seen), CAS).outcome == "valid"
    assert linearizable(history_of(*chain[2:], *seen), CAS).outcome == "invalid"


@given(unique_histories(), st.integers(0, 2))
def test_the_short_way_agrees_with_the_search(history: History, keys: int) -> None:
    """Reads and writes of unique values over one or more keys, decided without a search."""
    for call, f in enumerate(history.fs):
        history.keys[call] = history.processes[call] % (keys + 1)  # type: ignore[operator]
        if f == "cas":
            history.fs[call] = "write"
            history.values[call] = history.values[call][1]
    decided = decide_unique_writes(history, CAS)
    effects = Effects(CAS)
    stuck = [isinstance(search(part, effects, 10**6), Stuck) for part in split(history, effects)]
    assert decided is not None
    event(type(decided).__name__)
    if isinstance(decided, list):
        assert not any(stuck)
        assert complaint_about_order(decided, history, CAS) is None
    else:
        assert any(stuck)
    assert linearizable(history, CAS).outcome == ("invalid" if any(stuck) else "valid")
