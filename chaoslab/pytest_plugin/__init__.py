"""The pytest plugin: async tests that take a ``cluster`` run in a simulation, and scenario files are tests.

Rules:

1. Importing this file imports neither Trio nor the simulator: a suite that does not use ChaosLab pays nothing. So the
   rest of the package is imported inside the hooks, when the first test needs it.
2. Only async tests that ask for the ``cluster`` fixture are touched, so other async plugins keep theirs.
3. Each seed is a test of its own, with the same outcome in whichever process it runs. Seeds that failed last time come
   first.
4. A failing test says what went wrong, with the fewest faults, and the command that shows it again.

Which turns a test takes is in ``turns``, what it does once it runs in ``trials``, scenario files as tests are in
``scenarios``, and what is told and kept of a failure is in ``failures``.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

__all__ = [
    "cluster",
    "pytest_addoption",
    "pytest_collect_file",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_generate_tests",
    "pytest_pyfunc_call",
    "pytest_runtest_makereport",
    "pytest_terminal_summary",
]

SEEDS = 10
"""Seeds of each test, where nobody says how many."""

_OPTIONS = (
    ("seeds", int, "K", f"run each simulated test with the seeds 0 to K-1 ({SEEDS} if not given)"),
    ("seed", int, "N", "run simulated tests with this seed only"),
    ("replay", str, "FILE", "run the one test that this file, written when it failed, is about, as the file says"),
    ("minutes", float, "M", "try new seeds for M minutes, shared equally by the simulated tests"),
    ("report", str, "DIR", "where what failed is written (.chaoslab)"),
    (
        "strategy",
        str,
        "NAME",
        "how runs are made: uniform, swarm, pct, pos, bounded-delay, crash-points, guided or auto",
    ),
    ("faults", str, "NAMES", "what faults are drawn from: kinds of fault, nemesis programs, or none (swarm)"),
)
_MARKER = (
    "chaoslab(nodes, seeds, faults, workload, clients, rate, keys, seconds, settle, consistency): "
    "what a simulated test's cluster is made of"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the settings of the same names."""
    group = parser.getgroup("chaoslab", "simulated clusters")
    for name, kind, metavar, help in _OPTIONS:
        group.addoption(f"--chaos-{name}", type=kind, default=None, metavar=metavar, help=help)
    for name in ("seeds", "report", "strategy", "faults"):
        parser.addini(f"chaos_{name}", f"the default of --chaos-{name}", default="")
    parser.addini("chaos_regressions", "the folder where small failing runs are kept as scenario files", default="")
    parser.addini("chaos_scenarios", "folders whose scenario files are tests", type="linelist", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and let the folders of scenarios be collected."""
    config.addinivalue_line("markers", _MARKER)
    for name, least in (("seed", 0), ("minutes", 0.01)):
        given = config.getoption(f"--chaos-{name}")
        if given is not None and not given >= least:
            raise pytest.UsageError(f"--chaos-{name}: {given:g} is less than {least:g}.")
    if config.getoption("--chaos-replay"):
        _replayed_test(config)  # once, instead of at each test
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        config.args += [str(folder) for folder in _scenario_folders(config) if folder.is_dir()]


def _replayed_test(config: pytest.Config) -> str:
    """Return the test that the file given to ``--chaos-replay`` is about."""
    from chaoslab.errors import UsageError
    from chaoslab.pytest_plugin.turns import replayed

    try:
        found = replayed(config)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    assert found is not None
    return found.scenario.test


def _scenario_folders(config: pytest.Config) -> list[Path]:
    return [config.rootpath / folder for folder in config.getini("chaos_scenarios")]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the scenario files in the folders that the project names."""
    if file_path.suffix != ".toml" or not any(
        file_path.is_relative_to(folder) for folder in _scenario_folders(parent.config)
    ):
        return None
    from chaoslab.pytest_plugin.scenarios import ScenarioFile

    return ScenarioFile.from_parent(parent, path=file_path)


def _is_simulated(test: Any) -> bool:
    """Return whether *test* is async and asks for the ``cluster`` of this file: others may have one of their own."""
    found = test._fixtureinfo.name2fixturedefs.get("cluster")
    return bool(found) and found[-1].func.__module__ == __name__ and _async_code(test.obj) is not None


def _async_code(function: Any) -> Any:
    """Return the async function that *function* is, or that another framework has wrapped in it; None without one."""
    while function is not None and not inspect.iscoroutinefunction(function):
        function = getattr(function, "__wrapped__", None)
    return function


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that takes a cluster once a seed."""
    if not _is_simulated(metafunc.definition):
        return
    from chaoslab.pytest_plugin.turns import turns_of

    turns = turns_of(metafunc.definition, metafunc.config, SEEDS)
    metafunc.parametrize("cluster", turns, indirect=True, ids=[turn.id for turn in turns])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep pytest-trio, which in its automatic mode takes every async test, off those that have a cluster."""
    for item in items:
        if isinstance(item, pytest.Function) and _is_simulated(item):
            item.own_markers[:] = [marker for marker in item.own_markers if marker.name != "trio"]
    if config.getoption("--chaos-replay"):
        test = _replayed_test(config)
        kept = [item for item in items if isinstance(item, pytest.Function) and _is_test(item, test)]
        if not kept:
            raise pytest.UsageError(f"--chaos-replay: the test {test} is not among those that were collected.")
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


def _is_test(item: pytest.Function, test: str) -> bool:
    """Return whether *item* is the test of that name, as its recording says it."""
    from chaoslab.pytest_plugin.turns import name_of

    turn: Any = item.callspec.params.get("cluster") if hasattr(item, "callspec") else None
    return turn is not None and name_of(item, turn) == test


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> Any:
    """A simulated cluster, empty until the test starts nodes on it; only for async tests."""
    if not inspect.iscoroutinefunction(getattr(request, "function", None)):
        pytest.fail("the cluster fixture is for async tests: write 'async def'.", pytrace=False)
    return request.param


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object | None:
    """Run an async test that takes a cluster inside a simulation."""
    if not _is_simulated(pyfuncitem):
        return None
    from chaoslab.pytest_plugin.trials import run_turn

    run_turn(pyfuncitem, _async_code(pyfuncitem.obj))
    return True


_SIMULATED_LOG = "Captured log of the simulation call"
"""What pytest calls the section that a failure adds."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the failure text of a simulated test instead of the frames that led to it."""
    report = yield
    if report.when == "call" and report.failed and hasattr(item, "chaoslab_failure"):
        failure = item.chaoslab_failure
        if failure.instead is not None or _SIMULATED_LOG in dict(report.sections):
            # It has every line of every run that was made of this test, up to hundreds, without virtual time.
            report.sections = [section for section in report.sections if section[0] != "Captured log call"]
        if failure.instead is not None:
            report.longrepr = failure.instead
        else:
            report.sections.append(("chaoslab", failure.text))
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was tried, and name the plugins of ChaosLab that could not be loaded, if any test needed them."""
    passed, failed = (
        [
            one
            for one in terminalreporter.stats.get(outcome, [])
            if "chaoslab" in dict(getattr(one, "user_properties", ()))
        ]
        for outcome in ("passed", "failed")
    )
    if passed or failed:
        from chaoslab.pytest_plugin.tally import tallies, tally_lines

        each = terminalreporter.config.get_verbosity() > 0
        for line in tally_lines(tallies((*passed, *failed)), passed=tallies(passed), each=each):
            terminalreporter.write_line(line)
    plugins = sys.modules.get("chaoslab.plugins")
    if plugins is not None and plugins.registry.cache_info().currsize:
        for broken in plugins.registry().broken:
            terminalreporter.write_line(f"chaoslab: {broken}")
