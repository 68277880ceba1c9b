"""Runs from Python: of a scenario, of an async function of a cluster, of a test as pytest runs it.

A run from Python and a run from the command line are the same run: same seed, same trace hash.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import attrs

from chaoslab import local_code
from chaoslab.cluster import Cluster, Workload
from chaoslab.errors import UsageError
from chaoslab.nemesis import Plan
from chaoslab.net.latency import Constant, Latency
from chaoslab.parameters import build
from chaoslab.plugins import registry
from chaoslab.runner import Run
from chaoslab.runner import run as run_scenario
from chaoslab.scenario import Scenario
from chaoslab.scenario import load_scenario as read_scenario
from chaoslab.sim import Engine
from chaoslab.trial import run_trial, setup_of
from chaoslab.units import seconds_to_ns

__all__ = ["load_scenario", "run", "run_test", "workload"]

T = TypeVar("T")


def load_scenario(path: str | Path, overrides: Mapping[str, str] | None = None) -> Scenario:
    """Return the scenario in the TOML file *path*.

    Args:
        path: The file.
        overrides: Dotted keys and their values as text, such as ``{"cluster.nodes": "5"}``.

    Raises:
        ScenarioError: what is wrong, with file, line and key.
    """
    return read_scenario(path, registry(), overrides or {})


def workload(name: str, **parameters: Any) -> Workload:
    """Return the installed workload called *name*, such as ``"register"``.

    Args:
        name: Its name; ``chaoslab list workloads`` shows them.
        parameters: Its own parameters, with values as in a scenario file, such as ``balance=100`` of ``"bank"``.

    Raises:
        UsageError: there is none, or it has no such parameter.
    """
    found = registry().workload(name)
    if not parameters:
        return found
    if found.parameters is None:
        raise UsageError(f"the workload {name!r} has no parameters of its own.", key=next(iter(parameters)))
    return attrs.evolve(found, given=build(found.parameters, parameters))


def run(
    what: Scenario | str | Path | Callable[[Cluster], Awaitable[T]],
    *,
    seed: int | None = None,
    latency: Latency | float | None = None,
) -> Any:
    """Run a scenario, or an async function of a cluster, in a simulation.

    Args:
        what: A scenario, the path of one, or ``async def main(cluster)``.
        seed: Decides every random choice; the one that the scenario is about, or 0, if not given.
        latency: For a function: the delay of every link, in seconds or as a distribution.

    Returns:
        For a scenario its ``Run``; for a function what it returns.

    Raises:
        UsageError: wrong input.
        NodeError: a node's code raised.
        DeadlockError, LimitExceeded: the run could not go on.
    """
    if isinstance(what, str | Path):
        what = load_scenario(what)
    if isinstance(what, Scenario):
        if latency is not None:
            raise UsageError("a scenario states its own latency.", key="latency")
        return run_scenario(what, (what.seed or 0) if seed is None else seed)
    main = what
    if isinstance(latency, int | float):
        latency = Constant(value_ns=seconds_to_ns(latency))
    engine = Engine(seed or 0)
    cluster = Cluster(engine, latency=latency)
    return engine.run(lambda: main(cluster))


def run_test(function: Callable[[Cluster], Awaitable[object]], *, seed: int = 0, plan: Plan | None = None) -> Run:
    """Run an async test function as pytest runs it: with its marker, its drawn faults and its checks.

    Args:
        function: The test; it takes nothing but the cluster.
        seed: Decides every random choice.
        plan: The faults, such as ``chaoslab.strategies.fault_plans`` makes them; drawn from the seed if not given.

    Returns:
        The run: same seed, same trace hash and same verdict as under pytest. It is told by its verdict, not by an
        exception, if something does not hold.

    Raises:
        UsageError: the test uses ChaosLab wrongly.
    """
    name = local_code.name_of(function)
    return run_trial(function, setup_of(function, registry()), seed, name=name, plan=plan).run
