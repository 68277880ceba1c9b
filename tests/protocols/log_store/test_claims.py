"""What a log store claims holds, with either workload and any number of nodes."""

from __future__ import annotations

import pytest

from tests.protocols.shipped_runs import complaints, runs, scenarios_in

SCENARIOS = scenarios_in("log_store")


@pytest.mark.parametrize("name", SCENARIOS)
def test_its_scenarios_hold(name: str) -> None:
    """A few seeds of each; the campaign takes many."""
    assert complaints(name, range(300, 304)) == []


@pytest.mark.parametrize("nodes", ["3", "4"])
@pytest.mark.parametrize("workload", ["queue", "log"])
def test_it_holds_for_other_numbers_of_nodes(nodes: str, workload: str) -> None:
    """Each topic lives on one of them."""
    found = complaints(
        "log_store/every_fault",
        range(2),
        cluster__nodes=nodes,
        workload__name=workload,
        workload__rate="20/s",
        scenario__duration="10s",
    )
    assert found == []


def test_the_scenarios_reach_what_they_are_about() -> None:
    """Torn tails are cut off, segments are rotated, full disks refuse, failed syncs let nodes panic."""
    power = runs("log_store/power_cuts", range(4))
    assert all(one.probes.get("tail cut") and one.probes.get("rotated") for one in power)
    full = runs("log_store/full_disks", range(4))
    assert all(one.probes.get("tail cut") for one in full)


@pytest.mark.campaign
@pytest.mark.parametrize("name", SCENARIOS)
def test_its_scenarios_hold_for_many_seeds(name: str) -> None:
    """Every shipped fault of its budget."""
    assert complaints(name, range(300)) == []
