"""What clients experienced, in figures: availability and its nines, throughput, latency, outages, detection, recovery.

Knows histories and nothing of simulations: the figures can be had of any history, recorded anywhere.
"""

from chaoslab.service_levels.levels import (
    PATIENCE_NS,
    Latencies,
    ServiceLevels,
    percentile,
    recovery_ns,
    service_levels,
)
from chaoslab.service_levels.nines import downtime_a_year_ns, error_budget_used, nines
from chaoslab.service_levels.objectives import Objectives, judge, judge_cost, judge_recovery, only_judged_by
from chaoslab.service_levels.windows import Experience, FaultWindow, Outage, experiences, fault_windows, outages

__all__ = [
    "PATIENCE_NS",
    "Experience",
    "FaultWindow",
    "Latencies",
    "Objectives",
    "Outage",
    "ServiceLevels",
    "downtime_a_year_ns",
    "error_budget_used",
    "experiences",
    "fault_windows",
    "judge",
    "judge_cost",
    "judge_recovery",
    "nines",
    "only_judged_by",
    "outages",
    "percentile",
    "recovery_ns",
    "service_levels",
]
