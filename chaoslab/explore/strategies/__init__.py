"""Strategies: which runs a campaign makes. One file each; ``attempt`` holds what they have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from chaoslab.errors import UsageError, unknown_word
from chaoslab.explore.strategies.attempt import Attempt, Job, Memory, Strategy, Target
from chaoslab.explore.strategies.auto import Auto
from chaoslab.explore.strategies.bounded_delay import BoundedDelay
from chaoslab.explore.strategies.crash_points import CrashPoints, refuse_without_crashes
from chaoslab.explore.strategies.guided import Guided
from chaoslab.explore.strategies.partial_order import PartialOrder
from chaoslab.explore.strategies.pct import Pct
from chaoslab.explore.strategies.swarm import Swarm
from chaoslab.explore.strategies.uniform import Uniform
from chaoslab.plugins import registry
from chaoslab.scenario import Scenario, parse_scenario
from chaoslab.service_levels import only_judged_by

__all__ = [
    "STRATEGIES",
    "Attempt",
    "Job",
    "Memory",
    "Strategy",
    "Target",
    "attempt_of",
    "refuse_without_crashes",
    "strategy",
]

STRATEGIES: Final[Mapping[str, Any]] = {
    kind.name: kind for kind in (Uniform, Swarm, Pct, PartialOrder, BoundedDelay, CrashPoints, Guided, Auto)
}


def strategy(name: str, targets: Sequence[Target], first_seed: int) -> Strategy:
    """Return the strategy called *name*, at its beginning.

    Raises:
        UsageError: there is none, or it can do nothing with one of *targets*.
    """
    if name not in STRATEGIES:
        raise UsageError(unknown_word("strategy", name, STRATEGIES), key="--strategy")
    if name == CrashPoints.name:
        for scenario in (parse_scenario(target.text, registry()) for target in targets):
            if not scenario.test and not scenario.beyond_budget:  # what a test promises is known once it runs
                refuse_without_crashes(registry().protocol(scenario.protocol).budget, scenario.nodes)
    made: Callable[[Sequence[Target], int], Strategy] = STRATEGIES[name]
    return made(targets, first_seed)


def attempt_of(job: Job, scenario: Scenario) -> Attempt:
    """Return how *job* is run.

    What a scenario expects of availability, latency and the like was written for its own faults, and so was what a run
    must reach. Where a strategy brings others, consistency is judged, and recovery.
    """
    attempt: Attempt = STRATEGIES[job.strategy].attempt(scenario, job)
    if job.strategy == Uniform.name:
        return attempt
    expect = only_judged_by("", attempt.scenario.expect)
    expect = attrs.evolve(expect, messages=None, bytes=None, reached=())
    return attrs.evolve(attempt, scenario=attrs.evolve(attempt.scenario, expect=expect))
