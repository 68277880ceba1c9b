"""Zones, the ways between them, and nodes of different speed: what changes, and who relied on what does not hold."""

from __future__ import annotations

import itertools
from typing import Any

import attrs
import pytest
import trio

import chaoslab as cl
from chaoslab.faults import Heterogeneous, ReRoute
from chaoslab.faults.topology import zone_route
from chaoslab.net.latency import Constant, Uniform
from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import Scenario, parse_scenario, scenario_to_toml

MS = 1_000_000
ZONES = {"n1": "east", "n2": "east", "n3": "west", "n4": "south"}
SEEDS = range(6)


def ms(value: float) -> Constant:
    return Constant(value_ns=int(value * MS))


def delays(*faults: Any, between: dict[tuple[str, str], Any] | None = None) -> dict[str, float]:
    """Return how many milliseconds a message takes between nodes and a client, with 1 ms as the usual latency."""
    took: dict[str, float] = {}

    async def serve(node: cl.Node) -> None:
        while True:
            message = await node.recv()
            took[f"{message.sender}>{node.name}"] = (trio.current_time() - message.body) * 1000

    async def call(node: cl.Node, invocation: cl.Invocation) -> None:
        for target in invocation.value:
            node.send(target, trio.current_time())

    async def main(cluster: cl.Cluster) -> Any:
        cluster.zones.update(ZONES)
        if between:
            cluster.network.add_route(zone_route(cluster.zone, between))
        cluster.start(serve, nodes=4, client=call)
        (client,) = cluster.add_clients(1)
        await trio.sleep(1)
        links = [cluster.network.link(*pair) for pair in itertools.product(ZONES, repeat=2) if len(set(pair)) == 2]
        before = [link.sample for link in links]
        with cluster.faults(*faults):
            client.invoke(cl.Invocation(f="send", value=("n2", "n3")))
            for link in links:
                cluster.network.send(link, trio.current_time())
            await trio.sleep(1)
        assert [link.sample for link in links] == before or between
        return [injection.took_effect for injection in cluster.injections]

    effects = cl.run(main, latency=0.001)
    assert all(effects)
    return {link: round(milliseconds, 3) for link, milliseconds in took.items()}


def test_zones_have_latencies_between_them_in_either_direction() -> None:
    """A client is in the zone of its home; what is not told is as usual."""
    took = delays(between={("east", "west"): ms(80), ("east", "east"): ms(0.5)})
    assert took["n1>n3"] == took["n3>n2"] == took["c1>n3"] == 80
    assert took["n1>n2"] == took["c1>n2"] == 0.5
    assert took["n3>n4"] == took["n4>n1"] == 1


def test_a_re_route_replaces_the_latency_between_groups_and_nowhere_else() -> None:
    """The usual one is back after the heal; with a matrix of zones it lies on top."""
    route = ReRoute(between="n1 n2 | n3", latency=ms(200))
    took = delays(route, between={("east", "west"): ms(80)})
    assert took["n1>n3"] == took["n3>n2"] == took["c1>n3"] == 200
    assert took["n1>n2"] == took["n1>n4"] == took["n3>n4"] == 1
    took = delays(attrs.evolve(route, one_way=True))
    assert (took["n1>n3"], took["n3>n1"]) == (200, 1)


def test_re_routes_lie_on_top_of_each_other_and_go_in_any_order() -> None:
    """Each heal takes away its own."""

    async def main(cluster: cl.Cluster) -> list[int]:
        async def serve(node: cl.Node) -> None:
            await node.recv()

        cluster.start(serve, nodes=3)
        link = cluster.network.link("n1", "n2")
        first = cluster.inject(ReRoute(between="n1 | n2", latency=ms(10)))
        second = cluster.inject(ReRoute(between="n1 n3 | n2", latency=ms(20)))
        third = cluster.inject(Heterogeneous(factor=3.0), ("n1",))
        seen = [link.sample(0.5)]
        for injection in (second, third, first):
            cluster.heal(injection)
            cluster.heal(injection)
            seen.append(link.sample(0.5))
        return seen

    slowest, two, one, usual = cl.run(main, latency=0.001)
    assert 20 * MS < slowest < 60 * MS
    assert (slowest - 20 * MS) == pytest.approx(2 * (two - 10 * MS), abs=2)
    assert (one, usual) == (10 * MS, MS)


def test_nodes_of_different_speed_draw_a_factor_each_and_the_slower_end_counts() -> None:
    """From 1 up to the largest; both directions of a link alike."""
    took = delays(Heterogeneous(factor=10.0))
    assert all(1 <= milliseconds <= 10 for milliseconds in took.values())
    assert took["n1>n3"] == took["n3>n1"]
    slowest = max(took.values())
    (slow,) = (name for name in ZONES if all(t == slowest for link, t in took.items() if name in link.split(">")))
    assert slow
    assert len(set(took.values())) > 2


# Programs that are wrong


