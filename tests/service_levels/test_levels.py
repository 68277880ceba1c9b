"""Figures of a history: how much worked, how long it took, when it worked again."""

from __future__ import annotations

import math

import pytest

from chaoslab.history import History
from chaoslab.parameters import build, parameters_of
from chaoslab.report.service_levels import in_words
from chaoslab.service_levels import (
    Objectives,
    downtime_a_year_ns,
    error_budget_used,
    experiences,
    fault_windows,
    judge,
    judge_cost,
    judge_recovery,
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


def test_what_comes_too_late_is_available_but_not_in_time() -> None:
    """Counted from when it was due; patience is the person's to say."""
    history = history_of((0, 10, "ok"), (0, 31, "ok"), (0, 9, "fail"))
    history.due_ns[2] = -25
    assert (service_levels(history).availability, service_levels(history).promptness) == (2 / 3, 2 / 3)
    assert service_levels(history, patience_ns=31).promptness == 1 / 3
    [verdict] = judge(
        build(Objectives, {"in_time": "90%", "patience": "31ns"}), service_levels(history, patience_ns=31), history
    )
    assert (verdict.name, verdict.outcome) == ("in_time", "invalid")
    assert verdict.summary.startswith("33.333% of 3 operations succeeded within 31ns")
    assert "missed by 56.7 points" in verdict.summary


BOUNDS: dict[str, tuple[object, object, str]] = {
    "availability": ("57%", "67.143%", "10 points"),
    "in_time": ("57%", "67.143%", "10 points"),
    "uptime": ("67%", "70%", "2.500% of the time"),
    "throughput": ("10/s", "12/s", "2 a second"),
    "p50": ("10ms", "9ms", "1.0ms"),
    "p95": ("40ms", "35ms", "5.0ms"),
    "p99": ("40ms", "35ms", "5.0ms"),
    "p50_calm": ("10ms", "9ms", "1.0ms"),
    "p95_calm": ("10ms", "9ms", "1.0ms"),
    "p99_calm": ("10ms", "9ms", "1.0ms"),
    "p50_under_faults": ("35ms", "15ms", "20.0ms"),
    "p95_under_faults": ("40ms", "15ms", "25.0ms"),
    "p99_under_faults": ("40ms", "15ms", "25.0ms"),
    "outage": ("130ms", "100ms", "30.0ms"),
    "outages": (1, 0, "1 times"),
    "detects_within": ("110ms", "100ms", "10.0ms"),
    "restores_within": ("140ms", "100ms", "40.0ms"),
}
"""Each bound that may be expected: one that the history above keeps, one that it misses, and by how much, by hand."""


@pytest.mark.parametrize("key", BOUNDS)
def test_every_figure_can_be_expected(key: str) -> None:
    """A bound that holds is valid; one that does not says by how much."""
    kept, missed, by = BOUNDS[key]
    history = with_faults()
    for bound, outcome in ((kept, "valid"), (missed, "invalid")):
        [verdict] = judge(build(Objectives, {key: bound}), service_levels(history), history)
        assert verdict.outcome == outcome, verdict.summary
    assert f"missed by {by}" in verdict.summary


def test_no_figure_is_left_out() -> None:
    """But the clients' patience, which is no bound, and the recovery after the last heal, which has its own test."""
    keys = {one.name for one in parameters_of(Objectives)}
    assert keys == {*BOUNDS, "patience", "recovers_within"}


def test_a_recovery_that_is_late_says_by_how_much() -> None:
    """And one that never came says that."""
    history = with_faults()
    verdict = judge_recovery(history, 300_000_000, 60_000_000)
    assert (verdict.outcome, verdict.name) == ("invalid", "recovery")
    assert "missed by 40.0ms" in verdict.summary
    assert judge_recovery(history, 300_000_000, 100_000_000).outcome == "valid"
    assert "missed for good" in judge_recovery(history, 500_000_000, 100_000_000).summary


def test_cost_is_what_each_success_takes() -> None:
    """Without a success there is nothing to divide by."""
    assert judge_cost("messages", 30, 10, 3).outcome == "valid"
    missed = judge_cost("messages", 31, 10, 3)
    assert missed.outcome == "invalid"
    assert missed.summary.endswith("at most 3 was expected, missed by 0.1 messages.")
    assert judge_cost("bytes", 31, 0, 3).outcome == "unknown"
