"""What the protocols claim holds, and what they do not claim is really broken."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor

import pytest

from chaoslab.scenario.shipped import shipped_scenarios
from tests.protocols.shipped_runs import complaints, outcome, outcomes, scenarios_in


@pytest.mark.parametrize(
    "name", ["abd/partition", "abd/every_fault", "abd/bad_network", "single_copy/crash", "primary_backup/calm"]
)
def test_a_scenario_that_should_hold_holds(name: str) -> None:
    """For whatever seed."""
    assert complaints(name, range(100, 106)) == []


@pytest.mark.parametrize("nodes", ["3", "4", "7"])
def test_abd_holds_for_clusters_of_other_sizes(nodes: str) -> None:
    """A majority is a majority."""
    assert complaints("abd/every_fault", range(3), cluster__nodes=nodes, scenario__duration="10s") == []


@pytest.mark.parametrize("name", scenarios_in("raft"))
def test_raft_holds_in_its_scenarios(name: str) -> None:
    """A few seeds of each; the campaign below takes many."""
    assert complaints(name, range(2)) == []


GROUPS = ("chain_replication/", "primary_backup/synchronous_")


@pytest.mark.parametrize("name", [name for name, _, _ in shipped_scenarios() if name.startswith(GROUPS)])
def test_chains_and_synchronous_backups_hold_in_their_scenarios(name: str) -> None:
    """A few seeds of each; the campaign below takes many."""
    assert complaints(name, range(2)) == []


@pytest.mark.parametrize("nodes", ["2", "3", "7"])
@pytest.mark.parametrize(
    "name", ["chain_replication/swarm", "chain_replication/craq_swarm", "primary_backup/synchronous_swarm"]
)
def test_chains_and_synchronous_backups_hold_for_clusters_of_other_sizes(name: str, nodes: str) -> None:
    """A chain may be one server, and a primary may have no backup: the last node is the master."""
    assert complaints(name, range(2), cluster__nodes=nodes, scenario__duration="10s") == []


@pytest.mark.campaign
@pytest.mark.parametrize("name", [name for name, _, _ in shipped_scenarios() if name.startswith(GROUPS)])
def test_chains_and_synchronous_backups_hold_for_many_seeds(name: str) -> None:
    """Every shipped scenario, within their budgets."""
    with ProcessPoolExecutor() as pool:
        found = list(pool.map(outcome, [(name, seed, {}) for seed in range(200)], chunksize=10))
    assert [(seed, why) for seed, verdict, why in found if verdict != "valid"] == []


@pytest.mark.parametrize("reads", ["lease", "log"])
@pytest.mark.parametrize("name", ["raft/partitions", "raft/snapshots"])
def test_raft_holds_however_it_reads(name: str, reads: str) -> None:
    """The claim is the same for every way of reading."""
    assert complaints(name, range(2), cluster__settings__reads=reads) == []


@pytest.mark.parametrize("workload", ["kv", "cas-register"])
def test_raft_holds_for_every_workload_that_it_serves(workload: str) -> None:
    """The register is the workload of its scenarios."""
    assert complaints("raft/partitions", range(2), workload__name=workload) == []


@pytest.mark.parametrize("nodes", ["1", "2", "3", "4", "7"])
def test_raft_holds_for_clusters_of_other_sizes(nodes: str) -> None:
    """A majority is a majority; one server is a majority of itself."""
    text = {"cluster__nodes": nodes, "scenario__duration": "10s"}
    assert complaints("raft/swarm", range(2), **text) == []


def test_most_seeds_show_that_asynchronous_replication_loses_writes() -> None:
    """The violation does not depend on a lucky seed, and it is told as a value that went missing or came back."""
    found = outcomes("primary_backup/failover", range(200, 220))
    broken = [why for _, verdict, why in found if verdict == "invalid"]
    assert len(broken) > 10
    assert all(" read " in why for why in broken)


@pytest.mark.campaign
@pytest.mark.parametrize("name", ["abd/partition", "abd/every_fault", "abd/bad_network"])
def test_abd_holds_for_two_thousand_seeds(name: str) -> None:
    """Every shipped fault, within the budget of ABD."""
    with ProcessPoolExecutor() as pool:
        found = list(pool.map(outcome, [(name, seed, {}) for seed in range(2000)], chunksize=20))
    assert len(found) == 2000
    assert [(seed, why) for seed, verdict, why in found if verdict != "valid"] == []


@pytest.mark.campaign
def test_primary_and_backup_are_violated_by_most_of_five_hundred_seeds() -> None:
    """A number for the page about the protocol."""
    with ProcessPoolExecutor() as pool:
        found = list(pool.map(outcome, [("primary_backup/failover", seed, {}) for seed in range(500)], chunksize=20))
    broken = sum(verdict == "invalid" for _, verdict, _ in found)
    print(f"violated by {broken} of {len(found)} seeds")  # noqa: T201 - the figure is what the campaign is for
    assert broken > 250


@pytest.mark.campaign
@pytest.mark.parametrize("name", scenarios_in("raft"))
def test_raft_holds_for_many_seeds(name: str) -> None:
    """Every shipped scenario, within the budget of Raft."""
    with ProcessPoolExecutor() as pool:
        found = list(pool.map(outcome, [(name, seed, {}) for seed in range(200)], chunksize=10))
    assert [(seed, why) for seed, verdict, why in found if verdict != "valid"] == []
