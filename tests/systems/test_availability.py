"""What raises availability: the same work and the same faults, with one thing changed, and the figure moves.

The table below is what the page about availability says. Availability is that in time, as a user sees it: clients that
ask until somebody answers are served in the end whatever happens.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from typing import Any

import attrs
import pytest

from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import Scenario, load_scenario
from chaoslab.scenario.shipped import scenario_path, shipped_scenarios

PAIRS = {
    ("one_copy", "three_copies"): ("nodes",),
    ("two_of_three_down", "two_of_five_down"): ("nodes",),
    ("no_failover", "failover"): ("settings",),
    ("one_server", "balancer_without_checks"): ("nodes",),
    ("balancer_without_checks", "balancer_with_checks"): ("settings",),
    ("overloaded_server", "scaled_out"): ("nodes",),
    ("no_cache", "cache_in_front"): ("settings",),
    ("no_restart", "restart_on_failed_checks"): ("settings",),
    ("maintenance_at_once", "maintenance_rolling"): ("faults",),
}
"""Worse and better: what of the scenario differs, besides title."""

ARGUMENTS = pytest.mark.parametrize(("worse", "better"), PAIRS)


def scenario(name: str) -> Scenario:
    return load_scenario(scenario_path(f"availability/{name}"), registry())


def promptness(job: tuple[str, int]) -> float:
    """Return the availability in time of a shipped scenario with a seed."""
    name, seed = job
    return run(scenario(name), seed).service_levels.promptness


@ARGUMENTS
def test_one_thing_raises_availability(worse: str, better: str) -> None:
    """With each seed for itself, and by a twentieth of what was missing at least."""
    for seed in range(300, 303):
        without, with_it = promptness((worse, seed)), promptness((better, seed))
        assert with_it - without > (1 - without) / 20


@ARGUMENTS
def test_a_pair_differs_in_one_thing(worse: str, better: str) -> None:
    """Work, network, faults and topic are the same."""
    names = PAIRS[worse, better]
    blank: dict[str, Any] = {"title": "", **dict.fromkeys(names)}
    one, other = scenario(worse), scenario(better)
    assert attrs.evolve(one, **blank) == attrs.evolve(other, **blank)
    assert all(getattr(one, name) != getattr(other, name) for name in names)


def test_settings_of_a_pair_differ_in_one_key() -> None:
    """And not in several at once."""
    for (worse, better), names in PAIRS.items():
        if names == ("settings",):
            one, other = (attrs.asdict(scenario(name).settings) for name in (worse, better))
            assert len([key for key in one if one[key] != other[key]]) == 1


def test_maintenance_takes_the_same_servers_away_for_the_same_time() -> None:
    """Only when differs."""
    taken = [
        [(request.fault, request.target, request.schedule.for_ns) for request in scenario(name).faults]
        for name in ("maintenance_at_once", "maintenance_rolling")
    ]
    assert taken[0] == taken[1]


def test_every_scenario_about_availability_is_compared() -> None:
    """None is left over."""
    shipped = {name.removeprefix("availability/") for name, _, _ in shipped_scenarios() if name.startswith("availab")}
    assert shipped == {name for pair in PAIRS for name in pair}


@pytest.mark.campaign
@ARGUMENTS
def test_one_thing_raises_availability_with_many_seeds(worse: str, better: str) -> None:
    """In 100 of 100."""
    with ProcessPoolExecutor() as pool:
        without = list(pool.map(promptness, [(worse, seed) for seed in range(100)], chunksize=10))
        with_it = list(pool.map(promptness, [(better, seed) for seed in range(100)], chunksize=10))
    assert [seed for seed in range(100) if with_it[seed] <= without[seed]] == []