def held_twice(seed: int, *faults: Any, fenced: bool) -> bool:
    """Whether two nodes hold the lock at once: n1 hands it on when its holder has not answered for 100 ms.

    *fenced*: it waits until the lease, which the holder gives up by itself, is over.
    """
    held: dict[str, tuple[float, float]] = {}
    overlap = False

    async def main(cluster: cl.Cluster) -> None:
        async def keeper(node: cl.Node) -> None:
            for number in itertools.count():
                holder = f"n{2 + number % 2}"
                lease_ends = node.monotonic() + 0.5
                try:
                    await node.call(holder, "hold", timeout=0.1)
                except TimeoutError:
                    if fenced:
                        await node.sleep(lease_ends - node.monotonic())

        async def holder(node: cl.Node) -> None:
            nonlocal overlap
            while True:
                message = await node.recv()
                begun = trio.current_time()
                await node.sleep(0.03)
                held[node.name] = (begun, trio.current_time())
                other = held.get("n2" if node.name == "n3" else "n3", (0.0, 0.0))
                overlap = overlap or other[1] > begun
                message.reply()

        async def serve(node: cl.Node) -> None:
            await (keeper(node) if node.name == "n1" else holder(node))

        cluster.start(serve, nodes=3)
        await trio.sleep(1)
        with cluster.faults(*faults):
            await trio.sleep(10)

    cl.run(main, seed=seed, latency=Uniform(low_ns=1 * MS, high_ns=5 * MS))
    return overlap


@pytest.mark.parametrize(
    "fault",
    [ReRoute(between="n1 | n2", latency=Uniform(low_ns=80 * MS, high_ns=120 * MS)), Heterogeneous(factor=60.0)],
    ids=lambda fault: fault.kind,
)
def test_who_takes_a_slow_node_for_a_dead_one_is_found(fault: Any) -> None:
    """A timeout tuned to the usual latency hands the lock on while it is held; waiting for the lease does not."""
    assert any(held_twice(seed, fault, fenced=False) for seed in SEEDS)
    assert not any(held_twice(seed, fault, fenced=True) for seed in SEEDS)
    assert not any(held_twice(seed, fenced=False) for seed in SEEDS)


# Scenarios

TEXT = """
[scenario]
duration = "3s"
[cluster]
protocol = "abd"
nodes = 3
zones = { east = "n1 n2", "far west" = "n3" }
[network]
latency = "1ms"
[network.zones]
"east" = "2ms"
[clock]
epsilon = "3ms"
[workload]
name = "register"
"""
ZONED = TEXT.replace('"far west"', "west").replace('"east" = "2ms"', '"east" = "2ms"\n"east west" = "80ms"')


def read(text: str) -> Scenario:
    return parse_scenario(text, registry(), file="s.toml")


def test_a_scenario_states_latencies_between_zones_and_writes_them_back() -> None:
    """And its operations take as long as the ways between the zones."""
    scenario = read(ZONED)
    assert scenario.zone_latency == ((("east", "east"), ms(2)), (("east", "west"), ms(80)))
    assert scenario.epsilon_ns == 3 * MS
    assert read(scenario_to_toml(scenario)) == scenario
    far = run(scenario, 1).service_levels.latencies.p99_ns
    near = run(read(ZONED.replace("80ms", "2ms")), 1).service_levels.latencies.p99_ns
    assert far is not None
    assert near is not None
    assert near < 20 * MS < 160 * MS <= far  # the client beside n3 needs east for a majority
    assert read(TEXT).zones == (("east", "n1 n2"), ("far west", "n3"))


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('"east west" = "80ms"', '"east wst" = "80ms"', 12, "unknown zone 'wst'"),
        ('"east west" = "80ms"', '"east west south" = "80ms"', 12, "is no pair of zones"),
        ('"east west" = "80ms"', '"east west" = "80ms"\n"west east" = "1ms"', 13, "is told twice"),
        ('"east west" = "80ms"', '"east west" = "80"', 12, "has no unit"),
        ('zones = { east = "n1 n2", west = "n3" }\n', "", 10, "the cluster has no zones"),
        ('epsilon = "3ms"', 'epsilon = "0s"', 14, "no source of true time is exact"),
        ('epsilon = "3ms"', 'epsilom = "3ms"', 14, "unknown key 'epsilom'"),
    ],
)
def test_mistakes_are_told_with_their_line(old: str, new: str, line: int, words: str) -> None:
    """What is wrong, and where."""
    assert old in ZONED
    with pytest.raises(cl.ScenarioError) as raised:
        read(ZONED.replace(old, new))
    assert words in str(raised.value)
    assert raised.value.line == line


def test_zones_may_stand_in_the_groups_of_a_re_route() -> None:
    """And a word that is nobody is refused with its line."""
    fault = '[[fault]]\nkind = "re-route"\nbetween = "east | west"\nlatency = "300ms"\nat = "1s"\nfor = "1s"\n'
    done = run(read(ZONED + fault), 1)
    assert done.injections[0].describe() == "re-route: n1 n2 | n3: 300ms"
    assert done.injections[0].took_effect
    with pytest.raises(cl.ScenarioError, match="'eest'") as raised:
        read(ZONED + fault.replace("east", "eest"))
    assert raised.value.line == 19
