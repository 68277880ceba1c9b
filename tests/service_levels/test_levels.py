"""Figures of a history: how much worked, how long it took, when it worked again."""

from __future__ import annotations

import math

import pytest

from chaoslab.history import History
from chaoslab.parameters import build
from chaoslab.report.service_levels import in_words
from chaoslab.service_levels import (
    Objectives,
    downtime_a_year_ns,
    error_budget_used,
    experiences,
    fault_windows,
    judge,
    nines,
    percentile,
    recovery_ns,
    service_levels,
)


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
    seen = service_levels(history_of((0, 10, "ok"), (0, 30, "ok"), (0, 99, "fail"), (0, 99, "info"), (0, 0, "")))
    assert (seen.operations, seen.ok, seen.fail, seen.info) == (5, 2, 1, 2)
    assert seen.availability == 0.4
    assert (seen.latencies.p50_ns, seen.latencies.p99_ns) == (10, 30)


def test_nothing_asked_is_nothing_refused() -> None:
    """A history without operations is fully available and has no latency."""
    seen = service_levels(History())
    assert (seen.availability, seen.latencies.p50_ns) == (1.0, None)


def test_recovery_is_the_first_success_of_an_operation_begun_after_the_heal() -> None:
    """One that was waiting all the time proves nothing."""
    history = history_of((0, 120, "ok"), (110, 150, "ok"), (105, 130, "fail"))
    assert recovery_ns(history, 100) == 50
    assert recovery_ns(history, 115) is None


def with_faults() -> History:
    """Two faults, the second of which spoils three operations; time in milliseconds."""
    history = History()
    ms = 1_000_000

    def operation(process: int, call_ms: int, ret_ms: int, ending: str, due_ms: int | None = None) -> None:
        due_ns = None if due_ms is None else due_ms * ms
        history.invoke(process, "read", "x", time_ns=call_ms * ms, due_ns=due_ns)
        history.complete(process, ending, time_ns=ret_ms * ms)  # type: ignore[arg-type]

    operation(0, 0, 10, "ok")
    history.note("inject", "slow", time_ns=20 * ms)
    operation(0, 30, 70, "ok")
    history.note("heal", "slow", time_ns=80 * ms)
    history.note("inject", "cut", time_ns=100 * ms)
    operation(0, 110, 210, "fail")
    operation(1, 120, 220, "info")
    operation(2, 130, 230, "fail")
    operation(3, 215, 240, "ok", due_ms=205)
    history.note("heal", "cut", time_ns=300 * ms)
    operation(3, 390, 400, "ok")
    return history


def test_hand_computed_figures() -> None:
    """Seven operations in 400 ms, four of them successful; half of the latencies are 10 ms, the worst 40 ms."""
    seen = service_levels(with_faults())
    assert (seen.operations, seen.ok, seen.fail, seen.info, seen.length_ns) == (7, 4, 2, 1, 400_000_000)
    assert seen.throughput == 10.0
    assert (seen.latencies.p50_ns, seen.latencies.p95_ns) == (10_000_000, 40_000_000)
    assert seen.calm is not None
    assert seen.calm.max_ns == 10_000_000
    assert seen.under_faults is not None
    assert seen.under_faults.p50_ns == 35_000_000
    assert (seen.outages, seen.longest_outage_ns, seen.outage_ns) == (1, 130_000_000, 130_000_000)
    assert seen.uptime == 1.0 - 130 / 400


def test_each_fault_with_the_failures_that_clients_saw_under_it() -> None:
    """One fault was not noticed; the other was after 110 ms, and it worked again 140 ms after it had begun."""
    slow, cut = experiences(with_faults())
    assert (slow.fault.name, slow.operations, slow.failures, slow.detected_ns) == ("slow", 1, 0, None)
    assert (cut.fault.name, cut.operations, cut.failures) == ("cut", 4, 3)
    assert (cut.detected_ns, cut.recovered_ns) == (110_000_000, 140_000_000)


def test_jepsens_notes_of_faults_are_read_too() -> None:
    """``start-partition`` and ``stop-partition``, and the old ``start`` and ``stop``."""
    history = History()
    history.note("start-partition", time_ns=1)
    history.note("start", time_ns=2)
    history.note("stop-partition", time_ns=3)
    history.invoke(0, "read", "x", time_ns=4)
    assert [(one.name, one.began_ns, one.ended_ns) for one in fault_windows(history)] == [
        ("partition", 1, 3),
        ("fault", 2, 4),
    ]


@pytest.mark.parametrize(
    ("availability", "words"),
    [(0.99, "3.65 days"), (0.999, "8.76 hours"), (0.9999, "52.6 minutes"), (0.99999, "5.26 minutes")],
)
def test_the_table_of_nines(availability: float, words: str) -> None:
    """What each number of nines amounts to in a year."""
    assert in_words(downtime_a_year_ns(availability)) == words


def test_nines_and_error_budgets() -> None:
    """Three nines are 99.9 %; ten failures in a thousand use that budget ten times over."""
    assert nines(0.999) == 3.0
    assert nines(1.0) == math.inf
    assert error_budget_used(0.99, 0.999) == pytest.approx(10.0)
    assert error_budget_used(1.0, 1.0) == 0.0
    assert error_budget_used(0.5, 1.0) == math.inf


def test_objectives_are_judged_and_the_distance_is_told() -> None:
    """Each objective has a verdict of its own."""
    history = with_faults()
    objectives = build(
        Objectives,
        {
            "availability": "99%",
            "throughput": "20/s",
            "p99": "10ms",
            "p99_calm": "10ms",
            "outage": "1s",
            "detects_within": "100ms",
            "restores_within": "1s",
            "uptime": 0.5,
        },
    )
    verdicts = {one.name: one for one in judge(objectives, service_levels(history), history)}
    assert {name: one.outcome for name, one in verdicts.items()} == {
        "availability": "invalid",
        "uptime": "valid",
        "throughput": "invalid",
        "p99": "invalid",
        "p99_calm": "valid",
        "outage": "valid",
        "detection": "invalid",
        "restoration": "valid",
    }
    assert "missed by 30.0ms" in verdicts["p99"].summary
    assert "missed by 10 a second" in verdicts["throughput"].summary
    assert "used 42.9 times over" in verdicts["availability"].summary


def test_a_latency_of_nothing_is_unknown() -> None:
    """Without a success there is no latency to keep a bound."""
    objectives = build(Objectives, {"p50": "1s"})
    history = history_of((0, 10, "fail"))
    assert [one.outcome for one in judge(objectives, service_levels(history), history)] == ["unknown"]
