"""What a simulated test does once pytest runs it: a trial, and if that fails, a small one, a text and a folder.

Rules:

1. A failure is made small once for each kind of failure of a test in a process.
2. What failed is written down, so that it comes first the next time; what does not fail any more is removed.
3. Wrong use is one sentence without a traceback.

Which turns there are is in ``turns``, what is kept of a failure in ``failures``.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import pytest

from chaoslab.errors import DeterminismError, NodeError, UsageError
from chaoslab.explore import record
from chaoslab.explore.outcome import Outcome
from chaoslab.explore.recording import recording_text
from chaoslab.explore.shrink import Shrunk
from chaoslab.explore.strategies import (
    STRATEGIES,
    Attempt,
    Job,
    Strategy,
    Target,
    attempt_of,
    refuse_without_crashes,
    strategy,
)
from chaoslab.explore.strategies.crash_points import CrashPoints
from chaoslab.pytest_plugin.failures import (
    attach,
    keep_regression,
    log_lines,
    made_small,
    require_the_same_again,
    write_failure,
)
from chaoslab.pytest_plugin.tally import PROPERTY, Tally
from chaoslab.pytest_plugin.turns import PLAIN, Turn, base_of, folder_of, name_of, setup_of, shown, test_of
from chaoslab.report.failure import error_lines, failed_check, failure_lines, own_traceback
from chaoslab.runner import Run
from chaoslab.scenario import Scenario, scenario_to_toml
from chaoslab.trial import TestCode, Trial, provide, run_trial

__all__ = ["run_turn"]

_SHRUNK = pytest.StashKey[dict[tuple[str, str, str | None], tuple[str, bool]]]()
"""By test and failure: which turn showed it first, and whether that could be made small."""
_FRAMES = pytest.StashKey[dict[str, Run]]()


def run_turn(item: pytest.Function, code: Callable[..., Awaitable[object]]) -> None:
    """Run one turn of a test, of which *code* is the async function; raises what it failed with."""
    turn: Any = item.funcargs["cluster"]
    arguments = {name: item.funcargs[name] for name in item._fixtureinfo.argnames}

    async def function(cluster: Any) -> None:
        await code(**{**arguments, "cluster": cluster})

    testing, wrong = _Testing(item, turn, TestCode(function=function, setup=setup_of(item, item.config))), ""
    try:
        trial = testing.tried()
    except UsageError as error:
        wrong = str(error)
    if wrong:
        pytest.fail(wrong, pytrace=False)  # out here, or pytest tells both errors
    item.user_properties.append((PROPERTY, testing.tally.text(test_of(item, turn))))
    if trial.error is None:
        shutil.rmtree(folder_of(item, turn, trial.run.seed), ignore_errors=True)
        return
    raise testing.explained(trial)


class _Testing:
    """One turn of one test."""

    def __init__(self, item: pytest.Function, turn: Turn, test: TestCode) -> None:
        self.item = item
        self.turn = turn
        self.test = test
        self.name = name_of(item, turn)
        self.tally = Tally()
        provide(self.name, test)

    def tried(self) -> Trial:
        """Run the turn: one run, or run after run until one fails or the time is up; all of them are counted."""
        return self.tried_for_minutes() if self.turn.minutes else self.tallied(self.tried_once())

    def tried_once(self) -> Trial:
        """Run what is replayed, or the one attempt of the turn's strategy."""
        turn, given = self.turn, self.turn.replayed
        if given is not None:
            return self.trial(given.seed, scenario=given.scenario, plan=given.plan, overrides=given.overrides)
        if turn.strategy == PLAIN:
            return self.trial(turn.seed)
        first = 0 if STRATEGIES[turn.strategy].in_turn else turn.seed
        job = Job(target=self.target, seed=first, strategy=turn.strategy, number=turn.seed)
        return self.attempt(attempt_of(job, self.frame))

    def tallied(self, trial: Trial) -> Trial:
        """Return *trial*, which is among what is told in the end."""
        self.tally += Tally.of(trial.run, (*trial.own, *trial.run.injections))
        return trial

    def tried_for_minutes(self) -> Trial:
        """Try what the strategy comes up with until something fails or the time is up."""
        simulated = sum(1 for one in self.item.session.items if one.name.endswith("minutes]")) or 1
        until = time.monotonic() + 60 * self.item.config.getoption("--chaos-minutes") / simulated
        plain = self.turn.strategy == PLAIN
        chosen: Strategy | None = None if plain else strategy(self.turn.strategy, [self.target], 0)
        tried = 0
        while True:
            if chosen is None:
                trial = self.tallied(self.trial(tried))
            else:
                (job,) = chosen.take(1)
                attempt = attempt_of(job, self.frame)
                trial = self.tallied(self.attempt(attempt))
                chosen.learn(job, _outcome(trial, attempt))
            tried += 1
            if trial.error is not None or time.monotonic() >= until:
                self.item.add_report_section("call", "chaoslab", f"{tried} seeds were tried")
                return trial

    def trial(self, seed: int, **how: Any) -> Trial:
        return run_trial(self.test.function, self.test.setup, seed, name=self.name, **how)

    def attempt(self, attempt: Attempt) -> Trial:
        return self.trial(
            attempt.seed,
            scenario=attempt.scenario,
            plan=attempt.plan,
            overrides=attempt.overrides,
            steering=attempt.steering,
            trace_kept=attempt.features_of is not None,
        )

    @property
    def frame(self) -> Scenario:
        """The scenario that the test amounts to, before any strategy: known once it has been run."""
        frames = self.item.config.stash.setdefault(_FRAMES, {})
        if self.name not in frames:
            frames[self.name] = self.trial(0).run
        run = frames[self.name]
        if self.turn.strategy == CrashPoints.name:
            refuse_without_crashes(run.budget, run.scenario.nodes)
        return run.scenario

    @property
    def target(self) -> Target:
        return Target(name=self.item.name, text=scenario_to_toml(self.frame))

    # What is told of a failure

    def explained(self, trial: Trial) -> BaseException:
        """Attach the failure text to the test, and return the error to raise."""
        item, turn = self.item, self.turn
        verdict = failed_check(trial.run)
        nodeid = item.nodeid.split("[")[0]
        folder = folder_of(item, turn, trial.run.seed)
        kinds = item.config.stash.setdefault(_SHRUNK, {})
        kind = self.name, verdict.name, verdict.anomaly
        first, is_first_small = kinds.setdefault(kind, (turn.id, False))
        small, shrunk = trial, None
        if turn.replayed is None and first == turn.id:
            try:
                require_the_same_again(trial.run)
            except DeterminismError as parted:
                lines = error_lines(
                    "determinism", str(parted), None, seed=trial.run.seed, replay=f"pytest '{item.nodeid}'"
                )
                attach(item, "\n".join(lines), replaces_traceback=True)
                return parted
            small, shrunk = self.made_small(trial)
            kinds[kind] = first, shrunk is not None
        replay = f"pytest '{nodeid}' --chaos-replay {shown(folder / 'scenario.toml')}"
        if turn.id == "replay":  # it is replayed already: the same again
            folder = base_of(item.config) / "replay"
            replay = f"pytest '{nodeid}' --chaos-replay {item.config.getoption('--chaos-replay')}"
        written = attrs.evolve(small.run, scenario=attrs.evolve(small.run.scenario, title=nodeid, seed=small.run.seed))
        is_written = write_failure(written, base_of(item.config), folder, replay, small.log, small.own)
        if not is_written:
            replay = f"pytest '{item.nodeid}'"
        report = shown(folder / "report.html") if is_written else None
        elsewhere = ""
        if first != turn.id and turn.replayed is None:
            elsewhere = f"{first} does{', which was made small' if is_first_small else ''}"
        lines = failure_lines(
            small.run,
            seed=trial.run.seed,
            shrunk=shrunk,
            own=small.own,
            replay=replay,
            report=report,
            shown_with=elsewhere,
        )
        kept = None if shrunk is None else keep_regression(written, item.config)
        if kept is not None:
            lines.append(f"kept:   {shown(kept)}")
        raised = small.error or trial.error
        assert raised is not None
        if isinstance(raised, NodeError) and raised.__cause__ is not None:
            lines += ["", *own_traceback(raised.__cause__)]
        if small.log:
            item.add_report_section("call", "log of the simulation", "\n".join(log_lines(small.log)))
        attach(item, "\n".join(lines), replaces_traceback=verdict.name not in ("assertion", "exception"))
        return raised

    def made_small(self, trial: Trial) -> tuple[Trial, Shrunk | None]:
        """Return the smallest trial found that fails in the same way, and how it was found."""
        shrunk = made_small(trial.run, self.item.config, self.item.name) if trial.is_driven else None
        if shrunk is None:
            return trial, None
        recording = shrunk.recording
        small = self.trial(
            recording.seed,
            scenario=recording.scenario,
            overrides=recording.overrides,
            trace_kept=True,
        )
        return (small, shrunk) if small.error is not None else (trial, None)


def _outcome(trial: Trial, attempt: Attempt) -> Outcome:
    """Return what a strategy that learns looks at."""
    run = trial.run
    return Outcome(
        scenario=run.scenario.title,
        protocol=run.scenario.protocol,
        seed=run.seed,
        verdict=run.verdict,
        features=attempt.features_of(run) if attempt.features_of else (),
        heritage=recording_text(record(run)) if attempt.features_of else "",
    )
