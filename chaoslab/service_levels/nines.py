"""Availability in the words that contracts use: nines, downtime a year, error budget."""

from __future__ import annotations

import math
from typing import Final

from chaoslab.units import NS_PER_S

__all__ = ["downtime_a_year_ns", "error_budget_used", "nines"]

_YEAR_NS: Final = 365 * 24 * 3600 * NS_PER_S


def nines(availability: float) -> float:
    """Return the number of nines of *availability* (0 to 1): 0.999 has 3, 0.995 has 2.3, 1.0 has infinitely many."""
    return math.inf if availability >= 1.0 else round(-math.log10(1.0 - availability), 9)


def downtime_a_year_ns(availability: float) -> int:
    """Return for how long a service of this *availability* (0 to 1) is down in a year of 365 days, in nanoseconds."""
    return round((1.0 - availability) * _YEAR_NS)


def error_budget_used(availability: float, objective: float) -> float:
    """Return which share of the error budget is used up: 1.0 is all of it, 2.0 twice as much as there was.

    Args:
        availability: What was measured, from 0 to 1.
        objective: What was promised, from 0 to 1. The budget is what it leaves, 1 - *objective*; with a promise of
            1.0 there is none, and any failure is infinitely too much.

    Source: Beyer et al. 2016, Site Reliability Engineering, chapter 3.
    """
    budget, failed = 1.0 - objective, 1.0 - availability
    if budget <= 0.0:
        return 0.0 if failed <= 0.0 else math.inf
    return failed / budget
