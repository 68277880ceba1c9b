"""Scenario files as tests: each seed of a file is one, and a file about one seed is one test."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from chaoslab.errors import ChaosLabError, NodeError, UsageError
from chaoslab.explore import record
from chaoslab.explore.outcome import FINDINGS
from chaoslab.explore.shrink import Shrunk, shrink
from chaoslab.plugins import registry
from chaoslab.pytest_trials import SHRINK_RUNS, SHRINK_SECONDS
from chaoslab.report.failure import failure_lines, own_traceback
from chaoslab.runner import Run, run
from chaoslab.scenario import Scenario, load_scenario

__all__ = ["ScenarioFile", "ScenarioItem"]

_SEEDS = 3


class _Failed(Exception):
    """A scenario did not hold; its text says how."""


class ScenarioFile(pytest.File):
    """One scenario file."""

    def collect(self) -> Iterable[pytest.Item]:
        """Yield a test a seed."""
        try:
            scenario = load_scenario(self.path, registry())
        except UsageError as error:
            raise self.CollectError(str(error)) from None
        given = self.config.getoption("--chaos-seed")
        if scenario.seed is not None:
            seeds: Iterable[int] = [scenario.seed]
        elif given is not None:
            seeds = [given]
        else:
            seeds = range(self.config.getoption("--chaos-seeds") or _SEEDS)
        for seed in seeds:
            yield ScenarioItem.from_parent(self, name=f"seed{seed}", scenario=scenario, seed=seed)


class ScenarioItem(pytest.Item):
    """One seed of a scenario."""

    def __init__(self, *, scenario: Scenario, seed: int, **more: Any) -> None:
        super().__init__(**more)
        self.scenario = scenario
        self.seed = seed

    def runtest(self) -> None:
        """Run the scenario; raises the failure text."""
        replay = f"chaoslab run {self._file()} --seed {self.seed}"
        try:
            done = run(self.scenario, self.seed)
        except ChaosLabError as error:
            if type(error) not in FINDINGS:
                raise
            lines = [f"{FINDINGS[type(error)][0]} (seed {self.seed})", f"  {error}", "", f"replay: {replay}"]
            if isinstance(error, NodeError) and error.__cause__ is not None:
                lines += ["", *own_traceback(error.__cause__)]
            raise _Failed("\n".join(lines)) from None
        if done.verdict != "valid":
            small, shrunk = self._made_small(done)
            raise _Failed("\n".join(failure_lines(small, shrunk=shrunk, replay=replay, report=None)))

    def _made_small(self, done: Run) -> tuple[Run, Shrunk | None]:
        if self.scenario.operations:
            return done, None  # it has been made small before
        until = time.monotonic() + SHRINK_SECONDS
        try:
            shrunk = shrink(record(done), runs_max=SHRINK_RUNS, go_on=lambda: time.monotonic() < until)
        except UsageError:
            return done, None
        return run(shrunk.recording.scenario, shrunk.recording.seed), shrunk

    def _file(self) -> str:
        try:
            return str(self.path.relative_to(Path.cwd()))
        except ValueError:
            return str(self.path)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the failure text."""
        if isinstance(excinfo.value, _Failed | UsageError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the scenario stands, and its title."""
        return self.path, None, f"{self.scenario.title or self.path.name} [seed{self.seed}]"
