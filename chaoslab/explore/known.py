"""What is known already: the failures of a corpus, run again before anything new; and new ones, made small."""

from __future__ import annotations

from collections.abc import Callable

from chaoslab.errors import ChaosLabError, DeterminismError, UsageError
from chaoslab.explore.corpus import Corpus, Entry
from chaoslab.explore.outcome import FINDINGS
from chaoslab.explore.recording import parse_recording
from chaoslab.explore.shrink import Shrunk, shrink
from chaoslab.runner import run
from chaoslab.scenario import scenario_to_toml

__all__ = ["replay_known", "shrink_new"]

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


def shrink_new(corpus: Corpus, tell: Callable[[Entry, Shrunk], None]) -> None:
    """Make every failure of *corpus* small that is not yet."""
    for entry in corpus.entries():
        if entry.recording and not entry.shrunk and entry.state == "failing":
            try:
                shrunk = shrink(parse_recording(entry.recording, file=f"failure {entry.id}"), runs_max=SHRINK_RUNS)
            except UsageError:
                continue  # it does not come back with its faults written out
            size = f"{shrunk.after.faults} faults, {shrunk.after.operations} operations"
            corpus.keep_shrunk(entry.id, scenario_to_toml(shrunk.recording.scenario), size)
            tell(entry, shrunk)
