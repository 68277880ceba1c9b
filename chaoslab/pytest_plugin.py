"""The pytest plugin: async tests that take a ``cluster`` run in a simulation.

Rules:

1. Importing this file imports neither Trio nor the simulator: a suite that does not use ChaosLab pays nothing.
2. Only async tests that ask for the ``cluster`` fixture are touched, so other async plugins keep theirs.
3. A failing test names its seed and the command that repeats it.
"""

from __future__ import annotations

import inspect
from typing import Any

import pytest

__all__ = [
    "cluster",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_generate_tests",
    "pytest_pyfunc_call",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("chaoslab", "simulated clusters")
    group.addoption("--chaos-seed", type=int, default=None, metavar="N", help="run simulated tests with this seed only")
    group.addoption(
        "--chaos-seeds", type=int, default=1, metavar="K", help="run each simulated test with the seeds 0 to K-1"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that takes a cluster once a seed."""
    if "cluster" not in metafunc.fixturenames or not inspect.iscoroutinefunction(metafunc.function):
        return
    seed = metafunc.config.getoption("--chaos-seed")
    seeds = range(metafunc.config.getoption("--chaos-seeds")) if seed is None else [seed]
    metafunc.parametrize("cluster", seeds, indirect=True, ids=[f"seed{seed}" for seed in seeds])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep pytest-trio, which in its automatic mode takes every async test, off those that have a cluster."""
    for item in items:
        if isinstance(item, pytest.Function) and "cluster" in item.fixturenames:
            item.own_markers[:] = [marker for marker in item.own_markers if marker.name != "trio"]


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> Any:
    """A simulated cluster, empty until the test starts nodes on it; only for async tests."""
    if not inspect.iscoroutinefunction(request.function):
        pytest.fail("the cluster fixture is for async tests: write 'async def'.", pytrace=False)
    return _Seed(request.param)


class _Seed:
    """Stands for the cluster until the simulation begins."""

    def __init__(self, seed: int) -> None:
        self.seed = seed


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object | None:
    """Run an async test that takes a cluster inside a simulation."""
    placeholder = pyfuncitem.funcargs.get("cluster")
    if not isinstance(placeholder, _Seed):
        return None
    from chaoslab.python_api import run

    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    pyfuncitem.add_report_section(
        "call", "chaoslab", f"seed {placeholder.seed}; repeat with: pytest '{pyfuncitem.nodeid}'"
    )
    run(lambda cluster: pyfuncitem.obj(**{**arguments, "cluster": cluster}), seed=placeholder.seed)
    return True
