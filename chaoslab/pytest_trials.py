"""What a simulated test does once pytest runs it: a trial, and if that fails, a small one, a text and a folder.

Rules:

1. Shrinking is bounded, in runs and in seconds, and done once for each kind of failure of a test in a process.
2. What failed is written down, so that it comes first the next time; what does not fail any more is removed.
3. Wrong use is one sentence without a traceback.
"""

from __future__ import annotations

import inspect
import re
import shutil
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from chaoslab.errors import NodeError, UsageError, unknown_word
from chaoslab.explore import record
from chaoslab.explore.shrink import Shrunk, shrink
from chaoslab.plugins import Registry, registry
from chaoslab.report import run_document, write_run_folder
from chaoslab.report.failure import failed_check, failure_lines, own_traceback
from chaoslab.report.html import page_of_folder
from chaoslab.runner import Run
from chaoslab.scenario import Scenario, parse_scenario
from chaoslab.sim.log import LogEntry
from chaoslab.trial import Setup, Trial, registry_of, run_trial

__all__ = ["Failure", "Turn", "folder_of", "run_turn", "turns_of"]

SHRINK_RUNS: Final = 400
SHRINK_SECONDS: Final = 20.0
_SEEDS: Final = 10
_LOG_SHOWN: Final = 30

_SHRUNK = pytest.StashKey[dict[tuple[str, str, str | None], int]]()


@attrs.frozen(kw_only=True)
class Turn:
    """One run of a test: what its ``cluster`` stands for until the simulation begins.

    Attributes:
        id: As in the test's id.
        seed: The seed; the first one, where there are minutes.
        minutes: Whether it goes on with further seeds.
        scenario: The text of what is replayed, or None.
        nodeid: The test that this is about, where it is replayed.
    """

    id: str
    seed: int
    minutes: bool = False
    scenario: str | None = None
    nodeid: str | None = None


@attrs.frozen(kw_only=True)
class Failure:
    """The text of a failing test, and whether it is shown instead of pytest's own."""

    text: str
    replaces_traceback: bool


# Which seeds


def turns_of(test: Any, config: pytest.Config) -> list[Turn]:
    """Return the turns of *test*: what is replayed, or known failures first and then the usual seeds."""
    try:
        setup = _setup(test, config)
        _refuse_foreign_fixtures(test)
        replay = config.getoption("--chaos-replay")
        if replay is not None:
            return [_replayed(Path(replay))]
        seed = config.getoption("--chaos-seed")
        if seed is not None:
            return [Turn(id=f"seed{seed}", seed=seed)]
        known = _known_seeds(test, config)
        if config.getoption("--chaos-minutes") is not None:
            return [*(Turn(id=f"seed{one}", seed=one) for one in known), Turn(id="minutes", seed=0, minutes=True)]
        seeds = setup.seeds
        count = config.getoption("--chaos-seeds")
        if count is not None or seeds is None:
            seeds = tuple(range(_number_of_seeds(config)))
        return [Turn(id=f"seed{one}", seed=one) for one in dict.fromkeys((*known, *seeds))]
    except UsageError as error:
        pytest.fail(str(error), pytrace=False)


def _number_of_seeds(config: pytest.Config) -> int:
    given = config.getoption("--chaos-seeds") or config.getini("chaos_seeds") or _SEEDS
    try:
        count = int(given)
    except ValueError:
        raise UsageError(f"{given!r} is not a number of seeds.", key="chaos_seeds") from None
    if count < 1:
        raise UsageError(f"at least one seed is tried, not {count}.", key="--chaos-seeds")
    return count


def _setup(test: Any, config: pytest.Config) -> Setup:
    arguments: dict[str, Any] = {}
    for mark in reversed(list(test.iter_markers("chaoslab"))):  # the closest one has the last word
        if mark.args:
            raise UsageError(f"{mark.args[0]!r} has no name: write nodes=3, seeds=20, ...", key="@pytest.mark.chaoslab")
        arguments.update(mark.kwargs)
    strategy = config.getoption("--chaos-strategy") or config.getini("chaos_strategy")
    if strategy:
        if strategy not in registry().nemeses:
            raise UsageError(unknown_word("strategy", strategy, registry().nemeses), key="--chaos-strategy")
        arguments.setdefault("faults", strategy)
    return Setup.of(arguments, registry())


