"""Several scenarios side by side: the same seeds, the service levels of each.

Rules:

1. A figure of a scenario is the median over its seeds; its availability, and that in time, is over all of their
   operations together.
2. A seed whose run ends in an error of the code under test counts as a run that did not hold, and has no figures.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor

import attrs

from chaoslab.explore.outcome import FINDINGS
from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import Scenario, parse_scenario, scenario_to_toml
from chaoslab.service_levels import ServiceLevels, experiences

__all__ = ["SEEDS", "Compared", "compare"]

SEEDS = 20


@attrs.frozen(kw_only=True)
class Measured:
    """One run, in figures.

    Attributes:
        verdict: Of its checks.
        levels: Its service levels; None if it ended in an error.
        detected_ns: How long it took clients to notice each fault that they noticed.
        restored_ns: How long it took until it worked again, after each of these, from the fault's beginning; infinitely
            long if it never did.
    """

    verdict: str
    levels: ServiceLevels | None = None
    detected_ns: tuple[int, ...] = ()
    restored_ns: tuple[float, ...] = ()


@attrs.frozen(kw_only=True)
class Compared:
    """One scenario over all seeds.

    Attributes:
        name: What the person called it.
        scenario: The scenario.
        runs: What each seed gave.
    """

    name: str
    scenario: Scenario
    runs: tuple[Measured, ...]

    @property
    def held(self) -> int:
        """How many runs were valid."""
        return sum(one.verdict == "valid" for one in self.runs)

    @property
    def availability(self) -> float:
        """The share of all operations that succeeded; 1.0 if there were none."""
        operations = sum(levels.operations for levels in self._levels)
        return sum(levels.ok for levels in self._levels) / operations if operations else 1.0

    @property
    def promptness(self) -> float:
        """The share of all operations that succeeded in time, by the scenario's patience; 1.0 if there were none."""
        operations = sum(levels.operations for levels in self._levels)
        return sum(levels.in_time for levels in self._levels) / operations if operations else 1.0

    @property
    def _levels(self) -> list[ServiceLevels]:
        return [one.levels for one in self.runs if one.levels is not None]

    def median(self, figure: Callable[[ServiceLevels], float | None]) -> float | None:
        """Return the median of *figure* over the seeds that have it, or None."""
        figures = [value for levels in self._levels if (value := figure(levels)) is not None]
        return statistics.median(figures) if figures else None

    @property
    def detected_ns(self) -> float | None:
        """The median time to detect a fault, over all faults that clients noticed; None if they noticed none."""
        return _median([ns for one in self.runs for ns in one.detected_ns])

    @property
    def restored_ns(self) -> float | None:
        """The median time from a fault's beginning until it worked again, over the same; infinite if mostly never."""
        return _median([ns for one in self.runs for ns in one.restored_ns])


def _median(numbers: Sequence[float]) -> float | None:
    return statistics.median(numbers) if numbers else None


def compare(
    scenarios: Sequence[tuple[str, Scenario]],
    executor: Executor,
    *,
    seeds: int = SEEDS,
    tell: Callable[[], None] = lambda: None,
) -> Iterator[Compared]:
    """Run each of *scenarios* with the same seeds and yield what came of it, in their order.

    Args:
        scenarios: What the person calls each, and what it is.
        executor: Who runs them.
        seeds: How many seeds, from 0.
        tell: Called after each run.
    """
    futures = [
        [executor.submit(_measure, scenario_to_toml(scenario), seed) for seed in range(seeds)]
        for _, scenario in scenarios
    ]
    for (name, scenario), of_seeds in zip(scenarios, futures, strict=True):
        runs = []
        for future in of_seeds:
            runs.append(future.result())
            tell()
        yield Compared(name=name, scenario=scenario, runs=tuple(runs))


def _measure(text: str, seed: int) -> Measured:
    try:
        done = run(parse_scenario(text, registry()), seed)
    except tuple(FINDINGS) as error:
        return Measured(verdict=FINDINGS[type(error)][1])
    noticed = experiences(done.history)
    return Measured(
        verdict=done.verdict,
        levels=done.service_levels,
        detected_ns=tuple(one.detected_ns for one in noticed if one.detected_ns is not None),
        restored_ns=tuple(
            math.inf if one.recovered_ns is None else one.recovered_ns for one in noticed if one.detected_ns is not None
        ),
    )
