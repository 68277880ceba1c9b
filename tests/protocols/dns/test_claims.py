"""What a domain name system claims holds; it is not linearizable, and its bound is not a generous one."""

from __future__ import annotations

import pytest

from tests.protocols.shipped_runs import complaints, runs, scenarios_in

HOLDING = [name for name in scenarios_in("dns") if not name.endswith("reads_stale")]


@pytest.mark.parametrize("name", HOLDING)
def test_its_scenarios_hold(name: str) -> None:
    """Bounded staleness, agreement at the end, and recovery."""
    found = runs(name, range(400, 403))
    assert [one.seed for one in found if one.verdict != "valid"] == []
    assert all({"eventual", "staleness"} <= {check.name for check in one.checks} for one in found)


@pytest.mark.parametrize("nodes", ["7", "10"])
def test_it_holds_for_other_numbers_of_nodes(nodes: str) -> None:
    """More nodes are more resolvers."""
    assert complaints("dns/swarm", range(2), cluster__nodes=nodes) == []


def test_most_seeds_show_that_a_name_system_is_not_linearizable() -> None:
    """A client resolves a name to what had been replaced."""
    found = runs("dns/reads_stale", range(10))
    assert sum(one.verdict == "invalid" for one in found) > 5


def test_half_of_the_bound_is_not_kept() -> None:
    """So it is a bound that a run comes near to, not one that nothing could exceed."""
    found = runs("dns/cut_off", range(20), expect__staleness="1020ms")
    assert "stale read" in [check.anomaly for one in found for check in one.checks if check.outcome == "invalid"]


@pytest.mark.campaign
@pytest.mark.parametrize("name", HOLDING)
def test_its_scenarios_hold_for_many_seeds(name: str) -> None:
    """Every shipped fault of its budget."""
    assert complaints(name, range(300)) == []


def test_an_older_plan_over_a_newer_one_leaves_an_empty_record() -> None:
    """With the mistake planted, the cleanup deletes what the record says; without it, that never happens."""
    planted = runs("dns/slow_enactors", range(10), cluster__protocol="dns~N5")
    assert any(one.probes.get("record emptied") for one in planted)
    correct = runs("dns/slow_enactors", range(10))
    assert not any(one.probes.get("record emptied") for one in correct)
    assert all(one.probes.get("outdated plan") for one in correct)