def _refuse_foreign_fixtures(test: Any) -> None:
    for name, definitions in test._fixtureinfo.name2fixturedefs.items():
        function = definitions[-1].func
        module = getattr(function, "__module__", "") or ""
        if (
            inspect.iscoroutinefunction(function)
            or inspect.isasyncgenfunction(function)
            or module.startswith("pytest_trio")
        ):
            raise UsageError(
                f"the fixture {name!r} is async, of another framework, and its event loop is not the simulation's: "
                "a test with a cluster takes plain fixtures; do what it does inside the test."
            )


def _replayed(path: Path) -> Turn:
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"cannot be replayed: {error}.", file=path, key="--chaos-replay") from None
    seed = values.get("replay", {}).get("seed", 0)
    return Turn(id=f"seed{seed}", seed=seed, scenario=text, nodeid=values.get("scenario", {}).get("title"))


def _base(config: pytest.Config) -> Path:
    named = config.getoption("--chaos-report") or config.getini("chaos_report")
    return config.rootpath / (named or ".chaoslab")


def folder_of(item: Any, seed: int) -> Path:
    """Return the folder for what *seed* of a test comes to."""
    slug = re.sub(r"[^A-Za-z0-9_.]+", "-", item.nodeid.split("[")[0]).strip("-")
    return _base(item.config) / slug / f"seed{seed}"


def _known_seeds(test: Any, config: pytest.Config) -> list[int]:
    folder = folder_of(test, 0).parent
    if not folder.is_dir():
        return []
    names = (re.fullmatch(r"seed(\d+)", one.name) for one in folder.iterdir())
    return sorted(int(match[1]) for match in names if match)


# Running


def run_turn(item: pytest.Function) -> None:
    """Run one turn of a test; raises what it failed with."""
    turn: Any = item.funcargs["cluster"]
    arguments = {name: item.funcargs[name] for name in item._fixtureinfo.argnames}

    async def function(cluster: Any) -> None:
        await item.obj(**{**arguments, "cluster": cluster})

    testing = _Testing(item, function, _setup(item, item.config))
    try:
        trial = testing.tried(turn)
    except UsageError as error:
        pytest.fail(str(error), pytrace=False)
    if trial.error is None:
        shutil.rmtree(folder_of(item, trial.run.seed), ignore_errors=True)
        return
    raise testing.explained(trial, shrinks=turn.scenario is None)


