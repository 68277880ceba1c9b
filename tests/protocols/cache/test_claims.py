"""What a cache claims holds; that it is not linearizable, and that its bound is no generous one, shows too."""

from __future__ import annotations

import pytest

from chaoslab.plugins import registry
from chaoslab.runner import Run, run
from chaoslab.scenario import load_scenario
from chaoslab.scenario.shipped import scenario_path, shipped_scenarios

HOLDING = [name for name, _, _ in shipped_scenarios() if name.startswith("cache/") and not name.endswith("reads_stale")]


def runs(name: str, seeds: range, **overrides: str) -> list[Run]:
    changes = {key.replace("__", "."): value for key, value in overrides.items()}
    return [run(load_scenario(scenario_path(name), registry(), changes), seed) for seed in seeds]


@pytest.mark.parametrize("name", HOLDING)
def test_its_scenarios_hold(name: str) -> None:
    """Bounded staleness, agreement at the end, and recovery."""
    found = runs(name, range(400, 403))
    assert [one.seed for one in found if one.verdict != "valid"] == []
    assert all({"eventual", "staleness"} <= {check.name for check in one.checks} for one in found)


@pytest.mark.parametrize("nodes", ["5", "9"])
def test_it_holds_for_other_numbers_of_nodes(nodes: str) -> None:
    """More nodes are more frontends."""
    found = runs("cache/swarm", range(2), cluster__nodes=nodes)
    assert [one.seed for one in found if one.verdict != "valid"] == []


def test_most_seeds_show_that_a_cache_is_not_linearizable() -> None:
    """A client reads what had been replaced."""
    found = runs("cache/reads_stale", range(10))
    assert sum(one.verdict == "invalid" for one in found) > 5


def test_half_of_the_bound_is_not_kept() -> None:
    """So it is a bound that a run comes near to, not one that nothing could exceed."""
    found = runs("cache/databases_cut_off", range(20), expect__staleness="867ms")
    assert "stale read" in [check.anomaly for one in found for check in one.checks if check.outcome == "invalid"]


@pytest.mark.campaign
@pytest.mark.parametrize("name", HOLDING)
def test_its_scenarios_hold_for_many_seeds(name: str) -> None:
    """Every shipped fault of its budget."""
    assert [one.seed for one in runs(name, range(300)) if one.verdict != "valid"] == []
