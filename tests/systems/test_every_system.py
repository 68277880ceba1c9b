"""Every system holds where it should, and breaks where its limit is: with the check and in the words that are stated.

The table below is what the page about systems says. A system without a line in it, or without its two scenarios, is a
failure here.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor

import pytest

from chaoslab.plugins import registry
from chaoslab.runner import Run, run
from chaoslab.scenario import load_scenario
from chaoslab.scenario.shipped import scenario_path, shipped_scenarios
from chaoslab_systems import chaoslab_protocols

STALE: set[str | None] = {"stale read", "lost write", "new-old inversion", "not linearizable"}

LIMITS: dict[str, tuple[str, set[str | None]]] = {
    "bank_transfers": ("outage", {None}),
    "batch_job": ("deadline", {"deadline missed"}),
    "call_chain": ("availability", {None}),
    "cash_machine": ("cash", {"money from nothing", "money lost", "negative balance"}),
    "cassandra_like": ("linearizable", {"lost write", "stale read"}),
    "chat": ("reply-after-question", {"reply before its question"}),
    "client_server": ("carried-out-once", {"done twice"}),
    "content_delivery": ("staleness", {"stale read"}),
    "database_async": ("linearizable", STALE),
    "database_sync": ("outage", {None}),
    "dynamo_like": ("linearizable", STALE),
    "load_balancer": ("outage", {None}),
    "messenger": ("stays-seen", {"non-monotonic read"}),
    "name_service": ("linearizable", STALE),
    "online_banking": ("own-writes-seen", {"own write missed"}),
    "online_status": ("linearizable", STALE),
    "peer_membership": ("membership", {"false positive"}),
    "peer_ring": ("ring", {"broken ring"}),
    "photo_feed": ("linearizable", STALE),
    "ride_booking": ("linearizable", STALE),
    "ride_payment": ("paid-once", {"paid twice"}),
    "shared_document": ("nothing-lost", {"lost update"}),
    "shop_cart": ("nothing-lost", {"lost update"}),
    "sign_up": ("unique-names", {"name given twice"}),
    "social_feed": ("own-writes-seen", {"own write missed"}),
    "spanner_like": ("strict-serializable", {"G-single-realtime", "G1c-realtime", "G-nonadjacent-realtime"}),
    "video_comments": ("linearizable", {"stale read", "lost element"}),
    "zookeeper_like": ("linearizable", STALE),
}
"""The folder of a system: the check that fails at its limit, and the anomalies that it may be told as."""

FURTHER_LIMITS: dict[str, tuple[str, set[str | None]]] = {
    "batch_job/limit_counted_twice": ("counted-once", {"counted twice"}),
    "client_server/limit_one_server": ("outage", {None}),
    "content_delivery/limit_without_cache": ("outage", {None}),
    "load_balancer/limit_without_checks": ("availability", {None}),
}
"""The same of scenarios that show another limit of a system."""

ALL_LIMITS = {f"{system}/limit": told for system, told in LIMITS.items()} | FURTHER_LIMITS

FOLDERS = tuple(f"systems/{system}/" for system in LIMITS)
HOLDING = [name for name, _, _ in shipped_scenarios() if name.startswith(FOLDERS) and "/limit" not in name]


def one(job: tuple[str, int]) -> Run:
    name, seed = job
    return run(load_scenario(scenario_path(name), registry(), {}), seed)


def outcome(job: tuple[str, int]) -> tuple[int, str, str]:
    done = one(job)
    return done.seed, done.verdict, "; ".join(check.summary for check in done.checks if check.outcome != "valid")


@pytest.mark.parametrize("name", HOLDING)
def test_a_system_keeps_its_promise(name: str) -> None:
    """Whatever the faults of its scenario do, and with something promised."""
    found = [one((name, seed)) for seed in range(300, 303)]
    assert [(done.seed, done.checks) for done in found if done.verdict != "valid"] == []
    assert all({check.name for check in done.checks} > {"recovery"} or not done.injections for done in found)


@pytest.mark.parametrize("limit", ALL_LIMITS)
def test_most_seeds_show_the_limit_of_a_system(limit: str) -> None:
    """The check that is stated fails, told as what is stated."""
    check, anomalies = ALL_LIMITS[limit]
    found = [one((f"systems/{limit}", seed)) for seed in range(10)]
    told = [
        verdict.anomaly
        for done in found
        for verdict in done.checks
        if (verdict.name, verdict.outcome) == (check, "invalid")
    ]
    assert len(told) > 5
    assert set(told) <= anomalies


def test_every_system_has_its_scenarios_and_its_line() -> None:
    """And a scenario belongs to a system that is installed."""
    scenarios = [name.split("/") for name, _, _ in shipped_scenarios() if name.startswith("systems/")]
    own = {protocol.name for protocol in chaoslab_protocols()}
    for system in LIMITS:
        assert ["systems", system, "holds"] in scenarios
        assert ["systems", system, "limit"] in scenarios
    assert {"/".join(where) for _, *where in scenarios if where[-1].startswith("limit")} == set(ALL_LIMITS)
    for _, *where in scenarios:
        assert load_scenario(scenario_path("/".join(["systems", *where])), registry(), {}).protocol in own


@pytest.mark.campaign
@pytest.mark.parametrize("name", HOLDING)
def test_a_system_keeps_its_promise_for_many_seeds(name: str) -> None:
    """200 of them."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(outcome, [(name, seed) for seed in range(200)], chunksize=10))
    assert [(seed, why) for seed, verdict, why in found if verdict != "valid"] == []


def failures(job: tuple[str, int]) -> list[tuple[str, str | None]]:
    return [(check.name, check.anomaly) for check in one(job).checks if check.outcome == "invalid"]


@pytest.mark.campaign
@pytest.mark.parametrize("limit", ALL_LIMITS)
def test_most_of_many_seeds_show_the_limit_of_a_system(limit: str) -> None:
    """More than half of 200, in the words that are stated."""
    check, anomalies = ALL_LIMITS[limit]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(failures, [(f"systems/{limit}", seed) for seed in range(200)], chunksize=10))
    assert sum(check in dict(failed) for failed in found) > 100
    assert {anomaly for failed in found for name, anomaly in failed if name == check} <= anomalies
