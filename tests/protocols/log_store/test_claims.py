"""What a log store claims holds, with either workload and any number of nodes."""

from __future__ import annotations

import pytest

from chaoslab.plugins import registry
from chaoslab.runner import Run, run
from chaoslab.scenario import load_scenario
from chaoslab.scenario.shipped import scenario_path, shipped_scenarios

SCENARIOS = [name for name, _, _ in shipped_scenarios() if name.startswith("log_store/")]


def runs(name: str, seeds: range, **overrides: str) -> list[Run]:
    changes = {key.replace("__", "."): value for key, value in overrides.items()}
    return [run(load_scenario(scenario_path(name), registry(), changes), seed) for seed in seeds]


@pytest.mark.parametrize("name", SCENARIOS)
def test_its_scenarios_hold(name: str) -> None:
    """A few seeds of each; the campaign takes many."""
    assert [one.seed for one in runs(name, range(300, 304)) if one.verdict != "valid"] == []


@pytest.mark.parametrize("nodes", ["3", "4"])
@pytest.mark.parametrize("workload", ["queue", "log"])
def test_it_holds_for_other_numbers_of_nodes(nodes: str, workload: str) -> None:
    """Each topic lives on one of them."""
    found = runs(
        "log_store/every_fault",
        range(2),
        cluster__nodes=nodes,
        workload__name=workload,
        workload__rate="20/s",
        scenario__duration="10s",
    )
    assert [one.seed for one in found if one.verdict != "valid"] == []


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
    assert [one.seed for one in runs(name, range(300)) if one.verdict != "valid"] == []
