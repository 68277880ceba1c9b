"""Who believes a fallacy of distributed computing fails by it, and who does not survives."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor

import attrs
import pytest

from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import load_scenario
from chaoslab.scenario.shipped import scenario_path
from chaoslab_systems.fallacies import FALLACIES

NAMES = [fallacy.__name__.rpartition(".")[2] for fallacy in FALLACIES]


def verdict(job: tuple[str, int]) -> str:
    """Return the verdict of a shipped scenario about fallacies with a seed."""
    name, seed = job
    return run(load_scenario(scenario_path(f"fallacies/{name}"), registry()), seed).verdict


@pytest.mark.parametrize("name", NAMES)
def test_the_believer_fails(name: str) -> None:
    """In most seeds: it is the belief that is wrong, not the luck."""
    assert [verdict((f"{name}_believer", seed)) for seed in range(300, 303)].count("invalid") >= 2


@pytest.mark.parametrize("name", NAMES)
def test_the_doubter_survives(name: str) -> None:
    """The same faults and the same work."""
    assert [verdict((f"{name}_doubter", seed)) for seed in range(300, 303)] == ["valid"] * 3


@pytest.mark.parametrize("name", NAMES)
def test_both_are_told_apart_by_their_belief_alone(name: str) -> None:
    """Their scenarios differ by title and protocol, and nothing else."""
    scenarios = [
        load_scenario(scenario_path(f"fallacies/{name}_{belief}"), registry()) for belief in ("believer", "doubter")
    ]
    believer, doubter = (attrs.evolve(one, title="", protocol="") for one in scenarios)
    assert believer == doubter
    assert [one.protocol.rpartition("-")[2] for one in scenarios] == ["believer", "doubter"]


@pytest.mark.campaign
@pytest.mark.parametrize("name", NAMES)
def test_the_believer_fails_in_most_of_a_hundred_seeds_and_the_doubter_in_none(name: str) -> None:
    """For every fallacy."""
    with ProcessPoolExecutor() as pool:
        believer = list(pool.map(verdict, [(f"{name}_believer", seed) for seed in range(100)], chunksize=10))
        doubter = list(pool.map(verdict, [(f"{name}_doubter", seed) for seed in range(100)], chunksize=10))
    assert believer.count("invalid") > 50
    assert doubter == ["valid"] * 100
