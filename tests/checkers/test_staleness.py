"""How stale reads are: known cases, and brute force on short histories."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.checkers.linearizable import linearizable
from chaoslab.checkers.staleness import Staleness, staleness
from chaoslab.checkers.staleness_verifier import complaint_about_conflict, complaint_about_orders
from chaoslab.errors import UsageError
from chaoslab.history import History, Operation
from chaoslab.models import MODELS

REGISTER = MODELS["register"]


def one_after_the_other(*steps: tuple[str, int | None], spacing_ns: int = 10) -> History:
    """Return writes and reads of x, each ending *spacing_ns* after it began, just when the next one begins."""
    history = History()
    for index, (f, value) in enumerate(steps):
        history.invoke(index, f, "x", value if f == "write" else None, time_ns=index * spacing_ns)
        history.complete(index, "ok", value, time_ns=(index + 1) * spacing_ns)
    return history


def figures(found: Staleness) -> tuple[int | None, int | None]:
    """Return k and delta."""
    return found.k, found.delta_ns


def test_a_linearizable_history_is_not_stale() -> None:
    """One version back at most is the current one, and no time is needed."""
    found = staleness(one_after_the_other(("read", None), ("write", 1), ("read", 1), ("write", 2), ("read", 2)))
    assert found == Staleness(k=1, delta_ns=0, orders=((0, 2, 4, 6, 8),))


def test_a_read_that_misses_the_last_write_is_one_version_behind() -> None:
    """It began when the second write had ended, 10 ns after the first one's time was up."""
    found = staleness(one_after_the_other(("write", 1), ("write", 2), ("write", 3), ("read", 2)))
    assert figures(found) == (2, 1)
    later = one_after_the_other(("write", 1), ("write", 2), ("write", 3), ("read", 3), ("read", 3), ("read", 2))
    assert figures(staleness(later)) == (2, 20)


def test_a_read_that_misses_two_writes_is_more_than_one_behind() -> None:
    """How many more is not told, but for how long is."""
    assert figures(staleness(one_after_the_other(("write", 1), ("write", 2), ("write", 3), ("read", 1)))) == (None, 10)


def test_the_initial_value_is_a_version() -> None:
    """Reading it after one write is one version behind, after two writes two."""
    assert staleness(one_after_the_other(("write", 1), ("read", None))).k == 2
    assert staleness(one_after_the_other(("write", 1), ("write", 2), ("read", None))).k is None


def test_what_no_time_repairs_has_no_delta() -> None:
    """A value that nobody wrote, and one that was read before it was written."""
    assert staleness(one_after_the_other(("write", 1), ("read", 2))) == Staleness(k=None, delta_ns=None)
    assert staleness(one_after_the_other(("read", 1), ("write", 1))) == Staleness(k=None, delta_ns=None)


def test_the_worst_key_counts() -> None:
    """One key is current and the other one version behind."""
    history = one_after_the_other(("write", 1), ("write", 2), ("read", 2))
    for index, (f, value) in enumerate([("write", 1), ("write", 2), ("read", 1)]):
        history.invoke(9, f, "y", value if f == "write" else None, time_ns=100 + index)
        history.complete(9, "ok", value, time_ns=100 + index)
    assert staleness(history).k == 2


def test_events_at_one_time_are_still_in_order() -> None:
    """With all events at the same nanosecond a stale read is stale, by the least time there is."""
    assert figures(staleness(one_after_the_other(("write", 1), ("write", 2), ("read", 1), spacing_ns=0))) == (2, 1)


def test_a_write_of_unknown_outcome_counts_if_it_was_read() -> None:
    """Unread it never happened; read, it may have taken until then."""
    history = one_after_the_other(("write", 1))
    history.invoke(7, "write", "x", 2, time_ns=20)
    history.complete(7, "info", time_ns=30)
    for value in (1, 2):
        history.invoke(8, "read", "x", time_ns=100)
        history.complete(8, "ok", value, time_ns=110)
    assert figures(staleness(history)) == (1, 0)


def test_values_that_are_not_unique_are_refused() -> None:
    """The message names the second write, or the write of the initial value, or what is no read or write."""
    with pytest.raises(UsageError, match=r"event 2: .* 1 was written before"):
        staleness(one_after_the_other(("write", 1), ("write", 1)))
    with pytest.raises(UsageError, match=r"event 0: .* None was there at the start"):
        staleness(one_after_the_other(("write", None)))
    with pytest.raises(UsageError, match="cannot tell what 'cas' does"):
        staleness(one_after_the_other(("cas", None)))


