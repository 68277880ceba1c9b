"""Bounded staleness as a verdict: what it says, with which evidence, and that it agrees with delta."""

from __future__ import annotations

import random

import pytest

from chaoslab.checkers.bounded_staleness import bounded_staleness
from chaoslab.checkers.staleness import staleness
from chaoslab.history import History


def one_after_the_other(*steps: tuple[str, int | None]) -> History:
    """Return writes and reads of x, each taking 10 ns, one beginning just when the one before ends."""
    history = History()
    for index, (f, value) in enumerate(steps):
        history.invoke(index, f, "x", value if f == "write" else None, time_ns=index * 10)
        history.complete(index, "ok", value, time_ns=(index + 1) * 10)
    return history


STALE = one_after_the_other(("write", 1), ("write", 2), ("read", 2), ("read", 1))


def test_a_value_may_be_read_for_as_long_as_the_bound_says_after_it_was_replaced() -> None:
    """The write of 2 ends at 20, and 1 is read from 30 on."""
    assert staleness(STALE).delta_ns == 10
    assert bounded_staleness(STALE, 10).outcome == "valid"
    assert bounded_staleness(STALE, 9).outcome == "invalid"


def test_what_is_stale_is_shown_with_the_write_that_had_replaced_it() -> None:
    """The last operation shown is the stale read; the evidence are the two writes in each other's way."""
    verdict = bounded_staleness(STALE, 5)
    assert verdict.anomaly == "stale read"
    assert verdict.summary == "process 3 read 1 from x, which had been replaced for longer than 5ns."
    assert [(one.f, one.value) for one in verdict.operations] == [("write", 1), ("write", 2), ("read", 1)]
    assert sorted(verdict.evidence) == [0, 2]


def test_the_initial_value_can_be_stale_too() -> None:
    """It counts as written before everything."""
    verdict = bounded_staleness(one_after_the_other(("write", 1), ("read", 1), ("read", None)), 5)
    assert verdict.outcome == "invalid"
    assert [(one.f, one.value) for one in verdict.operations] == [("write", 1), ("read", None)]


@pytest.mark.parametrize("steps", [(("read", 1),), (("read", 1), ("write", 1))])
def test_what_nobody_had_written_is_no_stale_read(steps: tuple[tuple[str, int | None], ...]) -> None:
    """No bound explains it."""
    verdict = bounded_staleness(one_after_the_other(*steps), 10**12)
    assert (verdict.outcome, verdict.anomaly) == ("invalid", "value out of thin air")


def test_it_holds_exactly_from_delta_on() -> None:
    """On random histories of overlapping operations."""
    judged = 0
    for seed in range(300):
        rng = random.Random(seed)
        history = History()
        events = []
        for process in range(7):
            begin = rng.randrange(60)
            events += [(begin, 1, process), (begin + 1 + rng.randrange(20), 0, process)]
        values = {process: process if process < 3 else None for process in range(7)}
        written: list[int] = []
        for time_ns, begins, process in sorted(events):
            if begins:
                history.invoke(process, "write" if process < 3 else "read", "x", values[process], time_ns=time_ns)
                written += [process] if process < 3 else []
            else:
                value = process if process < 3 else rng.choice([None, *written])
                history.complete(process, "ok", value, time_ns=time_ns)
        delta_ns = staleness(history).delta_ns
        if delta_ns:
            judged += 1
            assert bounded_staleness(history, delta_ns).outcome == "valid"
            assert bounded_staleness(history, delta_ns - 1).outcome == "invalid"
    assert judged > 50
