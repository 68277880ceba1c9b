"""Scenario files as tests: each seed of a file is one, and a file about one seed is one test."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs
import pytest

from chaoslab.errors import ChaosLabError, NodeError, UsageError
from chaoslab.explore.outcome import FINDINGS
from chaoslab.explore.shrink import Shrunk
from chaoslab.plugins import registry
from chaoslab.pytest_plugin.failures import (
    as_pytest_tells,
    keep_regression,
    made_small,
    require_the_same_again,
    write_failure,
)
from chaoslab.pytest_plugin.tally import PROPERTY, Tally
from chaoslab.pytest_plugin.turns import base_of, number_of_seeds, shown, slug
from chaoslab.report.failure import error_lines, failed_check, failure_lines
from chaoslab.runner import Run, run
from chaoslab.scenario import Scenario, load_scenario, scenario_to_toml
from chaoslab.scenario.files import placed_in

__all__ = ["ScenarioFile", "ScenarioItem"]

_SEEDS = 3
_SHRUNK = pytest.StashKey[dict[tuple[str, str, str | None], str]]()


class _Failed(Exception):
    """A scenario did not hold; its text says how."""


class ScenarioFile(pytest.File):
    """One scenario file."""

    def collect(self) -> Iterable[pytest.Item]:
        """Yield a test a seed, those that failed last time first."""
        try:
            scenario = load_scenario(self.path, registry())
            seeds = self._seeds(scenario)
        except UsageError as error:
            raise self.CollectError(str(error)) from None
        for seed in seeds:
            yield ScenarioItem.from_parent(self, name=f"seed{seed}", scenario=scenario, seed=seed)

    def _seeds(self, scenario: Scenario) -> Iterable[int]:
        given = self.config.getoption("--chaos-seed")
        if scenario.seed is not None:
            return [scenario.seed]
        if given is not None:
            return [given]
        folder = self.folder()
        names = sorted(folder.iterdir()) if folder.is_dir() else []
        known = sorted(int(match[1]) for one in names if (match := re.fullmatch(r"seed(\d+)", one.name)))
        return dict.fromkeys((*known, *range(number_of_seeds(self.config, _SEEDS))))

    def folder(self) -> Path:
        """Return the folder for what fails of this file."""
        return base_of(self.config) / slug(self.nodeid)


class ScenarioItem(pytest.Item):
    """One seed of a scenario."""

    parent: ScenarioFile

    def __init__(self, *, scenario: Scenario, seed: int, **more: Any) -> None:
        super().__init__(**more)
        self.scenario = scenario
        self.seed = seed

    def runtest(self) -> None:
        """Run the scenario; raises the failure text."""
        folder = self.parent.folder() / f"seed{self.seed}"
        try:
            done = run(self.scenario, self.seed, trace_kept=True)
            if done.verdict != "valid":
                require_the_same_again(done)
        except ChaosLabError as error:
            if type(error) not in FINDINGS:
                raise
            raise _Failed(self._told_of(error, folder)) from None
        self.user_properties.append((PROPERTY, Tally.of(done, done.injections).text(self.parent.nodeid)))
        if done.verdict == "valid":
            shutil.rmtree(folder, ignore_errors=True)
            return
        verdict = failed_check(done)
        kinds = self.config.stash.setdefault(_SHRUNK, {})
        first = kinds.setdefault((self.parent.nodeid, verdict.name, verdict.anomaly), self.name)
        small, shrunk = self._made_small(done) if first == self.name else (done, None)
        own = attrs.evolve(small.scenario, title=small.scenario.title or self.parent.nodeid, seed=small.seed)
        written = attrs.evolve(small, scenario=own)
        replay = self._replay(folder)
        is_written = write_failure(written, base_of(self.config), folder, replay)
        report = shown(folder / "report.html") if is_written else None
        lines = failure_lines(
            small,
            seed=self.seed,
            shrunk=shrunk,
            replay=replay if is_written else self._command(),
            report=report,
            shown_with=first if first != self.name else "",
        )
        kept = None if shrunk is None else keep_regression(written, self.config)
        if kept is not None:
            lines.append(f"kept:   {shown(kept)}")
        raise _Failed("\n".join(lines))

    def _told_of(self, error: ChaosLabError, folder: Path) -> str:
        """Return the text of a run that did not come to its end; what can be replayed is its scenario."""
        replay = self._replay(folder)
        scenario = attrs.evolve(self.scenario, seed=self.seed)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "scenario.toml").write_text(scenario_to_toml(placed_in(folder, scenario)), encoding="utf-8")
        except OSError:
            replay = self._command()
        cause = error.__cause__ if isinstance(error, NodeError) else None
        return "\n".join(error_lines(FINDINGS[type(error)][0], str(error), cause, seed=self.seed, replay=replay))

    def _replay(self, folder: Path) -> str:
        if self.scenario.seed is not None:
            return self._command()
        return f"chaoslab run {shown(folder / 'scenario.toml')}"

    def _command(self) -> str:
        seed = "" if self.scenario.seed is not None else f" --seed {self.seed}"
        return f"chaoslab run {shown(self.path)}{seed}"

    def _made_small(self, done: Run) -> tuple[Run, Shrunk | None]:
        if self.scenario.operations:
            return done, None  # it has been made small before
        shrunk = made_small(done, self.config, self.reportinfo()[2])
        if shrunk is None:
            return done, None
        recording = shrunk.recording
        return run(recording.scenario, recording.seed, trace_kept=True), shrunk

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the failure text."""
        if isinstance(excinfo.value, _Failed | UsageError):
            return as_pytest_tells(str(excinfo.value), self)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the scenario stands, and its title."""
        return self.path, None, f"{self.scenario.title or self.path.name} [seed{self.seed}]"
