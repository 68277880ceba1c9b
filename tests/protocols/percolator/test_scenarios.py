"""Percolator keeps its claims in its scenarios, is not serializable, and cleans up after the dead."""

from __future__ import annotations

import pytest

from chaoslab.plugins import registry
from chaoslab.runner import Run, run
from chaoslab.scenario import load_scenario
from chaoslab.scenario.shipped import scenario_path, shipped_scenarios

SCENARIOS = [name for name, _, _ in shipped_scenarios() if name.startswith("percolator/") and "skew" not in name]


def ran(name: str, seed: int, **overrides: str) -> Run:
    changes = {key.replace("__", "."): value for key, value in overrides.items()}
    return run(load_scenario(scenario_path(name), registry(), changes), seed)


def complaints(name: str, seeds: range, **overrides: str) -> list[tuple[int, str]]:
    runs = [(seed, ran(name, seed, **overrides)) for seed in seeds]
    return [(seed, verdict.summary) for seed, one in runs for verdict in one.checks if verdict.outcome != "valid"]


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_holds_in_its_scenarios(name: str) -> None:
    """A few seeds of each; the campaign below takes many."""
    assert complaints(name, range(3)) == []


@pytest.mark.parametrize("nodes", ["1", "2", "6"])
def test_it_holds_for_clusters_of_other_sizes(nodes: str) -> None:
    """An oracle that is alone keeps the rows itself."""
    assert complaints("percolator/swarm", range(2), cluster__nodes=nodes) == []


def test_a_bank_has_all_of_its_money_in_every_snapshot() -> None:
    """Transfers write whatever they read, so nothing of them can be skewed: they are linearizable."""
    done = ran("percolator/every_fault", 1, workload__name="bank")
    assert {verdict.name for verdict in done.checks} >= {"linearizable", "bank"}
    assert [verdict.summary for verdict in done.checks if verdict.outcome != "valid"] == []


def test_most_seeds_show_write_skew_and_nothing_worse() -> None:
    """Two transactions that each read what the other one writes: G2-item, the one anomaly that snapshots allow."""
    for seed in range(4):
        (verdict,) = [one for one in ran("percolator/write_skew", seed).checks if one.name == "serializable"]
        assert (verdict.outcome, verdict.anomaly) == ("invalid", "G2-item")


def test_write_skew_is_within_what_is_claimed() -> None:
    """The same runs are valid at snapshot isolation, without any fault."""
    assert complaints("percolator/write_skew", range(2), expect__consistency="snapshot-isolation") == []


def test_locks_of_the_dead_are_cleaned_up() -> None:
    """Transactions are rolled back at their primaries while others go on."""
    for seed in range(3):
        done = ran("percolator/client_dies", seed)
        assert done.probes["owner dead"] > 1
        assert done.probes["primary committed"] > 50


def test_an_oracle_that_goes_back_is_noticed() -> None:
    """PC2 begins its last block anew: crashes of the oracle alone are enough to show it."""
    done = ran("percolator/oracle_restarts", 1, cluster__protocol="percolator~PC2")
    assert [one.name for one in done.checks if one.outcome == "invalid"] == ["snapshot-isolation"]


@pytest.mark.campaign
@pytest.mark.parametrize("name", SCENARIOS)
def test_it_holds_for_many_seeds(name: str) -> None:
    """Every shipped scenario, within the budget."""
    assert complaints(name, range(300)) == []
