"""Each fault does what it says, and its healing leaves nothing behind."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import trio

import chaoslab as cl
from chaoslab.faults import FAULTS, Partition
from chaoslab.parameters import parameters_of


async def count(node: cl.Node) -> None:
    """Answer every message with its number."""
    while True:
        message = await node.recv()
        message.reply((node.name, message.body))


def sent_between(fault: Any, *pairs: tuple[str, str], number: int = 200) -> dict[tuple[str, str], list[float]]:
    """Send *number* messages along each pair while *fault* holds, and return the delays of those that arrived."""
    arrived: dict[tuple[str, str], list[float]] = {pair: [] for pair in pairs}

    async def serve(node: cl.Node) -> None:
        async def receive() -> None:
            while True:
                message = await node.recv()
                arrived[message.sender, node.name].append(trio.current_time() - message.body)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(receive)
            await node.sleep(1)
            for _ in range(number):
                for source, target in pairs:
                    if source == node.name:
                        node.send(target, trio.current_time())
                await node.sleep(0.01)
            await trio.sleep_forever()

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=4)
        await trio.sleep(0.5)
        with cluster.faults(fault):
            await trio.sleep(10)
        assert all(injection.healed_ns is not None for injection in cluster.injections)

    cl.run(main, latency=0.001)
    return arrived


def test_drop_loses_about_its_share() -> None:
    """A fifth of a thousand messages, give or take."""
    (delays,) = sent_between(cl.drop(0.2), ("n1", "n2"), number=500).values()
    assert 350 < len(delays) < 450


def test_drop_of_everything_loses_everything() -> None:
    """No message passes."""
    assert sent_between(cl.drop(1.0), ("n1", "n2")) == {("n1", "n2"): []}


def test_duplicate_delivers_its_share_twice() -> None:
    """The copies come on top, later."""
    (delays,) = sent_between(cl.duplicate(0.5), ("n1", "n2"), number=400).values()
    assert 550 < len(delays) < 650
    assert sum(delay == pytest.approx(0.001) for delay in delays) == 400


def test_latency_makes_every_message_slower() -> None:
    """By exactly what was added."""
    (delays,) = sent_between(cl.latency(0.25), ("n1", "n2")).values()
    assert delays == [pytest.approx(0.251)] * 200


def test_a_partition_cuts_between_groups_and_nowhere_else() -> None:
    """Inside a group messages pass, between groups none does, in either direction."""
    seen = sent_between(cl.partition("n1 n2 | n3"), ("n1", "n2"), ("n1", "n3"), ("n3", "n2"), ("n4", "n1"), number=50)
    assert [len(delays) for delays in seen.values()] == [50, 0, 0, 50]


def test_a_one_way_partition_lets_answers_pass() -> None:
    """Only messages from an earlier group to a later one are lost."""
    seen = sent_between(cl.partition("n1 | n2", one_way=True), ("n1", "n2"), ("n2", "n1"), number=50)
    assert [len(delays) for delays in seen.values()] == [0, 50]


def test_a_healed_network_is_as_before() -> None:
    """No rule is left, and the next message takes its usual time."""

    async def main(cluster: cl.Cluster) -> Any:
        cluster.start(count, nodes=3)
        await trio.sleep(0)
        with cluster.faults(cl.drop(1.0), cl.latency(5.0), cl.partition("n1 | n2 n3"), cl.duplicate(1.0)):
            await trio.sleep(1)
        return cluster.network

    network = cl.run(main)
    assert not network._rules
    assert not any(link.rules or link.cutting or link.cut for link in network._links.values())


def test_clock_skew_moves_the_wall_clock_only() -> None:
    """The node's wall clock jumps, its monotonic clock and the timers do not notice."""
    seen: list[tuple[float, float]] = []

    async def serve(node: cl.Node) -> None:
        while True:
            seen.append((node.time(), node.monotonic()))
            await node.sleep(1)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=1)
        await trio.sleep(1.5)
        with cluster.faults(cl.clock_skew("n1", 100.0)):
            await trio.sleep(1)
        await trio.sleep(1)

    cl.run(main)
    walls, monotonics = zip(*seen, strict=True)
    steps = [round(after - before) for before, after in itertools.pairwise(walls)]
    assert steps == [1, 101, -99]
    assert [round(after - before) for before, after in itertools.pairwise(monotonics)] == [1, 1, 1]


def test_a_name_that_is_nobody_is_refused() -> None:
    """In groups as in targets, with the nearest name."""

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(count, nodes=3)
        cluster.inject(Partition(groups="n1 | n9"))

    with pytest.raises(cl.UsageError, match="unknown node 'n9'"):
        cl.run(main)


@pytest.mark.parametrize("groups", ["", "n1", "|", "n1 | ", "n1 n2"])
def test_a_partition_has_two_sides(groups: str) -> None:
    """One group is no partition."""
    with pytest.raises(cl.UsageError):
        Partition(groups=groups)


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.kind)
def test_every_fault_says_what_it_does_and_takes(kind: Any) -> None:
    """A docstring, help for each parameter, and whether it needs a target."""
    assert kind.__doc__
    assert isinstance(kind.needs_target, bool)
    assert all(one.help for one in parameters_of(kind))
