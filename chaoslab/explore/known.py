"""What is known already: the failures of a corpus, run again before anything new; and new ones, made small."""

from __future__ import annotations

from collections.abc import Callable

from chaoslab.errors import ChaosLabError, DeterminismError, UsageError
from chaoslab.explore.corpus import Corpus, Entry
from chaoslab.explore.outcome import FINDINGS
from chaoslab.explore.recording import parse_recording
from chaoslab.explore.shrink import Shrunk, shrink
from chaoslab.runner import run
from chaoslab.scenario import Scenario, scenario_to_toml

__all__ = ["replay_known", "shape_of", "shrink_new"]

SHRINK_RUNS = 400


def replay_known(corpus: Corpus, tell: Callable[[Entry, str], None]) -> None:
    """Run every failure of *corpus* again and note whether it still fails.

    ``failing``: the same check fails. ``fixed``: the run holds. ``diverged``: it does something else now: another check
    fails, or its recording does not fit the code any more.
    """
    for entry in corpus.entries():
        if entry.recording:
            state = _state(entry)
            corpus.set_state(entry.id, state)
            tell(entry, state)


def _state(entry: Entry) -> str:
    try:
        recording = parse_recording(entry.recording, file=f"failure {entry.id}")
        done = run(recording.scenario, recording.seed, plan=recording.plan, overrides=recording.overrides)
    except (UsageError, DeterminismError):
        return "diverged"
    except ChaosLabError as error:
        if type(error) not in FINDINGS:
            raise
        return "failing" if FINDINGS[type(error)][0] == entry.signature.check else "diverged"
    failed = [verdict.name for verdict in done.checks if verdict.outcome != "valid"]
    if entry.signature.check in failed:
        return "failing"
    return "diverged" if failed else "fixed"


def shrink_new(
    corpus: Corpus, tell: Callable[[Entry, Shrunk], None], *, go_on: Callable[[], bool] = lambda: True
) -> None:
    """Make every failure of *corpus* small that is not yet, and see which sightings are bugs of their own.

    Args:
        corpus: Where they are.
        tell: Told of each failure that was made small and is not one of those known.
        go_on: Asked before each; the rest waits for the next campaign once it says no.
    """
    for entry in corpus.entries():
        if entry.recording and not entry.shrunk and entry.state == "failing" and go_on():
            shrunk = _shrunk(entry.recording, f"failure {entry.id}")
            if shrunk is not None and corpus.keep_shrunk(entry.id, *_kept(shrunk)):
                tell(entry, shrunk)
    for sighting in corpus.sightings():
        if go_on():
            shrunk = _shrunk(sighting.recording, f"sighting {sighting.id}")
            new = corpus.settle(sighting, *(("", "", "") if shrunk is None else _kept(shrunk)))
            if new is not None and shrunk is not None:
                tell(new, shrunk)


def _shrunk(recording: str, file: str) -> Shrunk | None:
    """Return what the run of *recording* shrinks to; None if it does not come back with its faults written out."""
    try:
        return shrink(parse_recording(recording, file=file), runs_max=SHRINK_RUNS)
    except UsageError:
        return None


def _kept(shrunk: Shrunk) -> tuple[str, str, str]:
    """Return what a corpus keeps of *shrunk*: the scenario, its size in words, its shape."""
    scenario = shrunk.recording.scenario
    size = f"{shrunk.after.faults} faults, {shrunk.after.operations} operations"
    return scenario_to_toml(scenario), size, shape_of(scenario)


def shape_of(scenario: Scenario) -> str:
    """Return the kinds of fault that a scenario made small takes, by name: what tells one bug from another."""
    kinds = sorted({request.fault.kind for request in scenario.faults})
    kinds += [word for word, needed in (("drop", scenario.drop), ("duplicate", scenario.duplicate)) if needed]
    return " + ".join(dict.fromkeys(kinds)) or "no fault"
