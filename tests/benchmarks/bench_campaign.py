"""Campaigns: two processes against one, the machinery against its runs, and runs of Raft a second."""

from __future__ import annotations

import time
from collections.abc import Callable

from chaoslab.explore.campaign import Target, campaign, seeds_of
from chaoslab.explore.workers import local_executor
from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import Scenario, load_scenario, parse_scenario
from chaoslab.scenario.shipped import scenario_path
from tests.benchmarks.harness import Row, seconds

__all__ = ["rows"]

_RUNS = 60
_TURNS = 3
_PEACE = """
[scenario]
title = "Raft: 10 virtual seconds, half of them with faults"
duration = "5s"
settle = "5s"

[cluster]
protocol = "raft"
nodes = 5

[workload]
name = "register"
rate = "20/s"
"""
_EIGHT = {"scenario.duration": "5s", "scenario.settle": "5s", "workload.rate": "20/s"}
_TEXT = f"""{_PEACE}
[[nemesis]]
name = "swarm"
"""
_SCENARIO = parse_scenario(_TEXT, registry())
_TARGET = Target(name="raft", text=_TEXT)


def elapsed(work: Callable[[], object]) -> float:
    """Return the seconds of the wall clock that *work* takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_processes(processes: int) -> tuple[float, float]:
    """Return the seconds that a campaign takes, and by how much that is more than the CPU seconds of its runs.

    Its processes are there, and have loaded everything. The second number is of one and the same time: cores whose
    speed changes from minute to minute do not change it, as they do a comparison with runs made before or after.
    """
    with local_executor(processes) as executor:
        list(campaign(seeds_of([_TARGET], 10_000, 2 * processes), executor, workers=processes))
        began = time.perf_counter()
        outcomes = list(campaign(seeds_of([_TARGET], 0, _RUNS), executor, workers=processes))
        took = time.perf_counter() - began
    return took, took * processes / sum(outcome.cpu_s for outcome in outcomes)


def bare(scenario: Scenario = _SCENARIO) -> float:
    """Return the seconds that the same runs take without a campaign."""
    return elapsed(lambda: [run(scenario, seed) for seed in range(_RUNS)])


def rows() -> list[Row]:
    """Measure in turns, take medians."""
    peace = parse_scenario(_PEACE, registry())
    eight = load_scenario(scenario_path("raft/every_fault"), registry(), _EIGHT)
    run(_SCENARIO, 0)
    kinds = [(bare(peace), bare(eight)) for _ in range(_TURNS)]
    none, some = (sorted(times)[_TURNS // 2] for times in zip(*kinds, strict=True))
    measured = [(bare(), *in_processes(1), in_processes(2)[0]) for _ in range(_TURNS)]
    plain, one, machinery, two = (sorted(times)[_TURNS // 2] for times in zip(*measured, strict=True))
    each = seconds(lambda: run(_SCENARIO, 1))
    size = f"{_RUNS} runs of Raft"
    return [
        Row(work="without a fault", size=size, seconds=none, ratio=_RUNS / none, meaning="runs a second and core"),
        Row(work="with eight kinds of fault", size=size, seconds=some, ratio=_RUNS / some,
            meaning="runs a second and core"),
        Row(work="with a swarm's, of all kinds", size=size, seconds=plain, ratio=_RUNS / plain,
            meaning="runs a second and core", target=">= 30", holds=_RUNS / plain >= 30),
        Row(work="one run, CPU", size="10 virtual s", seconds=each),
        Row(work="one process", size=size, seconds=one, ratio=machinery,
            meaning="x the CPU of its runs", target="<= 1.1", holds=machinery <= 1.1),
        Row(work="two processes", size=size, seconds=two, ratio=one / two,
            meaning="x the runs a second of one", target=">= 1.8", holds=one / two >= 1.8),
    ]  # fmt: skip
