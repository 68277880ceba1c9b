"""A cache in front is available without its origin, and as old as its bound allows when a purge is lost."""

from __future__ import annotations

import attrs

from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import Scenario, load_scenario
from chaoslab.scenario.shipped import scenario_path


def scenario(name: str) -> Scenario:
    return load_scenario(scenario_path(f"systems/content_delivery/{name}"), registry())


def test_the_cache_is_more_available_than_its_origin() -> None:
    """With the same work and the same faults: their scenarios differ by how long an edge keeps what it has."""
    cached, alone = scenario("holds"), scenario("limit_without_cache")
    same = [attrs.evolve(one, title="", topic="", settings=None) for one in (cached, alone)]
    assert same[0] == same[1]
    for seed in range(3):
        with_cache, without = (run(one, seed).service_levels for one in (cached, alone))
        assert with_cache.availability > without.availability
        assert with_cache.longest_outage_ns < without.longest_outage_ns


def test_it_is_the_lost_purges_that_make_the_cache_stale() -> None:
    """With the same work and no fault the same bound is kept."""
    lost = scenario("limit")
    kept = attrs.evolve(lost, faults=())
    assert [run(kept, seed).verdict for seed in range(3)] == ["valid"] * 3
    assert [run(lost, seed).verdict for seed in range(3)] == ["invalid"] * 3
