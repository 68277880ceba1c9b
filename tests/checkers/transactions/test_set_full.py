"""The set-full checker: what became of every element that was added."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.checkers.transactions import set_full
from chaoslab.errors import HistoryError
from chaoslab.history import History


def history_of(*steps: tuple[str, Any]) -> History:
    """Return a history of adds and reads, one after the other."""
    history = History()
    for f, value in steps:
        history.invoke(0, f, None, value if f == "add" else None)
        history.complete(0, "ok", value)
    return history


def test_a_set_that_keeps_its_elements_is_valid() -> None:
    """Two adds, and reads that show what was added before."""
    verdict = set_full(history_of(("add", 1), ("read", [1]), ("add", 2), ("read", [2, 1])))
    assert verdict.outcome == "valid"
    assert verdict.details["stable"] == 2


def test_an_element_that_no_later_read_has_is_lost() -> None:
    """Its add was acknowledged before the read began."""
    verdict = set_full(history_of(("add", 1), ("add", 2), ("read", [2])))
    assert (verdict.outcome, verdict.anomaly) == ("invalid", "lost")
    assert verdict.summary == (
        "process 0 (event 4) did not see 1, though process 0 (event 0) had added it before, and no later read has it."
    )


def test_an_element_that_was_read_and_vanished_is_lost_even_if_its_add_is_unknown() -> None:
    """A read that saw it makes it known."""
    history = History()
    history.invoke(0, "add", None, 1)
    history.complete(0, "info")
    for seen in ([1], []):
        history.invoke(1, "read")
        history.complete(1, "ok", seen)
    assert set_full(history).anomaly == "lost"


def test_an_element_that_comes_back_is_stale() -> None:
    """That is wrong only if the set is to be linearizable."""
    history = history_of(("add", 1), ("read", []), ("read", [1]))
    assert set_full(history).outcome == "valid"
    assert set_full(history).details["stale elements"] == [1]
    assert set_full(history, stale_allowed=False).anomaly == "stale"


def test_a_read_that_overlaps_the_last_one_rescues_an_element() -> None:
    """It may have taken place after the one that lacks the element."""
    history = history_of(("add", 1))
    history.invoke(1, "read")
    history.invoke(2, "read")
    history.complete(2, "ok", [])
    history.complete(1, "ok", [1])
    assert set_full(history).outcome == "valid"
    assert set_full(history, stale_allowed=False).anomaly == "stale"


def test_an_element_read_twice_in_one_list_is_duplicated() -> None:
    """A set holds each element once."""
    assert set_full(history_of(("add", 1), ("read", [1, 1]))).anomaly == "duplicated"


def test_an_element_that_nobody_added_is_unexpected() -> None:
    """Failed adds did not happen."""
    history = History()
    history.invoke(0, "add", None, 1)
    history.complete(0, "fail")
    history.invoke(0, "read")
    history.complete(0, "ok", [1])
    assert set_full(history).anomaly == "unexpected"


def test_an_element_that_nobody_looked_for_is_never_read() -> None:
    """No read began after its add: nothing can be said."""
    verdict = set_full(history_of(("read", []), ("add", 1)))
    assert verdict.outcome == "valid"
    assert verdict.details["never read"] == 1
    assert verdict.summary.endswith("1 were never looked for.")


def test_elements_are_compared_by_type_and_content() -> None:
    """True is not 1, and lists can be elements."""
    assert set_full(history_of(("add", [1]), ("read", [[1]]))).outcome == "valid"
    assert set_full(history_of(("add", 1), ("read", [True]))).anomaly == "unexpected"


@pytest.mark.parametrize("steps", [[("delete", 1)], [("read", 7)]])
def test_other_operations_are_refused(steps: list[tuple[str, Any]]) -> None:
    """The message names the event."""
    with pytest.raises(HistoryError, match="event"):
        set_full(history_of(*steps))


def expected(history: History) -> dict[str, set[int]]:
    """Return lost, stale, duplicated and unexpected elements, straight from the definitions."""
    operations = history.operations()
    adds = [one for one in operations if one.f == "add"]
    reads = [one for one in operations if one.f == "read" and one.type == "ok"]
    fates: dict[str, set[int]] = {"lost": set(), "stale": set(), "duplicated": set(), "unexpected": set()}
    for element in range(6):
        may_be = [one for one in adds if one.argument == element and one.type != "fail"]
        having = [one for one in reads if element in one.value]
        if any(one.value.count(element) > 1 for one in reads):
            fates["duplicated"].add(element)
        if not may_be:
            if having:
                fates["unexpected"].add(element)
            continue
        knowing = [one.ret for one in (*may_be, *having) if one.ret is not None]
        lacking = [one for one in reads if knowing and one.call > min(knowing) and element not in one.value]
        for one in lacking:
            back = any(other.ret is not None and other.ret > one.call for other in having)
            fates["stale" if back else "lost"].add(element)
    fates["stale"] -= fates["lost"]
    return fates


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Adds and reads of five processes; reads lack, repeat and invent elements now and then."""
    rng: random.Random = draw(st.randoms(use_true_random=False))
    history, stored, open_now = History(), set[int](), dict[int, tuple[str, int]]()
    honesty = rng.choice([0.5, 0.9, 1.0])
    for _ in range(rng.randint(2, 18)):
        process = rng.randrange(5)
        if process not in open_now:
            open_now[process] = ("read", 0) if rng.random() < 0.5 else ("add", rng.randrange(5))
            f, element = open_now[process]
            history.invoke(process, f, None, element if f == "add" else None)
            continue
        f, element = open_now.pop(process)
        if f == "add":
            ending = rng.choice(["ok", "ok", "ok", "info", "fail"])
            if ending == "ok" or rng.random() < 0.3:
                stored.add(element)
            history.complete(process, ending)  # type: ignore[arg-type]
            continue
        seen = [one for one in sorted(stored) if rng.random() < 0.5 + honesty / 2]
        if rng.random() > honesty:
            seen.append(rng.randrange(6))
        history.complete(process, "ok", seen)
    return history


@given(histories())
def test_fates_are_as_defined(history: History) -> None:
    """Each element has the fate that the definitions give it, and the verdict is the worst one's."""
    fates = expected(history)
    verdict = set_full(history)
    for kind, elements in fates.items():
        assert set(verdict.details.get(f"{kind} elements", ())) == elements, kind
    wrong = any(fates[kind] for kind in ("lost", "duplicated", "unexpected"))
    assert verdict.outcome == ("invalid" if wrong else "valid")
    strict = set_full(history, stale_allowed=False)
    assert strict.outcome == ("invalid" if wrong or fates["stale"] else "valid")
