"""Service levels, for people and for machines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from chaoslab.service_levels import Experience, Latencies, ServiceLevels, error_budget_used
from chaoslab.units import NS_PER_S

__all__ = ["experience_documents", "experience_rows", "in_words", "service_document", "service_lines"]

_UNITS: Final = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))


def in_words(time_ns: float) -> str:
    """Return a long time as people say it: ``"3.65 days"``, ``"52.6 minutes"``."""
    seconds = time_ns / NS_PER_S
    name, length = next((unit for unit in _UNITS if seconds >= unit[1]), _UNITS[-1])
    return f"{seconds / length:.3g} {name}"


def service_lines(seen: ServiceLevels) -> list[str]:
    """Return the service levels in a few lines for people."""
    lines = [
        f"{seen.operations} operations: {seen.ok} succeeded, {seen.fail} did not happen, of {seen.info} nobody knows"
        f" ({_share(seen.availability)} available)"
    ]
    if seen.latencies.p50_ns is not None:
        lines.append(f"half of those took at most {_latencies(seen.latencies)}")
    if seen.calm is not None and seen.under_faults is not None:
        apart = [
            f"{name}: {_latencies(latencies)}"
            for name, latencies in (("without a fault", seen.calm), ("under faults", seen.under_faults))
            if latencies.p50_ns is not None
        ]
        if len(apart) > 1:
            lines += [f"  {one}" for one in apart]
    if seen.outages:
        times = "once" if seen.outages == 1 else f"{seen.outages} times"
        lines.append(
            f"{times} nobody was served, for {_ms(seen.longest_outage_ns)} at most and {_ms(seen.outage_ns)} in all"
        )
    return lines


def _latencies(latencies: Latencies) -> str:
    p50, p95, p99 = _ms(latencies.p50_ns), _ms(latencies.p95_ns), _ms(latencies.p99_ns)
    return f"{p50}, 95 of 100 at most {p95}, 99 of 100 at most {p99}"


def service_document(seen: ServiceLevels, *, objective: float | None = None) -> dict[str, Any]:
    """Return the service levels for machines; times in milliseconds, downtime in seconds a year.

    Args:
        seen: The figures.
        objective: The availability that was promised, for the error budget.
    """
    document: dict[str, Any] = {
        "operations": seen.operations,
        "ok": seen.ok,
        "fail": seen.fail,
        "info": seen.info,
        "availability": seen.availability,
        "nines": None if math.isinf(seen.nines) else seen.nines,
        "downtime_s_a_year": seen.downtime_a_year_ns / NS_PER_S,
        "in_time": seen.promptness,
        "patience_ms": seen.patience_ns / 1e6,
        "uptime": seen.uptime,
        "throughput": seen.throughput,
        "seconds": seen.length_ns / NS_PER_S,
        **_latency_document(seen.latencies),
        "calm": None if seen.calm is None else _latency_document(seen.calm),
        "under_faults": None if seen.under_faults is None else _latency_document(seen.under_faults),
        "outages": seen.outages,
        "longest_outage_ms": seen.longest_outage_ns / 1e6,
        "outage_ms": seen.outage_ns / 1e6,
    }
    if objective is not None:
        used = error_budget_used(seen.availability, objective)
        document["error_budget_used"] = None if math.isinf(used) else used
    return document


def _latency_document(latencies: Latencies) -> dict[str, float | None]:
    return {
        f"{name}_ms": None if time_ns is None else time_ns / 1e6
        for name, time_ns in (
            ("p50", latencies.p50_ns),
            ("p95", latencies.p95_ns),
            ("p99", latencies.p99_ns),
            ("max", latencies.max_ns),
        )
    }


def experience_rows(noticed: Sequence[Experience]) -> list[list[str]]:
    """Return a row a fault with the failures that clients saw under it, below a heading."""
    rows = [["fault", "in force", "operations", "failures", "noticed after", "worked again after"]]
    for one in noticed:
        lasted_ns = one.fault.ended_ns - one.fault.began_ns
        rows.append(
            [
                one.fault.name,
                f"{one.fault.began_ns / NS_PER_S:.3f} s for {_ms(lasted_ns)}",
                str(one.operations),
                str(one.failures),
                "-" if one.detected_ns is None else _ms(one.detected_ns),
                "-" if one.detected_ns is None else "never" if one.recovered_ns is None else _ms(one.recovered_ns),
            ]
        )
    return rows


def experience_documents(noticed: Sequence[Experience]) -> list[dict[str, Any]]:
    """Return what clients noticed of each fault, for machines; times in milliseconds."""
    return [
        {
            "fault": one.fault.name,
            "began_s": one.fault.began_ns / NS_PER_S,
            "ended_s": one.fault.ended_ns / NS_PER_S,
            "operations": one.operations,
            "failures": one.failures,
            "detected_ms": None if one.detected_ns is None else one.detected_ns / 1e6,
            "recovered_ms": None if one.recovered_ns is None else one.recovered_ns / 1e6,
        }
        for one in noticed
    ]


def _share(share: float) -> str:
    """Return a share with as many digits as its nines need."""
    digits = 1 if share >= 1.0 else max(1, math.ceil(-math.log10(1.0 - share)) - 1)
    return f"{share:.{digits}%}"


def _ms(time_ns: int | None) -> str:
    return "-" if time_ns is None else f"{time_ns / 1e6:,.1f} ms"
