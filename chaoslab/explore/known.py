"""What is known already: the failures of a corpus, run again before anything new; and new ones, made small."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from chaoslab.errors import ChaosLabError, LimitExceeded, UsageError
from chaoslab.explore.corpus import Corpus
from chaoslab.explore.failures import NO_FAULT, Entry, Sighting
from chaoslab.explore.outcome import FINDINGS, finding_of_error, given_up_after, is_given_up, one_at_a_time
from chaoslab.explore.recording import parse_recording
from chaoslab.explore.shrink import Size, shrink
from chaoslab.runner import Run, run
from chaoslab.scenario import Scenario, scenario_to_toml
from chaoslab.units import counted

__all__ = ["MadeSmall", "make_small", "replay_known", "shape_of", "shrink_new"]

SHRINK_RUNS = 2000
"""Runs after which a failure is as small as it gets."""
SHRINK_SECONDS = 300.0
"""Seconds of the wall clock after which a failure is as small as it gets."""

Each = Callable[..., Iterable[Any]]
"""Like ``map``: a function and what to call it with; gives None where that ended the process."""


def replay_known(
    corpus: Corpus, tell: Callable[[Entry, str], None], *, each: Each = map, run_seconds: float = 0.0
) -> None:
    """Run every failure of *corpus* again and note whether it still fails.

    ``failing``: the same check fails, or the run ends in the same error or at its limit again. ``fixed``: the run
    holds. ``diverged``: it does something else now: another check fails, it ends in an error that it did not end in
    then, or its recording does not fit the code any more.

    Args:
        corpus: Where they are.
        tell: Told of each one, and of its state.
        each: Who does it: like ``map``, but that it may give None for one that ended its process.
        run_seconds: Seconds of the wall clock after which one run is given up; 0: never.
    """
    entries = [entry for entry in corpus.entries() if entry.recording]
    state_of = functools.partial(_state, run_seconds=run_seconds)
    for entry, state in zip(entries, each(state_of, entries), strict=True):
        known = state or ("failing" if entry.signature.check == "limit" else "diverged")  # it ended its process
        corpus.set_state(entry.id, known)
        tell(entry, known)


def _state(entry: Entry, *, run_seconds: float) -> str:
    try:
        with one_at_a_time, given_up_after(run_seconds):
            recording = parse_recording(entry.recording, file=f"failure {entry.id}")
            done = run(recording.scenario, recording.seed, plan=recording.plan, overrides=recording.overrides)
    except UsageError:
        return "diverged"
    except BaseException as error:
        finding = finding_of_error(error, run_seconds)
        if finding is None:
            raise
        named = entry.signature
        return "failing" if (finding.check, finding.anomaly or "") == (named.check, named.anomaly) else "diverged"
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
    tell: Callable[[Entry, MadeSmall], None],
    *,
    each: Each = map,
    advance: Callable[[int], None] = lambda ended: None,
    seconds_max: float = SHRINK_SECONDS,
    run_seconds: float = 0.0,
) -> None:
    """Make every failure of *corpus* small that is not yet, and see which sightings are bugs of their own.

    What is through is in the corpus at once; what is interrupted is left to the next campaign.

    Args:
        corpus: Where they are.
        tell: Told of each failure that was made small and is not one of those known.
        each: Who does it: like ``map``, but that it may give None for one that ended its process.
        advance: Told of each one that is through.
        seconds_max: Seconds of the wall clock after which one of them is as small as it gets.
        run_seconds: Seconds of the wall clock after which one run is given up: it does not fail so; 0: never.
    """
    waiting: list[Entry | Sighting] = [
        entry for entry in corpus.entries() if entry.recording and not entry.shrunk and entry.state == "failing"
    ]
    waiting += corpus.sightings()
    small_one = functools.partial(make_small, seconds_max=seconds_max, run_seconds=run_seconds)
    for one, small in zip(waiting, each(small_one, [one.recording for one in waiting]), strict=True):
        if isinstance(one, Entry):
            if small is not None and corpus.keep_shrunk(one.id, small.scenario, small.size, small.shape):
                tell(one, small)
        else:
            kept = ("", "", "") if small is None else (small.scenario, small.size, small.shape)
            new = corpus.settle(one, *kept)
            if new is not None and small is not None:
                tell(new, small)
        advance(1)


def make_small(recording: str, *, seconds_max: float = 0.0, run_seconds: float = 0.0) -> MadeSmall | None:
    """Return what the run of *recording* shrinks to; None if it did not end, or does not come back with its faults.

    Args:
        recording: What replays it, as text.
        seconds_max: Seconds of the wall clock after which it is as small as it gets; 0: there is no limit.
        run_seconds: Seconds of the wall clock after which one run is given up: it does not fail so; 0: never.
    """
    until = time.monotonic() + (seconds_max or math.inf)
    run_within = functools.partial(_run_within, run_seconds)
    try:
        with one_at_a_time:
            recorded = parse_recording(recording, file="a failure of the corpus")
            if not recorded.trace_hash:
                return None
            shrunk = shrink(
                recorded,
                runs_max=SHRINK_RUNS,
                run=run_within,
                go_on=lambda: time.monotonic() < until,
            )
    except UsageError:
        return None
    except ChaosLabError as error:
        if type(error) not in FINDINGS:
            raise
        return None
    scenario = shrunk.recording.scenario
    return MadeSmall(
        scenario=scenario_to_toml(scenario), shape=shape_of(scenario), before=shrunk.before, after=shrunk.after
    )


def _run_within(seconds: float, *arguments: Any, **options: Any) -> Run:
    """Do one run; one that takes more than *seconds* has reached a limit like others."""
    try:
        with given_up_after(seconds):
            return run(*arguments, **options)
    except BaseException as error:
        if is_given_up(error):
            raise LimitExceeded(f"the run was given up after {seconds:g} s of the wall clock") from None
        raise


def shape_of(scenario: Scenario) -> str:
    """Return the kinds of fault that a scenario made small takes, by name: what tells one bug from another."""
    kinds = sorted({request.fault.kind for request in scenario.faults})
    kinds += [word for word, needed in (("drop", scenario.drop), ("duplicate", scenario.duplicate)) if needed]
    return " + ".join(dict.fromkeys(kinds)) or NO_FAULT
