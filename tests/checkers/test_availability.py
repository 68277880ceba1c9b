"""Figures of a history: how much worked, how long it took, when it worked again."""

from __future__ import annotations

from chaoslab.checkers.availability import figures, percentile, recovery_ns
from chaoslab.history import History


def history_of(*operations: tuple[int, int, str]) -> History:
    history = History()
    for process, (call_ns, ret_ns, ending) in enumerate(operations):
        history.invoke(process, "read", "x", time_ns=call_ns)
        if ending:
            history.complete(process, ending, time_ns=ret_ns)  # type: ignore[arg-type]
    return history


def test_a_percentile_is_one_of_the_values() -> None:
    """The smallest that at least that share does not exceed."""
    assert percentile([], 50) is None
    assert percentile([7], 99) == 7
    assert percentile(list(range(1, 101)), 50) == 50
    assert percentile(list(range(1, 101)), 99) == 99
    assert percentile([1, 2, 3], 0) == 1


def test_what_succeeded_counts_as_available() -> None:
    """Open operations count as unknown; latencies are those of successes."""
    seen = figures(history_of((0, 10, "ok"), (0, 30, "ok"), (0, 99, "fail"), (0, 99, "info"), (0, 0, "")))
    assert (seen.operations, seen.ok, seen.fail, seen.info) == (5, 2, 1, 2)
    assert seen.availability == 0.4
    assert (seen.p50_ns, seen.p99_ns) == (10, 30)


def test_nothing_asked_is_nothing_refused() -> None:
    """A history without operations is fully available and has no latency."""
    seen = figures(History())
    assert (seen.availability, seen.p50_ns) == (1.0, None)


def test_recovery_is_the_first_success_of_an_operation_begun_after_the_heal() -> None:
    """One that was waiting all the time proves nothing."""
    history = history_of((0, 120, "ok"), (110, 150, "ok"), (105, 130, "fail"))
    assert recovery_ns(history, 100) == 50
    assert recovery_ns(history, 115) is None
