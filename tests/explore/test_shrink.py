"""Shrinking: what is left still fails in the same way, says everything itself, and is small."""

from __future__ import annotations

import functools

import attrs
import pytest

from chaoslab.errors import UsageError
from chaoslab.explore.mutants import hunt, scenarios_for
from chaoslab.explore.recording import Recording, parse_recording, record, replay
from chaoslab.explore.shrink import Shrunk, shrink
from chaoslab.explore.shrink.rewriting import request_of
from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import load_scenario, parse_scenario, scenario_to_toml
from chaoslab.scenario.shipped import scenario_path

SCENARIO = load_scenario(scenario_path("primary_backup/failover"), registry(), {"scenario.duration": "12s"})


@functools.cache
def failing() -> tuple[Recording, ...]:
    """Return recordings of some runs that do not hold."""
    runs = [run(SCENARIO, seed) for seed in range(400, 412)]
    return tuple(record(done) for done in runs if done.verdict == "invalid")[:3]


@functools.cache
def shrunk() -> tuple[Shrunk, ...]:
    """Return what became of them."""
    return tuple(shrink(recording) for recording in failing())


def test_it_never_grows_and_most_is_gone() -> None:
    """One partition and a handful of operations explain a lost write."""
    assert len(shrunk()) == 3
    for one in shrunk():
        assert one.complete
        assert one.after.faults <= one.before.faults
        assert one.after.operations <= one.before.operations
        assert one.after.deviations <= one.before.deviations
        assert one.after.faults == 1
        assert one.after.operations <= 4


def test_what_is_left_fails_in_the_same_way_from_its_text_alone() -> None:
    """The scenario file needs no recording, no seed and no nemesis of the run that it came from."""
    for before, after in zip(failing(), shrunk(), strict=True):
        scenario = parse_scenario(scenario_to_toml(after.recording.scenario), registry())
        again = run(scenario, scenario.seed or 0)
        assert again.trace_hash == after.recording.trace_hash
        first = run(before.scenario, before.seed, plan=before.plan)
        assert [(v.name, v.anomaly) for v in again.checks if v.outcome == "invalid"] == [
            (v.name, v.anomaly) for v in first.checks if v.outcome == "invalid"
        ]


def test_what_is_left_replays() -> None:
    """Its recording is one like any other."""
    for one in shrunk():
        assert replay(one.recording).verdict == "invalid"


def test_nothing_that_is_left_can_be_left_out() -> None:
    """Without any one of its operations or faults the run holds, or fails in another way."""
    scenario = shrunk()[0].recording.scenario
    (bad,) = [verdict for verdict in run(scenario, scenario.seed or 0).checks if verdict.outcome == "invalid"]
    for field in ("operations", "faults"):
        items = getattr(scenario, field)
        for left_out in range(len(items)):
            rest = tuple(item for number, item in enumerate(items) if number != left_out)
            if field == "operations" and not rest:
                continue
            checks = run(attrs.evolve(scenario, **{field: rest}), scenario.seed or 0).checks
            assert not any(v.outcome == "invalid" and v.anomaly == bad.anomaly for v in checks)


def test_it_stops_at_its_limit_with_the_smallest_so_far() -> None:
    """A few runs are enough for something; it says that there might be more."""
    some = shrink(failing()[0], runs_max=6)
    assert not some.complete
    assert some.runs == 6
    assert some.after.operations <= some.before.operations
    assert replay(some.recording).verdict == "invalid"


def test_a_run_that_holds_cannot_be_shrunk() -> None:
    """There is nothing to keep."""
    calm = load_scenario(scenario_path("primary_backup/calm"), registry(), {"scenario.duration": "3s"})
    with pytest.raises(UsageError, match="nothing to shrink"):
        shrink(record(run(calm, 0)))


def test_a_claimed_bound_on_staleness_is_written_into_what_is_left() -> None:
    """What is left names the bound that was broken, and still breaks it."""
    text = scenario_to_toml(load_scenario(scenario_path("cache/databases_cut_off"), registry()))
    planted = parse_scenario(text.replace('"cache"', '"cache~N6"', 1), registry())
    failed = next(done for seed in range(20) if (done := run(planted, seed)).verdict == "invalid")
    left = shrink(record(failed), runs_max=10).recording.scenario
    assert left.expect.staleness_ns == 1_734_000_000
    again = run(parse_scenario(scenario_to_toml(left), registry()), left.seed or 0)
    assert ("staleness", "invalid") in [(one.name, one.outcome) for one in again.checks]


def test_a_fault_that_waits_for_something_goes_on_waiting_for_it() -> None:
    """Without most operations it comes at another moment; at the moment of the first run it would hit nothing."""
    path = scenario_path("multi_paxos/promises")
    scenario = load_scenario(path, registry(), {"cluster.protocol": "multi-paxos~P1", "scenario.duration": "10s"})
    failing = next(done for seed in range(60) if (done := run(scenario, seed)).verdict == "invalid")
    after = shrink(record(failing), runs_max=120)
    assert any(request.schedule.when for request in after.recording.scenario.faults)
    assert after.after.operations < after.before.operations / 4
    assert after.after.faults < after.before.faults / 2


def test_strikes_that_are_written_out_do_what_they_did() -> None:
    """Each comes after what it waited for: what a leader sent as it was elected is on its way when it is cut off."""
    scenario = load_scenario(scenario_path("raft/split_votes"), registry(), {"scenario.duration": "6s"})
    first = run(scenario, 0)
    assert sum(one.awaited is not None for one in first.injections) > 2
    faults = tuple(request_of(one, scenario.duration_ns) for one in first.injections)
    again = run(attrs.evolve(scenario, faults=faults, beyond_budget=True), 0)
    assert again.history.operations() == first.history.operations()


def test_no_fault_that_is_left_strikes_again_and_again() -> None:
    """Where it has to strike more than once, the strikes are written out, and those that matter are left."""
    path = scenario_path("raft/elections")
    scenario = load_scenario(path, registry(), {"cluster.protocol": "raft~R2"})
    failing = next(done for seed in range(60) if (done := run(scenario, seed)).verdict == "invalid")
    after = shrink(record(failing))
    conditions = [request.schedule.when for request in after.recording.scenario.faults]
    assert not any(condition is not None and condition.again for condition in conditions)
    assert after.after.faults <= 6


@pytest.mark.parametrize("protocol", ["crdt-counter", "crdt-set"])
def test_what_is_wrong_in_the_end_is_still_asked_for_in_the_end(protocol: str) -> None:
    """Two replicas that were asked too soon differ for everybody: what is left holds on the correct protocol."""
    mutant = next(one for one in registry().mutants.values() if one.protocol == protocol)
    found = hunt(mutant.id, scenarios_for(mutant), 0, 100).found
    assert found is not None
    scenario = shrink(parse_recording(found.recording)).recording.scenario
    assert scenario.operations
    assert run(scenario, scenario.seed or 0).verdict == "invalid"
    assert run(attrs.evolve(scenario, protocol=protocol), scenario.seed or 0).verdict == "valid"
