"""Outages of a zone: all of its nodes at once, counted as such by the budget, and checked when a scenario is read."""

from __future__ import annotations

from typing import Any

import pytest
import trio

import chaoslab as cl
from chaoslab.faults import ZoneOutage
from chaoslab.nemesis import Budget, Nemesis, Step
from chaoslab.plugins import registry
from chaoslab.scenario import parse_scenario, scenario_to_toml
from chaoslab.statemachine import Context, Effects, Send
from tests.faults.process_programs import LISTENERS, told

S = 10**9
ZONES = {"n1": "east", "n2": "east", "n3": "west"}


@pytest.mark.parametrize("code", LISTENERS)
@pytest.mark.parametrize("mode", ["crash", "partition"])
def test_an_outage_hits_the_whole_zone_and_nothing_else(code: Any, mode: str) -> None:
    """Without power its nodes are down; without network nothing gets in or out, and inside all goes on."""

    async def then(cluster: cl.Cluster) -> None:
        cluster.zones.update(ZONES)
        await trio.sleep(0.5)
        injection = cluster.inject(cl.zone_outage("east", mode=mode))
        await trio.sleep(0.5)
        up = [name for name, host in cluster.nodes.items() if host.alive]
        assert up == (["n3"] if mode == "crash" else ["n1", "n2", "n3"])
        cluster.heal(injection)
        assert injection.took_effect
        assert not cluster.network._rules
        assert all(host.clear for host in cluster.nodes.values())
        await trio.sleep(0.2)

    heard = told(code, then, nodes=3)
    during = [what for what, time in heard if 0.51 < time < 0.99 and what != "tick"]
    assert len(during) == (0 if mode == "crash" else 48)  # of the neighbour in its zone, not of n3


def test_an_outage_counts_as_all_nodes_of_the_zone() -> None:
    """Two of three are no minority; cut off from the network they are not down at all."""

    async def then(cluster: cl.Cluster) -> None:
        cluster.zones.update(ZONES)
        plan = tuple(
            Step(name=name, fault=fault, target="", begin_ns=S, end_ns=2 * S)
            for name, fault in (
                ("big", ZoneOutage(zone="east")),
                ("cut", ZoneOutage(zone="east", mode="partition")),
                ("small", ZoneOutage(zone="west")),
            )
        )
        nemesis = Nemesis(cluster, plan, Budget(down="minority"))
        nemesis.begin()
        await trio.sleep(3)
        assert [missed.step.name for missed in nemesis.not_done] == ["big"]
        assert "2 of 3 nodes would be down" in nemesis.not_done[0].why
        assert [injection.targets for injection in cluster.injections] == [("n1", "n2"), ("n3",)]

    told(LISTENERS[0], then, nodes=3)


class Placing:
    """The first node keeps a value in memory and gives a copy to a node of another zone."""

    looks_at_zones = True

    def __init__(self, context: Context) -> None:
        self.context = context
        self.value: Any = None

    def start(self) -> Effects:
        if self.context.name != "n1":
            return None
        self.value = 42
        zones = self.context.zones
        elsewhere = [peer for peer in self.context.peers if zones[peer] != zones["n1"] or not self.looks_at_zones]
        return [Send(elsewhere[0], 42)]

    def message(self, sender: str, message: Any) -> Effects:
        self.value = message
        return None

    def timer(self, name: str) -> Effects:
        return None


class Crowding(Placing):
    """Wrong: it gives the copy to its neighbour in the rack."""

    looks_at_zones = False


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("code", "survives"), [(Crowding, False), (Placing, True)])
def test_an_outage_finds_copies_that_stand_together(seed: int, code: Any, survives: bool) -> None:
    """Whoever is up still has the value, if it was placed with care; a crash of one node shows no difference."""

    async def main(cluster: cl.Cluster) -> list[bool]:
        cluster.zones.update(ZONES)
        cluster.start(code, nodes=3)
        seen = []
        for fault in (cl.crash("n1"), cl.zone_outage("east")):
            await trio.sleep(1)
            with cluster.faults(fault):
                seen.append(any(host.alive and host.machine.value for host in cluster.nodes.values()))  # type: ignore[attr-defined]
        return seen

    assert cl.run(main, seed=seed) == [True, survives]


SCENARIO = """\
[cluster]
protocol = "abd"
nodes = 3
{zones}

[workload]
name = "register"

[[fault]]
kind = "zone-outage"
zone = "z2"
"""


def test_a_zone_that_does_not_exist_is_told_with_its_line() -> None:
    """Both when there are others and when there are none."""
    read = parse_scenario(SCENARIO.format(zones="zones = 3"), registry())
    assert read.faults[0].fault == ZoneOutage(zone="z2")
    assert parse_scenario(scenario_to_toml(read), registry()) == read
    for zones, words in (('zones = { z1 = "n1 n2 n3" }', "unknown zone 'z2'; did you mean 'z1'"), ("", "no zones")):
        with pytest.raises(cl.ScenarioError, match=words) as error:
            parse_scenario(SCENARIO.format(zones=zones), registry(), file="s.toml")
        assert (error.value.line, error.value.key) == (11, "fault.zone")


def test_a_zone_without_nodes_is_refused_in_python_too() -> None:
    """Where there is no file to check."""

    async def then(cluster: cl.Cluster) -> None:
        with pytest.raises(cl.UsageError, match="no zones"):
            cluster.inject(cl.zone_outage("east"))
        cluster.zones.update(ZONES)
        with pytest.raises(cl.UsageError, match=r"unknown zone 'eats'; did you mean 'east'"):
            cluster.inject(cl.zone_outage("eats"))

    told(LISTENERS[0], then, nodes=3)