def test_the_verifier_refuses_what_is_not_so() -> None:
    """Orders with too few versions, or against time, and conflicts that are none are not believed."""
    history = one_after_the_other(("write", 1), ("write", 2), ("read", 2), ("read", 1))
    assert complaint_about_orders([[0, 2, 4, 6]], history, REGISTER, 2, 0) is None
    assert complaint_about_orders([[0, 2, 4, 6]], history, REGISTER, 1, 0) is not None
    assert complaint_about_orders([[0, 6, 2, 4]], history, REGISTER, 1, 0) is not None
    assert complaint_about_orders([[0, 6, 2, 4]], history, REGISTER, 1, 20) is None
    assert complaint_about_orders([[0, 2, 4]], history, REGISTER, 2, 0) is not None
    assert complaint_about_conflict((0, 2), history, REGISTER, 5) is None
    assert complaint_about_conflict((0, 2), history, REGISTER, 20) is not None
    assert complaint_about_conflict(None, history, REGISTER, 0) is not None


# Brute force.


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Draw short histories of one key whose operations overlap; most reads see something written before they end."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    history = History()
    open_now: dict[int, tuple[str, int]] = {}
    values: list[int | None] = [None]
    time_ns = 0
    begun = 0
    while begun < 7 or open_now:
        time_ns += rng.choice((0, 1, 1, 2, 5))
        process = rng.randrange(3) if begun < 7 else sorted(open_now)[0]
        if process in open_now:
            f, value = open_now.pop(process)
            seen = rng.choice(values[-4:] if rng.random() < 0.95 else [*values, 99])
            history.complete(process, "ok", value if f == "write" else seen, time_ns=time_ns)
        else:
            begun += 1
            f = rng.choice(("read", "read", "write"))
            open_now[process] = (f, begun)
            history.invoke(process, f, "x", begun if f == "write" else None, time_ns=time_ns)
            values += [begun] if f == "write" else []
    return history


def is_atomic(operations: Sequence[Operation], k: int, delta_ns: int) -> bool:
    """Return whether some order keeps time and shows each read one of the last *k* versions: all orders are tried."""

    def begin(one: Operation) -> tuple[int, int]:
        moved = one.f == "read" and delta_ns
        return (one.call_time_ns - delta_ns, -1) if moved else (one.call_time_ns, one.call)

    stack: list[tuple[list[Operation], list[int | None]]] = [(list(operations), [None])]
    while stack:
        left, versions = stack.pop()
        if not left:
            return True
        for one in left:
            if any((other.ret_time_ns, other.ret) < begin(one) for other in left if other is not one):
                continue
            rest = [other for other in left if other is not one]
            if one.f == "write":
                stack.append((rest, [*versions, one.argument]))
            elif one.value in versions[-k:]:
                stack.append((rest, versions))
    return False


def by_definition(history: History) -> tuple[int | None, int | None]:
    """Return k and delta."""
    operations = history.operations()
    k = next((k for k in (1, 2) if is_atomic(operations, k, 0)), None)
    longest = max(history.times_ns) + 2
    return k, next((delta for delta in range(longest) if is_atomic(operations, 1, delta)), None)


@given(history=histories())
def test_k_and_delta_are_as_the_definitions_say(history: History) -> None:
    """On short histories they agree with trying all orders, and all times."""
    assert figures(staleness(history)) == by_definition(history)


@given(history=histories())
def test_k_is_one_and_delta_zero_exactly_if_the_history_is_linearizable(history: History) -> None:
    """Three ways to say the same."""
    found = staleness(history)
    assert (found.k == 1) == (found.delta_ns == 0) == (linearizable(history, REGISTER).outcome == "valid")


def test_long_histories_of_two_versions_are_decided() -> None:
    """Pairs of overlapping writes, each seen once more after the next pair: linear, not quadratic."""
    history = History()
    values = itertools.count()
    before = None
    for _ in range(2000):
        value = next(values)
        history.invoke(0, "write", "x", value)
        history.complete(0, "ok", value)
        history.invoke(1, "read", "x")
        history.complete(1, "ok", before)
        before = value
    assert staleness(history).k == 2
