"""What is known already: the failures of a corpus, run again before anything new; and new ones, made small."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

import attrs

from chaoslab.errors import ChaosLabError, DeterminismError, UsageError
from chaoslab.explore.corpus import Corpus
from chaoslab.explore.failures import NO_FAULT, Entry, Sighting
from chaoslab.explore.outcome import FINDINGS, given_up_after, is_given_up, one_at_a_time
from chaoslab.explore.recording import parse_recording
from chaoslab.explore.shrink import Size, shrink
from chaoslab.runner import run
from chaoslab.scenario import Scenario, scenario_to_toml
from chaoslab.units import counted

__all__ = ["MadeSmall", "make_small", "replay_known", "shape_of", "shrink_new"]

SHRINK_RUNS = 2000
"""Runs after which a failure is as small as it gets."""
SHRINK_SECONDS = 300.0
"""Seconds of the wall clock after which a failure stays as it is."""


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


@attrs.frozen(kw_only=True)
class MadeSmall:
    """What is kept of a failure that was made small.

    Attributes:
        scenario: The smallest scenario that shows it, as TOML.
        shape: The kinds of fault that it takes.
        before: How large the failing run was.
        after: How large it is now.
    """

    scenario: str
    shape: str
    before: Size
    after: Size

    @property
    def size(self) -> str:
        """How large it is, in words."""
        return f"{counted(self.after.faults, 'fault')}, {counted(self.after.operations, 'operation')}"


def shrink_new(
    corpus: Corpus,
    executor: Executor,
    tell: Callable[[Entry, MadeSmall], None],
    *,
    advance: Callable[[int], None] = lambda ended: None,
    seconds_max: float = SHRINK_SECONDS,
) -> None:
    """Make every failure of *corpus* small that is not yet, and see which sightings are bugs of their own.

    What is through is in the corpus at once; what is interrupted is left to the next campaign.

    Args:
        corpus: Where they are.
        executor: Who does it, several at once.
        tell: Told of each failure that was made small and is not one of those known.
        advance: Told of each one that is through.
        seconds_max: Seconds of the wall clock after which one of them stays as it is.
    """
    waiting: list[Entry | Sighting] = [
        entry for entry in corpus.entries() if entry.recording and not entry.shrunk and entry.state == "failing"
    ]
    waiting += corpus.sightings()
    futures = [executor.submit(make_small, one.recording, seconds_max) for one in waiting]
    for one, future in zip(waiting, futures, strict=True):
        small = future.result()
        if isinstance(one, Entry):
            if small is not None and corpus.keep_shrunk(one.id, small.scenario, small.size, small.shape):
                tell(one, small)
        else:
            kept = ("", "", "") if small is None else (small.scenario, small.size, small.shape)
            new = corpus.settle(one, *kept)
            if new is not None and small is not None:
                tell(new, small)
        advance(1)


def make_small(recording: str, seconds_max: float = 0.0) -> MadeSmall | None:
    """Return what the run of *recording* shrinks to; None if it does not come back with its faults written out.

    Also None if that takes more than *seconds_max* seconds of the wall clock, unless they are 0.
    """
    try:
        with one_at_a_time, given_up_after(seconds_max):
            shrunk = shrink(parse_recording(recording, file="a failure of the corpus"), runs_max=SHRINK_RUNS)
    except UsageError:
        return None
    except BaseException as error:
        if is_given_up(error):
            return None
        raise
    scenario = shrunk.recording.scenario
    return MadeSmall(
        scenario=scenario_to_toml(scenario), shape=shape_of(scenario), before=shrunk.before, after=shrunk.after
    )


def shape_of(scenario: Scenario) -> str:
    """Return the kinds of fault that a scenario made small takes, by name: what tells one bug from another."""
    kinds = sorted({request.fault.kind for request in scenario.faults})
    kinds += [word for word, needed in (("drop", scenario.drop), ("duplicate", scenario.duplicate)) if needed]
    return " + ".join(dict.fromkeys(kinds)) or NO_FAULT
