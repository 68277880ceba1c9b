"""What SWIM promises, run."""

from __future__ import annotations

import pytest

from chaoslab.explore.outcome import outcome_of
from chaoslab.plugins import registry
from chaoslab.scenario import load_scenario
from chaoslab.scenario.shipped import scenario_path

SCENARIOS = ["swarm", "crashes", "bad_network", "deaf_member", "long_partition"]


@pytest.mark.parametrize("name", SCENARIOS)
def test_swim_holds_in_its_scenarios(name: str) -> None:
    """A few seeds of each; thousands are a campaign's business."""
    scenario = load_scenario(scenario_path(f"swim/{name}"), registry())
    for seed in range(4):
        assert outcome_of(name, scenario, seed).findings == ()


@pytest.mark.parametrize("nodes", ["2", "3", "12"])
def test_swim_holds_for_clusters_of_other_sizes(nodes: str) -> None:
    """Also where there is nobody to ask for help."""
    sizes = {"cluster.nodes": nodes, "workload.clients": nodes}
    scenario = load_scenario(scenario_path("swim/swarm"), registry(), sizes)
    for seed in range(2):
        assert outcome_of("swarm", scenario, seed).findings == ()
