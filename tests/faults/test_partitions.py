"""Who hears whom across each shape of partition."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

import chaoslab as cl
from chaoslab.faults import Flapping, Partition
from chaoslab.faults.shapes import SHAPES
from tests.faults.traffic import traffic

SEEDS = range(4)


def names(nodes: int) -> list[str]:
    return [f"n{number}" for number in range(1, nodes + 1)]


def hearing(fault: Any, *, nodes: int = 5, seed: int = 0) -> dict[str, set[str]]:
    """Return for each node whom it hears, itself included, under *fault*."""
    links = list(itertools.permutations(names(nodes), 2))
    arrived = traffic(fault, links=links, number=1, heal_after=1.0, nodes=nodes, seed=seed).arrived
    hears = {name: {name} for name in names(nodes)}
    for source, target in links:
        if arrived[source, target]:
            hears[target].add(source)
    return hears


def sides(hears: dict[str, set[str]]) -> list[int]:
    """Return the sizes of the groups, of which each hears exactly itself."""
    assert all(hears[name] == group for group in hears.values() for name in group)
    return sorted(map(len, {frozenset(group) for group in hears.values()}))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("shape", "nodes", "sizes"),
    [
        ("halves", 5, [2, 3]),
        ("halves", 4, [2, 2]),
        ("isolate-one", 5, [1, 4]),
        ("third", 7, [2, 5]),
        ("minority", 5, [2, 3]),
        ("minority", 6, [2, 4]),
        ("majority", 6, [2, 4]),
    ],
)
def test_a_shape_with_two_sides_has_sides_of_that_size(shape: str, nodes: int, sizes: list[int], seed: int) -> None:
    """Inside a side everybody hears everybody, and across it nobody anybody."""
    assert sides(hearing(cl.partition(shape=shape), nodes=nodes, seed=seed)) == sizes


@pytest.mark.parametrize("nodes", [3, 4, 5, 6, 7])
@pytest.mark.parametrize("seed", [0, 1])
def test_in_a_ring_everybody_hears_a_majority_and_no_two_the_same(nodes: int, seed: int) -> None:
    """Of any number of nodes from three on."""
    hears = hearing(cl.partition(shape="majorities-ring"), nodes=nodes, seed=seed)
    assert {len(heard) for heard in hears.values()} == {nodes // 2 + 1}
    assert len({frozenset(heard) for heard in hears.values()}) == nodes


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bridge_hears_both_halves_which_do_not_hear_each_other(seed: int) -> None:
    """And both halves hear the bridge."""
    hears = hearing(cl.partition(shape="bridge"), seed=seed)
    (bridge,) = [name for name, heard in hears.items() if len(heard) == 5]
    halves = {frozenset(heard - {bridge}) for name, heard in hears.items() if name != bridge}
    assert sorted(map(len, halves)) == [2, 2]
    assert all(bridge in heard for heard in hears.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_in_a_star_everybody_hears_the_hub_alone(seed: int) -> None:
    """And the hub hears everybody."""
    hears = hearing(cl.partition(shape="star"), seed=seed)
    (hub,) = [name for name, heard in hears.items() if len(heard) == 5]
    assert all(heard == {name, hub} for name, heard in hears.items() if name != hub)


@pytest.mark.parametrize("shape", ["isolate-one", "bridge", "star"])
def test_the_target_takes_the_special_place_of_a_shape(shape: str) -> None:
    """The isolated node, the bridge, the hub is the one aimed at, whatever the seed."""
    for seed in SEEDS:
        hears = hearing((cl.partition(shape=shape), ("n4",)), seed=seed)
        assert len(hears["n4"]) == (1 if shape == "isolate-one" else 5)
        assert all(len(hears[name]) not in (1, 5) for name in hears if name != "n4")


def test_seeds_draw_different_sides() -> None:
    """Not always the same node is isolated."""
    isolated = {
        name
        for seed in range(8)
        for name, heard in hearing(cl.partition(shape="isolate-one"), seed=seed).items()
        if len(heard) == 1
    }
    assert len(isolated) >= 3


def test_a_shape_may_cut_one_way() -> None:
    """The isolated node still hears the others, and none of them hears it."""
    hears = hearing((cl.partition(shape="isolate-one", one_way=True), ("n1",)))
    assert hears["n1"] == set(names(5))
    assert all("n1" not in heard for name, heard in hears.items() if name != "n1")


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_a_drawn_cut_can_be_written_out(shape: str) -> None:
    """As the groups that were drawn, which then cut the same at any time; a star and a ring have no groups."""
    drawn = cl.partition(shape=shape)
    links = list(itertools.permutations(names(5), 2))
    for seed in SEEDS:
        (injection,) = traffic(drawn, links=links, number=1, heal_after=1.0, nodes=5, seed=seed).injections
        written = injection.written_out
        if shape in ("star", "majorities-ring"):
            assert written == drawn
        else:
            assert not written.shape
            assert hearing(written, seed=seed + 1) == hearing(drawn, seed=seed)


def test_a_cut_may_be_for_some_messages_only() -> None:
    """Others pass."""
    cut = Partition(groups="n1 | n2", match=cl.matching("vote"))
    assert traffic(cut, number=10, body=lambda n: ("vote", "ping")[n % 2]).bodies == ["ping"] * 5


def test_a_flapping_partition_lets_pass_what_comes_in_its_up_time() -> None:
    """A period of a second that is up for its last 0.3."""
    flapping = cl.flapping("n1 | n2", period=1.0, up=0.3)
    (arrived,) = traffic(flapping, number=500).arrived.values()
    phases = [(body[1] - 0.5) % 1.0 for _, body in arrived]  # it begins at half a second
    assert len(arrived) == pytest.approx(150, abs=6)
    assert min(phases) >= 0.69


def test_a_flapping_partition_stops_what_is_on_its_way() -> None:
    """Sent while it was up, arriving while it is down: lost."""
    flapping = cl.flapping("n1 | n2", period=1.0, up=0.5)  # up from 1.0 to 1.5, when the message is sent
    assert traffic(flapping, number=1, latency=0.1, heal_after=3.0).counts() == [1]
    assert traffic(flapping, number=1, latency=0.7, heal_after=3.0).counts() == [0]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({}, "groups or a shape"),
        ({"groups": "n1 | n2", "shape": "star"}, "groups or a shape"),
        ({"shape": "stat"}, "did you mean 'star'"),
        ({"shape": "star", "one_way": True}, "no two sides"),
    ],
)
def test_a_wrong_partition_is_refused_in_words(wrong: dict[str, Any], complaint: str) -> None:
    """Each mistake has its own sentence."""
    with pytest.raises(cl.UsageError, match=complaint):
        Partition(**wrong)


def test_a_flapping_partition_comes_and_goes() -> None:
    """One that is always up, or has no period, is refused."""
    with pytest.raises(cl.UsageError, match="below 1"):
        Flapping(groups="n1 | n2", up=1.0)
    with pytest.raises(cl.UsageError, match="above zero"):
        Flapping(groups="n1 | n2", period_ns=0)


def test_a_shape_that_needs_more_nodes_is_refused_with_its_line() -> None:
    """When the scenario is read."""
    from chaoslab.plugins import registry
    from chaoslab.scenario import parse_scenario

    text = '[cluster]\nprotocol = "abd"\nnodes = 2\n[workload]\nname = "register"\n[[fault]]\nkind = "partition"\n'
    assert all(shape.nodes_min <= 3 for shape in SHAPES.values())
    with pytest.raises(cl.ScenarioError, match=r":6: fault: .*at least 3 nodes, and there are 2"):
        parse_scenario(text + 'shape = "star"\n', registry(), file="x.toml")
