"""What a fault is replaced with when a failure is made small."""

from __future__ import annotations

import attrs
import pytest

from chaoslab.choices import Choices
from chaoslab.explore.recording import record
from chaoslab.explore.shrink import shrink
from chaoslab.explore.shrink.plainer import plainer
from chaoslab.faults import Amnesia, Clog, Crash, Drop, Flapping, Partition, RollingRestart
from chaoslab.faults.scene import Scene
from chaoslab.nemesis import FaultRequest, Schedule
from chaoslab.net import Match
from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import Scenario, load_scenario
from chaoslab.scenario.shipped import scenario_path
from chaoslab.units import NS_PER_S

NODES = ("n1", "n2", "n3", "n4", "n5")


def words(request: FaultRequest) -> list[str]:
    """Return what may be tried in place of *request*, in the words of a report."""
    return [one.fault.describe(tuple(one.target.split())) for one in plainer(request, NODES)]


def test_restarts_of_whatever_kind_become_one_crash_of_one_node() -> None:
    """Whoever reads it looks at one life that ended."""
    assert words(FaultRequest(fault=RollingRestart(), target="n1 n3"))[:3] == ["crash: n1", "crash: n3", "crash: n1 n3"]
    assert words(FaultRequest(fault=Amnesia(), target="n2")) == ["crash: n2"]


def test_a_network_that_limps_becomes_one_node_cut_off() -> None:
    """Of the nodes that it was about, if it was about some; else of all in turn."""
    assert words(FaultRequest(fault=Clog(), target="n2")) == ["partition: n2 | rest"]
    assert words(FaultRequest(fault=Drop(ratio=0.2))) == [f"partition: {name} | rest" for name in NODES]
    assert words(FaultRequest(fault=Flapping(groups="n1 n2 n3 | n4 n5")))[:3] == [
        "partition: n4 | rest",
        "partition: n5 | rest",
        "partition: n1 | rest",
    ]


def test_a_partition_of_many_becomes_that_of_one() -> None:
    """Then of a side; one that is of one node already stays."""
    split = words(FaultRequest(fault=Partition(groups="n1 n2 | n3 n4 | n5")))
    assert split[:2] == ["partition: n5 | rest", "partition: n1 | rest"]
    assert split[-2:] == ["partition: n1 n2 | rest", "partition: n3 n4 | rest"]
    assert words(FaultRequest(fault=Partition(groups="n1 | rest"))) == []
    assert words(FaultRequest(fault=Partition(groups="n1 | rest", one_way=True))) == ["partition: n1 | rest"]


def test_fewer_nodes_are_hit_and_nothing_is_said_that_need_not_be() -> None:
    """A crash of three becomes that of one, or of two; what becomes of unsynced writes is as usual."""
    assert words(FaultRequest(fault=Crash(unsynced="kept"), target="n1 n2 n3")) == [
        *(f"crash: {name}, unsynced writes kept" for name in ("n1", "n2", "n3", "n2 n3", "n1 n3", "n1 n2")),
        "crash: n1 n2 n3",
    ]


def test_a_fault_that_picks_its_messages_keeps_its_kind() -> None:
    """Somebody said exactly what is to be lost."""
    chosen = FaultRequest(fault=Drop(ratio=1.0, match=Match(message=("Vote",))))
    assert all(one.fault.kind == "drop" for one in plainer(chosen, NODES))


@pytest.mark.parametrize("kind", list(registry().faults))
def test_it_comes_to_an_end(kind: str) -> None:
    """Whatever is chosen, every kind becomes as plain as it gets in a few steps, and stays what it is about."""
    scene = Scene(
        nodes=NODES, duration_ns=10 * NS_PER_S, versions=("a", "b"), streams=True, kinds=dict(registry().faults)
    )
    draws = Choices(1).stream(f"test {kind}")
    for _ in range(30):
        drawn = getattr(registry().faults[kind], "drawn", None)
        fault = drawn(scene, draws) if drawn is not None else None
        if fault is None:
            return
        request = FaultRequest(fault=fault, target="n1 n2", schedule=Schedule(at_ns=0, for_ns=NS_PER_S))
        for _ in range(30):
            candidates = [one for one in plainer(request, NODES) if one != request]
            if not candidates:
                break
            request = draws.pick(candidates)
            assert request.schedule == Schedule(at_ns=0, for_ns=NS_PER_S)
        else:
            pytest.fail(f"{fault} goes on and on: {request}")


def _failing(scenario: Scenario) -> Scenario:
    """Return what the first run of *scenario* that does not hold is made into."""
    failed = next(done for seed in range(40) if (done := run(scenario, seed)).verdict == "invalid")
    return shrink(record(failed)).recording.scenario


@pytest.mark.parametrize(
    "fault",
    [Flapping(groups="n1 n2 | n3"), Clog(share=0.8), Drop(ratio=0.5), Partition(groups="n1 | n2 | n3", one_way=True)],
    ids=lambda fault: fault.kind,
)
def test_one_bug_comes_out_under_one_name(fault: object) -> None:
    """A backup that is promoted without hearing of everything: however messages are kept from it."""
    scenario = load_scenario(scenario_path("primary_backup/failover"), registry(), {"scenario.duration": "12s"})
    every = Schedule(at_ns=NS_PER_S, for_ns=9 * NS_PER_S)
    limping = attrs.evolve(
        scenario, faults=(FaultRequest(fault=fault, schedule=every),), nemeses=(), beyond_budget=True
    )
    (left,) = _failing(limping).faults
    assert left.fault.kind == "partition"
    assert left.fault.describe(()) in {f"partition: n{number} | rest" for number in (1, 2, 3)}
