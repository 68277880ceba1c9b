"""What Zab claims holds, and what it does not claim is really broken."""

from __future__ import annotations

import pytest

from tests.protocols.shipped_runs import complaints, outcomes

HOLDING = ("zab/swarm", "zab/every_fault", "zab/local_swarm", "zab/old_histories", "zab/synchronization")


@pytest.mark.parametrize("name", HOLDING)
def test_a_scenario_that_should_hold_holds(name: str) -> None:
    """Linearizable with syncs that a quorum confirms, sequentially consistent with local reads."""
    assert complaints(name, range(700, 704)) == []


@pytest.mark.parametrize("workload", ["kv", "cas-register"])
@pytest.mark.parametrize("name", ["zab/swarm", "zab/local_swarm"])
def test_zab_holds_for_every_workload_that_it_serves(name: str, workload: str) -> None:
    """The register is the workload of its scenarios."""
    assert complaints(name, range(2), workload__name=workload, scenario__duration="8s") == []


@pytest.mark.parametrize("nodes", ["1", "2", "3", "4", "7"])
def test_zab_holds_for_clusters_of_other_sizes(nodes: str) -> None:
    """A majority is a majority; one server is a majority of itself."""
    assert complaints("zab/swarm", range(2), cluster__nodes=nodes, scenario__duration="10s") == []


@pytest.mark.parametrize("name", ["zab/local_reads_are_stale", "zab/old_leader_syncs"])
def test_most_seeds_show_a_stale_read(name: str) -> None:
    """Local reads, and syncs that nobody confirms, are not linearizable, and the value that was read is told."""
    broken = [why for _, verdict, why in outcomes(name, range(300, 308)) if verdict == "invalid"]
    assert len(broken) > 4
    assert all(" read " in why for why in broken)


@pytest.mark.parametrize("name", ["zab/local_reads_are_stale", "zab/old_leader_syncs"])
def test_what_is_not_linearizable_is_sequentially_consistent_still(name: str) -> None:
    """The same runs, judged by what is claimed."""
    assert complaints(name, range(300, 304), expect__consistency="sequential") == []


@pytest.mark.campaign
@pytest.mark.parametrize("name", HOLDING)
def test_zab_holds_for_many_seeds(name: str) -> None:
    """Every shipped scenario, within the budget."""
    assert complaints(name, range(200)) == []
