"""Shrinking: from a run that failed to the smallest one that fails in the same way.

Rules:

1. A candidate counts only if the same check fails, with the same anomaly where it has a name: see ``symptom``.
2. What comes out is a scenario that says everything itself: seed, faults, operations, deviations from calm.
3. It never grows, and it stops after a number of runs, or of their events, with the smallest found so far.

What is left out, and in which order, is in ``passes``; how a candidate is tried is in ``search``; how scenarios are
made out of runs and other scenarios is in ``rewriting``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from chaoslab.errors import UsageError
from chaoslab.explore.recording import Recording, record
from chaoslab.explore.shrink.passes import Passes
from chaoslab.explore.shrink.rewriting import timings
from chaoslab.explore.shrink.search import EVENTS_MAX, LimitReached, Search
from chaoslab.explore.shrink.symptom import symptom_of
from chaoslab.plugins import Registry, registry
from chaoslab.runner import Run, run

__all__ = ["RUNS_MAX", "Shrunk", "Size", "shrink"]

RUNS_MAX: Final = 5000
"""Runs after which shrinking stops with what it has."""


@attrs.frozen(kw_only=True)
class Size:
    """How large a failing run is.

    Attributes:
        faults: Faults that are brought about.
        operations: Operations of clients.
        deviations: Draws that deviate from the calm run.
    """

    faults: int
    operations: int
    deviations: int


@attrs.frozen(kw_only=True)
class Shrunk:
    """What shrinking came to.

    Attributes:
        recording: What replays it.
        before: How large the run was.
        after: How large it is now.
        runs: How many runs it took.
        complete: False if it stopped because of its limit.
    """

    recording: Recording
    before: Size
    after: Size
    runs: int
    complete: bool


def shrink(
    recording: Recording,
    *,
    plugins: Registry | None = None,
    runs_max: int = RUNS_MAX,
    events_max: int = EVENTS_MAX,
    tell: Callable[[str, int], None] = lambda what, runs: None,
    run: Callable[..., Run] = run,
    go_on: Callable[[], bool] = lambda: True,
) -> Shrunk:
    """Return the smallest run found that fails as *recording* does.

    Args:
        recording: Of a run that did not hold.
        plugins: Where its names are looked up; everything installed by default.
        runs_max: Runs after which it stops.
        events_max: Events of all these runs together after which it stops: unlike a time, the same on every machine.
        tell: Told what is being tried, and how many runs it took so far.
        run: Does one run, with the arguments of ``chaoslab.runner.run``; a test's own trial takes its place.
        go_on: Asked before each run; once it says no, shrinking stops with what it has.

    Raises:
        UsageError: the run of the recording holds, or it does not fail any more.
    """
    plugins = plugins or registry()
    first = run(
        recording.scenario,
        recording.seed,
        plugins=plugins,
        plan=recording.plan,
        overrides=recording.overrides,
        recorded=True,
    )
    symptom = symptom_of(first)
    if symptom is None:
        raise UsageError("this run holds: there is nothing to shrink.")
    search = Search(
        symptom, recording.seed, plugins=plugins, run=run, runs_max=runs_max, events_max=events_max, go_on=go_on
    )
    complete = True
    try:
        Passes(first, search, tell).take()
    except LimitReached:
        complete = False
    if search.best is None:
        raise UsageError("there was no time for a single smaller run.")
    scenario, last = search.best
    return Shrunk(
        recording=record(last),
        before=_size(first, deviations=len(timings(first))),
        after=_size(last, deviations=len(scenario.deviations)),
        runs=search.runs,
        complete=complete,
    )


def _size(done: Run, *, deviations: int) -> Size:
    operations = sum(
        1
        for type, process in zip(done.history.types, done.history.processes, strict=True)
        if type == "invoke" and process.__class__ is not str
    )
    return Size(faults=len(done.injections), operations=operations, deviations=deviations)
