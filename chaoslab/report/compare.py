"""Scenarios side by side: a column each, a row a figure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from chaoslab.explore.compare import Compared
from chaoslab.report.service_levels import in_words
from chaoslab.report.terminal import table
from chaoslab.service_levels import downtime_a_year_ns, nines

__all__ = ["compare_document", "compare_lines"]


def compare_lines(compared: Sequence[Compared]) -> list[str]:
    """Return the comparison for people."""
    rows = [["", *(one.name for one in compared)]]
    rows += [[name, *(figure(one) for one in compared)] for name, figure in _ROWS]
    titles = [f"{one.name}: {one.scenario.title}" for one in compared if one.scenario.title]
    return [*titles, "", *table(rows, indent=""), "", f"medians over {len(compared[0].runs)} seeds each"]


def compare_document(compared: Sequence[Compared]) -> dict[str, Any]:
    """Return the comparison for machines; times in milliseconds."""
    return {
        "verdict": "valid",
        "checks": [],
        "items": [
            {
                "name": one.name,
                "title": one.scenario.title,
                "runs": len(one.runs),
                "valid": one.held,
                "availability": one.availability,
                "in_time": one.promptness,
                "throughput": one.median(lambda levels: levels.throughput),
                "p50_ms": _to_ms(one.median(lambda levels: levels.latencies.p50_ns)),
                "p95_ms": _to_ms(one.median(lambda levels: levels.latencies.p95_ns)),
                "p99_ms": _to_ms(one.median(lambda levels: levels.latencies.p99_ns)),
                "longest_outage_ms": _to_ms(one.median(lambda levels: levels.longest_outage_ns)),
                "outage_ms": _to_ms(one.median(lambda levels: levels.outage_ns)),
                "detected_ms": _to_ms(one.detected_ns),
                "restored_ms": _to_ms(one.restored_ns),
            }
            for one in compared
        ],
    }


def _to_ms(time_ns: float | None) -> float | None:
    return None if time_ns is None or math.isinf(time_ns) else time_ns / 1e6


def _nines(share: float) -> str:
    amount = nines(share)
    return "all" if math.isinf(amount) else f"{amount:.2g}"


def _ms(time_ns: float | None) -> str:
    return "-" if time_ns is None else "never" if math.isinf(time_ns) else f"{time_ns / 1e6:,.1f} ms"


_ROWS: tuple[tuple[str, Callable[[Compared], str]], ...] = (
    ("valid runs", lambda one: f"{one.held} of {len(one.runs)}"),
    ("available", lambda one: f"{one.availability:.3%}"),
    ("nines", lambda one: _nines(one.availability)),
    ("down in a year", lambda one: in_words(downtime_a_year_ns(one.availability))),
    ("available in time", lambda one: f"{one.promptness:.3%}"),
    ("nines of that", lambda one: _nines(one.promptness)),
    ("operations a second", lambda one: f"{one.median(lambda levels: levels.throughput) or 0.0:.4g}"),
    ("half took at most", lambda one: _ms(one.median(lambda levels: levels.latencies.p50_ns))),
    ("95 of 100 at most", lambda one: _ms(one.median(lambda levels: levels.latencies.p95_ns))),
    ("99 of 100 at most", lambda one: _ms(one.median(lambda levels: levels.latencies.p99_ns))),
    ("longest outage", lambda one: _ms(one.median(lambda levels: levels.longest_outage_ns))),
    ("outages in all", lambda one: _ms(one.median(lambda levels: levels.outage_ns))),
    ("a fault is noticed after", lambda one: _ms(one.detected_ns)),
    ("it works again after", lambda one: _ms(one.restored_ns)),
)
