"""The search for a smaller scenario that still fails: how one candidate is tried, and which of many pieces can go.

Rules:

1. Once operations are written out, what is left out moves the timing of the rest: then a candidate is tried with a few
   seeds before it is given up.
2. A candidate is read back from its text before it is run, once for all seeds: what people are given is what was tried.
3. The best so far is kept, whatever ends the search. What brings more faults about than it is not taken: with something
   left out, one that waits for something may strike more often.

The subset search is Zeller & Hildebrandt, "Simplifying and isolating failure-inducing input" (TSE 2002), section 3. To
try a candidate several times is from Claessen et al., "Finding race conditions in Erlang with QuickCheck and PULSE"
(ICFP 2009), section 4.

This file does not know what the pieces of a scenario mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

import attrs

from chaoslab.errors import ChaosLabError, UsageError
from chaoslab.explore.outcome import FINDINGS
from chaoslab.explore.shrink.symptom import Symptom
from chaoslab.plugins import Registry
from chaoslab.runner import Run
from chaoslab.scenario import Scenario, parse_scenario, scenario_to_toml

__all__ = ["EVENTS_MAX", "TRIES_MAX", "LimitReached", "Search"]

T = TypeVar("T")

EVENTS_MAX: Final = 3_000_000
"""Events of all runs together after which it stops, for what a run costs varies a hundredfold: about half a minute."""
TRIES_MAX: Final = 30
"""With how many seeds a candidate is tried at the most."""
_TRIES: Final = 150
"""With how many seeds a candidate would be tried that has one operation; one of n operations with an nth of that."""
_FEW, _PARTS = 40, 8
"""Of more operations than a few, one of so many parts at least is left out at once: a run costs what they cost."""


class LimitReached(Exception):
    """The limit of runs, or of events, is reached."""


class Search:
    """Tries candidates, and remembers the best.

    Args:
        symptom: What a candidate has to show.
        seed: The seed of the first run.
        plugins: Where names are looked up.
        run: Does one run, with the arguments of ``chaoslab.runner.run``.
        runs_max: Runs after which it stops.
        events_max: Events of all runs together after which it stops.
        go_on: Asked before each run; once it says no, the search stops.

    Attributes:
        seed: With which the best so far fails.
        best: The smallest scenario so far that fails in the same way, and its run; None before the first.
        runs: Runs so far.
        events: Events of these runs so far.
    """

    def __init__(
        self,
        symptom: Symptom,
        seed: int,
        *,
        plugins: Registry,
        run: Callable[..., Run],
        runs_max: int,
        events_max: int = EVENTS_MAX,
        go_on: Callable[[], bool],
    ) -> None:
        self.symptom = symptom
        self.seed = seed
        self.runs_max = runs_max
        self.events_max = events_max
        self.runs = self.events = 0
        self.best: tuple[Scenario, Run] | None = None
        self._plugins = plugins
        self._run = run
        self._go_on = go_on
        self._tried: dict[tuple[str, int], Run | None] = {}
        self._read: tuple[str, Scenario | None] = ("", None)

    @property
    def last(self) -> Run:
        """The run of the best so far."""
        assert self.best is not None
        return self.best[1]

    def recorded(self, scenario: Scenario) -> Run:
        """Run *scenario* once more with every draw kept."""
        return self._run(scenario, self.seed, plugins=self._plugins, recorded=True)

    def fails(self, scenario: Scenario) -> bool:
        """Return whether *scenario* fails in the same way, with no more faults; remember it as the best if it does.

        Raises:
            LimitReached: no further run may be made.
        """
        return self._fails(scenario_to_toml(attrs.evolve(scenario, seed=None)), scenario)

    def _fails(self, text: str, scenario: Scenario) -> bool:
        seed = self.seed if scenario.seed is None else scenario.seed
        if (text, seed) not in self._tried:
            if self.runs >= self.runs_max or self.events >= self.events_max or not self._go_on():
                raise LimitReached
            self.runs += 1
            self._tried[text, seed] = self._failing_run(text, seed)
        found = self._tried[text, seed]
        if found is None or (self.best is not None and len(found.injections) > len(self.last.injections)):
            return False
        self.best = (scenario, found)
        self.seed = found.seed
        return True

    def _failing_run(self, text: str, seed: int) -> Run | None:
        scenario = self._read_back(text)
        if scenario is None:
            return None
        try:
            done = self._run(attrs.evolve(scenario, seed=seed), seed, plugins=self._plugins)
        except UsageError:
            return None  # it makes no sense with this piece missing
        except ChaosLabError as error:
            if type(error) in FINDINGS:
                return None
            raise
        self.events += done.events
        return done if self.symptom.is_shown_by(done, self._plugins) else None

    def _read_back(self, text: str) -> Scenario | None:
        """Return the scenario of *text*; None if it makes no sense with the piece missing that is left out."""
        if self._read[0] != text:
            try:
                self._read = (text, parse_scenario(text, self._plugins))
            except UsageError:
                self._read = (text, None)
        return self._read[1]

    def found(self, scenario: Scenario, tries: int = 0) -> Scenario | None:
        """Return *scenario* with a seed with which it fails in the same way, the present one first; None: with none.

        Args:
            scenario: The candidate.
            tries: How many seeds to try; 0: more for short runs. One, where nothing is left to the seed, and as long as
                operations are not written out.
        """
        if not scenario.operations or scenario.calm:
            tries = 1
        elif not tries:
            tries = max(1, min(TRIES_MAX, _TRIES // len(scenario.operations)))
        text = scenario_to_toml(attrs.evolve(scenario, seed=None))
        for seed in (self.seed, *range(self.seed + 1, self.seed + tries)):
            candidate: Scenario = attrs.evolve(scenario, seed=seed)
            if self._fails(text, candidate):
                return candidate
        return None

    def changed(self, scenario: Scenario, **changes: Any) -> Scenario:
        """Return *scenario* with *changes* if that fails too, else *scenario* itself."""
        candidate: Scenario = attrs.evolve(scenario, **changes)
        return scenario if candidate == scenario else self.found(candidate) or scenario

    def subset(
        self,
        scenario: Scenario,
        field: str,
        key: Callable[[Any], Any] | None = None,
        *,
        empty: bool = True,
        coarse: bool = False,
    ) -> Scenario:
        """Return *scenario* with few of the items of *field*, such that it still fails.

        Args:
            scenario: Known to fail with all of them.
            field: The scenario's field.
            key: Items with the same key stay or go together; None: each alone.
            empty: Whether none at all makes sense.
            coarse: Leave out large parts only, until few are left.
        """
        items = getattr(scenario, field)

        def without(left: Sequence[Sequence[int]], gone: Sequence[Sequence[int]] = ()) -> Scenario | None:
            positions = sorted(position for group in left if group not in gone for position in group)
            changes: dict[str, Any] = {field: tuple(items[position] for position in positions)}
            return self.found(attrs.evolve(scenario, **changes))

        left = _grouped(range(len(items)), lambda at: at if key is None else key(items[at]))
        best = scenario
        if empty and left:
            found = without([])
            if found is not None:
                return found
        parts = 2
        while len(left) > (_FEW if coarse else 1):
            size = -(-len(left) // parts)
            for chunk in (left[at : at + size] for at in range(0, len(left), size)):
                found = without(left, chunk)
                if found is not None:
                    best, left, parts = found, [group for group in left if group not in chunk], max(parts - 1, 2)
                    break
            else:
                if size == 1 or (coarse and parts >= _PARTS):
                    break
                parts = min(len(left), 2 * parts)
        return best


def _grouped(items: Iterable[T], key: Callable[[T], Any]) -> list[list[T]]:
    """Return *items* in groups of the same *key*, in the order of their first ones."""
    groups: dict[Any, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())
