"""Spanner keeps its claims while clocks are within epsilon, and breaks them when they are not."""

from __future__ import annotations

import pytest

from tests.protocols.shipped_runs import complaints, ran, scenarios_in

SCENARIOS = [name for name in scenarios_in("spanner") if "worse" not in name]


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_holds_in_its_scenarios(name: str) -> None:
    """A few seeds of each; the campaign below takes many."""
    assert complaints(name, range(2)) == []


@pytest.mark.parametrize("nodes", ["1", "2", "7"])
def test_it_holds_for_clusters_of_other_sizes(nodes: str) -> None:
    """One shard is enough."""
    assert complaints("spanner/swarm", range(2), cluster__nodes=nodes) == []


def test_clocks_that_are_more_wrong_than_is_stated_make_reads_stale() -> None:
    """For most seeds: a read does not see what had ended when it began, and what it sees is serializable."""
    checks = [ran("spanner/worse_clocks", seed).checks for seed in range(6)]
    anomalies = [verdict.anomaly for one in checks for verdict in one if verdict.name == "strict-serializable"]
    assert sum(anomaly is not None and anomaly.endswith("realtime") for anomaly in anomalies) > 3


@pytest.mark.parametrize("mutant", ["TT1", "TT4"])
def test_a_mistake_about_clocks_is_told_as_a_matter_of_real_time(mutant: str) -> None:
    """Serializability alone does not see it."""
    found = {
        verdict.anomaly
        for seed in range(4)
        for verdict in ran("spanner/wrong_clocks", seed, cluster__protocol=f"spanner~{mutant}").checks
        if verdict.outcome == "invalid"
    }
    assert found
    assert all(anomaly is not None and anomaly.endswith("realtime") for anomaly in found)


@pytest.mark.campaign
@pytest.mark.parametrize("name", SCENARIOS)
def test_it_holds_for_many_seeds(name: str) -> None:
    """Every shipped scenario, within the budget."""
    assert complaints(name, range(300)) == []