class _Testing:
    """One test with its function and setup."""

    def __init__(self, item: pytest.Function, function: Any, setup: Setup) -> None:
        self.item = item
        self.function = function
        self.setup = setup

    def tried(self, turn: Turn) -> Trial:
        """Run the turn: one seed, or seeds until one fails or the time is up."""
        if turn.scenario is not None:
            scenario = parse_scenario(turn.scenario, _replaying(turn.scenario), file="--chaos-replay")
            return self.trial(turn.seed, scenario=scenario)
        if not turn.minutes:
            return self.trial(turn.seed)
        simulated = sum(1 for one in self.item.session.items if one.name.endswith("minutes]")) or 1
        until = time.monotonic() + 60 * self.item.config.getoption("--chaos-minutes") / simulated
        seed = 0
        while True:
            trial = self.trial(seed)
            seed += 1
            if trial.error is not None or time.monotonic() >= until:
                self.item.add_report_section("call", "chaoslab", f"{seed} seeds were tried")
                return trial

    def trial(self, seed: int, **how: Any) -> Trial:
        return run_trial(self.function, self.setup, seed, **how)

    def explained(self, trial: Trial, *, shrinks: bool) -> BaseException:
        """Attach the failure text to the test, and return the error to raise."""
        item, seed = self.item, trial.run.seed
        verdict = failed_check(trial.run)
        nodeid = item.nodeid.split("[")[0]
        kinds = item.config.stash.setdefault(_SHRUNK, {})
        first = kinds.setdefault((nodeid, verdict.name, verdict.anomaly), seed)
        small, shrunk = trial, None
        if shrinks and first == seed:
            small, shrunk = self.made_small(trial)
        folder = folder_of(item, seed)
        replay = f"pytest '{item.nodeid}'"
        if shrunk is not None:
            replay = f"pytest '{nodeid}' --chaos-replay {_shown(folder / 'scenario.toml')}"
        written = attrs.evolve(small.run, scenario=attrs.evolve(small.run.scenario, title=nodeid, seed=seed))
        _write(written, folder, replay)
        lines = failure_lines(
            small.run, shrunk=shrunk, own=small.own, replay=replay, report=_shown(folder / "report.html")
        )
        if first != seed:
            lines.insert(-2, f"shrunk: the same kind of failure as with seed {first}, which was made small")
        error = small.error or trial.error
        assert error is not None
        if isinstance(error, NodeError) and error.__cause__ is not None:
            lines += ["", *own_traceback(error.__cause__)]
        if small.log and folder.is_dir():
            item.add_report_section("call", "log of the simulation", "\n".join(_log_lines(small.log)))
            (folder / "log.jsonl").write_text("".join(f"{one.document()}\n" for one in small.log), encoding="utf-8")
        replaces = verdict.name not in ("assertion", "exception")
        item.chaoslab_failure = Failure(text="\n".join(lines), replaces_traceback=replaces)  # type: ignore[attr-defined]
        return error

    def made_small(self, trial: Trial) -> tuple[Trial, Shrunk | None]:
        """Return the smallest trial found that fails in the same way, and how it was found."""
        if trial.run.scenario.protocol not in trial.plugins.protocols:
            return trial, None
        until = time.monotonic() + SHRINK_SECONDS
        try:
            shrunk = shrink(
                record(trial.run),
                plugins=trial.plugins,
                runs_max=SHRINK_RUNS,
                run=self.shrinking_run,
                go_on=lambda: time.monotonic() < until,
            )
        except UsageError:
            return trial, None  # it does not come back with its faults written out
        recording = shrunk.recording
        small = self.trial(recording.seed, scenario=recording.scenario, trace_kept=True)
        return (small, shrunk) if small.error is not None else (trial, None)

    def shrinking_run(self, scenario: Scenario, seed: int, *, plugins: Registry | None = None, **how: Any) -> Run:
        given = None if scenario.nemeses or how.get("plan") else scenario  # the first run draws, as the test did
        return self.trial(seed, scenario=given, **how).run


def _log_lines(log: Sequence[LogEntry]) -> list[str]:
    left_out = len(log) - _LOG_SHOWN
    more = [f"({left_out} earlier lines are in log.jsonl)"] if left_out > 0 else []
    return [*more, *(one.line() for one in log[-_LOG_SHOWN:])]


def _replaying(text: str) -> Registry:
    """Return everything installed, and the protocol of a replayed test by its name."""
    values = tomllib.loads(text)
    return registry_of(registry(), str(values.get("cluster", {}).get("protocol", "")))


def _write(run: Run, folder: Path, replay: str) -> None:
    root = folder.parent.parent
    try:
        root.mkdir(parents=True, exist_ok=True)
        ignored = root / ".gitignore"
        if root.name == ".chaoslab" and not ignored.exists():
            ignored.write_text("*\n", encoding="utf-8")
    except OSError:
        return  # the failure is told all the same
    write_run_folder(run, folder, run_document(run, repeat=replay))
    (folder / "report.html").write_text(page_of_folder(folder), encoding="utf-8")


def _shown(path: Path) -> str:
    """Return *path* as people would type it from where they are."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
