"""What may be expected of service levels, and by how much it was missed.

The fields of ``Objectives`` are the keys of a scenario's ``[expect]``; those left out are not judged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import attrs

from chaoslab.checkers import Verdict
from chaoslab.history import History
from chaoslab.parameters import COUNT, DURATION, RATE, RATIO, parameter
from chaoslab.service_levels.levels import PATIENCE_NS, Latencies, ServiceLevels, recovery_ns
from chaoslab.service_levels.nines import error_budget_used, nines
from chaoslab.service_levels.windows import experiences
from chaoslab.units import format_duration

__all__ = ["Objectives", "in_ms", "judge", "judge_cost", "judge_recovery", "only_judged_by"]


@attrs.frozen(kw_only=True)
class Objectives:
    """Bounds of service levels; None: any."""

    availability: float | None = parameter(RATIO, "The least share of operations that succeed.", default=None)
    in_time: float | None = parameter(
        RATIO, "The least share of operations that succeed within the clients' patience.", default=None
    )
    patience_ns: int = parameter(
        DURATION,
        "How long after it was due a success still counts as in time.",
        default=PATIENCE_NS,
        name="patience",
    )
    uptime: float | None = parameter(RATIO, "The least share of time in which somebody is served.", default=None)
    throughput: float | None = parameter(RATE, "The fewest operations that succeed a second.", default=None)
    p50_ns: int | None = parameter(
        DURATION, "The longest that half of the successful operations take.", default=None, name="p50"
    )
    p95_ns: int | None = parameter(
        DURATION, "The longest that 95 of 100 successful operations take.", default=None, name="p95"
    )
    p99_ns: int | None = parameter(
        DURATION, "The longest that 99 of 100 successful operations take.", default=None, name="p99"
    )
    p50_calm_ns: int | None = parameter(
        DURATION, "As p50, of operations that no fault was in force during.", default=None, name="p50_calm"
    )
    p50_under_faults_ns: int | None = parameter(
        DURATION, "As p50, of operations that a fault was in force during.", default=None, name="p50_under_faults"
    )
    p95_calm_ns: int | None = parameter(
        DURATION, "As p95, of operations that no fault was in force during.", default=None, name="p95_calm"
    )
    p95_under_faults_ns: int | None = parameter(
        DURATION, "As p95, of operations that a fault was in force during.", default=None, name="p95_under_faults"
    )
    p99_calm_ns: int | None = parameter(
        DURATION, "As p99, of operations that no fault was in force during.", default=None, name="p99_calm"
    )
    p99_under_faults_ns: int | None = parameter(
        DURATION, "As p99, of operations that a fault was in force during.", default=None, name="p99_under_faults"
    )
    outage_ns: int | None = parameter(
        DURATION, "The longest time in which nobody is served.", default=None, name="outage"
    )
    outages: int | None = parameter(COUNT, "How often nobody is served, at most.", default=None)
    detects_within_ns: int | None = parameter(
        DURATION,
        "How long after a fault has begun the first operation that it spoils fails, at most.",
        default=None,
        name="detects_within",
    )
    restores_within_ns: int | None = parameter(
        DURATION,
        "How long after a fault that was noticed has begun an operation must succeed again, healed or not.",
        default=None,
        name="restores_within",
    )
    recovers_within_ns: int | None = parameter(
        DURATION,
        "How long after the last heal an operation must succeed again; left out: while the run settles.",
        default=None,
        name="recovers_within",
    )


_SHARES: Final = {"p50": "half of the operations", "p95": "95 of 100 operations", "p99": "99 of 100 operations"}
_WHEN: Final[dict[str, tuple[str, Callable[[ServiceLevels], Latencies | None]]]] = {
    "": ("", lambda seen: seen.latencies),
    "_calm": (" without a fault", lambda seen: seen.calm),
    "_under_faults": (" under a fault", lambda seen: seen.under_faults),
}
_JUDGED_AS: Final = {"detects_within_ns": "detection", "restores_within_ns": "restoration", "outage_ns": "outage"}
_KEPT: Final = ("recovers_within_ns", "patience_ns")
ObjectivesT = TypeVar("ObjectivesT", bound="Objectives")


def only_judged_by(check: str, objectives: ObjectivesT) -> ObjectivesT:
    """Return *objectives* without all but the one that is judged under the name *check*; recovery is kept always."""
    fields = [field.name for field in attrs.fields(Objectives) if field.name not in _KEPT]
    dropped: dict[str, Any] = {name: None for name in fields if _JUDGED_AS.get(name, name.removesuffix("_ns")) != check}
    return attrs.evolve(objectives, **dropped)


def judge(objectives: Objectives, seen: ServiceLevels, history: History) -> list[Verdict]:
    """Return a verdict for each of *objectives* that is set, but the recovery after the last heal.

    A bound on the latency of operations of which there were none is unknown: it is neither kept nor broken.

    Args:
        objectives: What is expected.
        seen: The service levels of *history*.
        history: What clients saw.
    """
    verdicts = []
    if objectives.availability is not None:
        verdicts.append(_share_verdict("availability", seen.availability, objectives.availability, seen.operations))
    if objectives.in_time is not None:
        words = f"operations succeeded within {format_duration(seen.patience_ns)}"
        verdicts.append(_share_verdict("in_time", seen.promptness, objectives.in_time, seen.operations, words))
    if objectives.uptime is not None:
        words = f"somebody was served during {seen.uptime:.3%} of the time"
        missed = objectives.uptime - seen.uptime
        verdicts.append(
            _verdict("uptime", words, f"at least {objectives.uptime:.3%}", missed > 0, f"{missed:.3%} of the time")
        )
    if objectives.throughput is not None:
        missed = objectives.throughput - seen.throughput
        words = f"{seen.throughput:.4g} operations a second succeeded"
        verdicts.append(
            _verdict("throughput", words, f"at least {objectives.throughput:.4g}", missed > 0, f"{missed:.3g} a second")
        )
    for name, who in _SHARES.items():
        for when, (words, of) in _WHEN.items():
            bound_ns = getattr(objectives, f"{name}{when}_ns")
            if bound_ns is not None:
                latencies = of(seen)
                taken_ns = None if latencies is None else getattr(latencies, f"{name}_ns")
                verdicts.append(_at_most(f"{name}{when}", f"{who}{words} took at most", taken_ns, bound_ns))
    if objectives.outage_ns is not None:
        words = "nobody was served for at most"
        verdicts.append(_at_most("outage", words, seen.longest_outage_ns, objectives.outage_ns))
    if objectives.outages is not None:
        missed_by = seen.outages - objectives.outages
        words = f"{seen.outages} times nobody was served"
        verdicts.append(
            _verdict("outages", words, f"at most {objectives.outages}", missed_by > 0, f"{missed_by} times")
        )
    if objectives.detects_within_ns is not None or objectives.restores_within_ns is not None:
        verdicts += _noticed(objectives, history)
    return verdicts


def judge_recovery(history: History, healed_ns: int, within_ns: int) -> Verdict:
    """Return whether an operation succeeded soon enough after everything was healed."""
    took_ns = recovery_ns(history, healed_ns)
    after = "no operation succeeded" if took_ns is None else f"the first operation succeeded {in_ms(took_ns)}"
    missed = took_ns is None or took_ns > within_ns
    by = "" if took_ns is None else in_ms(took_ns - within_ns)
    return _verdict("recovery", f"{after} after the last heal", f"within {format_duration(within_ns)}", missed, by)


def judge_cost(name: str, sent: int, succeeded: int, bound: float) -> Verdict:
    """Return whether for each operation that *succeeded* at most *bound* of what *name* counts were *sent*."""
    if not succeeded:
        return Verdict(outcome="unknown", name=name, summary=f"no operation succeeded to measure its {name} by.")
    each = sent / succeeded
    words = f"{each:.4g} {name} were sent for each operation that succeeded"
    return _verdict(name, words, f"at most {bound:.6g}", each > bound, f"{each - bound:.3g} {name}")


def _noticed(objectives: Objectives, history: History) -> list[Verdict]:
    noticed = [one for one in experiences(history) if one.detected_ns is not None]
    verdicts = []
    for name, bound_ns, words in (
        ("detection", objectives.detects_within_ns, "every fault that clients noticed was noticed after at most"),
        ("restoration", objectives.restores_within_ns, "after every fault that clients noticed it worked again after"),
    ):
        if bound_ns is None:
            continue
        expected = f"at most {format_duration(bound_ns)}"
        took = [one.detected_ns if name == "detection" else one.recovered_ns for one in noticed]
        if not took:
            verdicts.append(_verdict(name, "clients noticed no fault", expected, False, ""))
        elif None in took:
            words = f"after {noticed[took.index(None)].fault.name} nothing worked any more"
            verdicts.append(_verdict(name, words, expected, True, ""))
        else:
            verdicts.append(_at_most(name, words, max(one for one in took if one is not None), bound_ns))
    return verdicts


def _share_verdict(
    name: str, measured: float, bound: float, operations: int, succeeded: str = "operations succeeded"
) -> Verdict:
    used = error_budget_used(measured, bound)
    amount = "" if measured >= 1.0 else f" ({nines(measured):.2g} nines)"
    words = f"{measured:.3%} of {operations} {succeeded}{amount}"
    missed = f"{(bound - measured) * 100:.3g} points; the error budget was used {used:.3g} times over"
    return _verdict(name, words, f"at least {bound:.6g}", measured < bound, missed)


def _at_most(name: str, words: str, measured_ns: int | None, bound_ns: int) -> Verdict:
    if measured_ns is None:
        return Verdict(outcome="unknown", name=name, summary=f"there was no such operation to measure {name} on.")
    expected = f"at most {format_duration(bound_ns)}"
    missed_ns = measured_ns - bound_ns
    return _verdict(name, f"{words} {in_ms(measured_ns)}", expected, missed_ns > 0, in_ms(missed_ns))


def _verdict(name: str, measured: str, expected: str, missed: bool, by: str) -> Verdict:
    words = f"{measured}; {expected} was expected"
    if missed:
        words += f", missed by {by}" if by else ", missed for good"
    return Verdict(outcome="invalid" if missed else "valid", name=name, summary=f"{words}.")


def in_ms(time_ns: int) -> str:
    """Return *time_ns* in milliseconds, as text."""
    return f"{time_ns / 1e6:.1f}ms"
