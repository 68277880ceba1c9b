"""Messages that wait: held, released, clogged and swizzled."""

from __future__ import annotations

from typing import Any

import pytest
import trio

import chaoslab as cl
from chaoslab.faults import Hold
from tests.faults.traffic import Seen, traffic


def test_held_messages_burst_in_their_order_when_they_are_let_go() -> None:
    """Nothing is lost, nothing overtakes, and everything arrives with its usual delay after the heal."""
    seen = traffic(cl.hold(), number=50)
    (arrived,) = seen.arrived.values()
    healed_s = seen.injections[0].healed_ns / 1e9
    assert [body[0] for _, body in arrived] == list(range(50))
    assert {round(at - healed_s, 6) for at, _ in arrived} == {0.001}
    assert seen.waiting == 50
    assert seen.injections[0].took_effect == 50
    assert seen.injections[0].figures == {"most_waiting": 50}


def test_what_is_held_can_be_looked_at() -> None:
    """Who sent it, to whom, what, and since when."""

    async def serve(node: cl.Node) -> None:
        await node.sleep({"n1": 1.0, "n2": 1.5, "n3": 9.0}[node.name])
        node.send("n3", f"hello from {node.name}")
        await trio.sleep_forever()

    async def main(cluster: cl.Cluster) -> list[tuple[str, Any, float]]:
        cluster.start(serve)
        with cluster.faults(cl.hold()):
            await trio.sleep(2)
            held = cluster.held()
        assert cluster.held() == []
        return [(one.link.label, one.message, one.since_ns / 1e9) for one in held]

    seen = [("n1>n3", "hello from n1", 1.0), ("n2>n3", "hello from n2", 1.5)]
    assert cl.run(main) == seen


def test_a_release_lets_go_what_waits_and_holds_what_comes_later() -> None:
    """The hold goes on."""
    arrived: list[tuple[float, int]] = []

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            for number in range(10):
                node.send("n2", number)
                await node.sleep(1)
        while True:
            message = await node.recv()
            arrived.append((round(trio.current_time(), 3), message.body))

    async def main(cluster: cl.Cluster) -> Any:
        cluster.start(serve)
        with cluster.faults(cl.hold()):
            await trio.sleep(4.5)
            released = cluster.inject(cl.release())
            cluster.heal(released)
            await trio.sleep(4)
            assert len(cluster.held()) == 4
        await trio.sleep(5)
        return released.took_effect

    assert cl.run(main, latency=0.001) == 5
    assert arrived == [*((4.501, n) for n in range(5)), *((8.501, n) for n in range(5, 9)), (9.001, 9)]


def test_a_release_may_be_for_some_messages_only() -> None:
    """By link and by match."""
    released: list[int] = []

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            for peer in node.peers:
                for word in ("vote", "ping", "vote"):
                    node.send(peer, word)
        while True:
            released.append(len((await node.recv()).body))

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve)
        with cluster.faults(cl.hold()):
            await trio.sleep(1)
            one = cluster.inject(cl.release(match=cl.matching("vote", nth=2)), ("n3",))
            assert [(held.link.target, held.message) for held in cluster.held()].count(("n3", "vote")) == 1
            cluster.heal(one)
            assert one.took_effect == 1
            assert len(cluster.held()) == 5

    cl.run(main)


def test_a_full_hold_loses_what_comes_then() -> None:
    """The first ones stay."""
    assert [body[0] for body in traffic(Hold(messages_max=3), number=10).bodies] == [0, 1, 2]


def test_held_messages_go_on_past_the_rules_that_come_after() -> None:
    """A burst meets the narrow link behind it: a message each tenth of a second."""
    arrived: list[float] = []

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            for _ in range(5):
                node.send("n2", b"x" * 96)
        while True:
            await node.recv()
            arrived.append(round(trio.current_time(), 3))

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve)
        hold = cluster.inject(cl.hold())
        with cluster.faults(cl.bandwidth(1000)):
            await trio.sleep(1)
            cluster.heal(hold)
            await trio.sleep(1)

    cl.run(main, latency=0.001)
    assert arrived == [1.101, 1.201, 1.301, 1.401, 1.501]


def test_two_holds_on_one_link_both_have_to_let_go() -> None:
    """Each undoes its own part."""

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            await node.sleep(1)
            node.send("n2", "hello")
        await node.recv()

    async def main(cluster: cl.Cluster) -> list[int]:
        cluster.start(serve)
        first, second = cluster.inject(cl.hold()), cluster.inject(cl.hold())
        waiting = []
        await trio.sleep(2)
        for hold in (first, second):
            waiting.append(len(cluster.held()))
            cluster.heal(hold)
        return [*waiting, len(cluster.held())]

    assert cl.run(main) == [1, 1, 0]


def test_a_held_message_meets_a_dead_node_when_it_arrives() -> None:
    """It is not lost before."""

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            node.send("n2", "hello")
        await node.recv()

    async def main(cluster: cl.Cluster) -> tuple[int, int]:
        cluster.start(serve)
        with cluster.faults(cl.hold()):
            await trio.sleep(1)
            cluster.crash("n2")
            held, lost = len(cluster.held()), cluster.network.lost
        await trio.sleep(1)
        return held, cluster.network.lost - lost

    assert cl.run(main) == (1, 1)


ALL = [(f"n{a}", f"n{b}") for a in range(1, 5) for b in range(1, 5) if a != b]


def closed(seen: Seen, link: tuple[str, str], until: float) -> tuple[float, float] | None:
    """Return from when to when the messages of *link* waited, given one each 10 ms."""
    waited = [(body[1], at) for at, body in seen.arrived[link] if at - body[1] > 0.0011 and body[1] < until]
    return (waited[0][0], waited[0][1]) if waited else None


def test_links_clog_one_by_one_and_open_in_another_order() -> None:
    """In the first third of the period each closes, in the last one it opens; then nothing is lost."""
    seen = traffic(cl.clog(1.0, period=3.0), links=ALL, number=280, heal_after=3.0)
    spans = {link: closed(seen, link, 3.4) for link in ALL}
    assert all(count == 280 for count in seen.counts())
    closes = sorted(ALL, key=lambda link: spans[link][0])  # type: ignore[index]
    opens = sorted(ALL, key=lambda link: spans[link][1])  # type: ignore[index]
    assert closes != opens
    for begin, end in spans.values():  # type: ignore[misc]
        assert begin <= 1.52  # begun at 0.5, and the first message is sent at 1.0
        assert 2.5 <= end <= 3.51


def test_clog_takes_its_share_of_the_links() -> None:
    """Over a hundred periods of twelve links about a third of the time is closed for a third of them."""
    seen = traffic(cl.clog(0.3, period=1.0), links=ALL, number=500, gap=0.2, heal_after=2.0, latency=0.0001)
    waited = seen.injections[0].took_effect
    # A clogged link is closed from 1/6 to 5/6 of the period on average.
    assert waited / (500 * 12) == pytest.approx(0.3 * 2 / 3, abs=0.03)


def test_swizzle_clogs_whole_nodes_in_both_directions() -> None:
    """One of two nodes: all its links, and no other."""
    seen = traffic((cl.swizzle(0.5, period=3.0), ("n1", "n2")), links=ALL, number=280, heal_after=3.0)
    slow = {link for link in ALL if closed(seen, link, 3.4)}
    assert slow in ({link for link in ALL if name in link} for name in ("n1", "n2"))
    assert all(count == 280 for count in seen.counts())


def test_a_link_opens_when_both_its_nodes_have() -> None:
    """With all nodes swizzled, the six links of the node that opens last open last, together."""
    seen = traffic(cl.swizzle(1.0, period=3.0), links=ALL, number=280, heal_after=3.0)
    opens = {link: span[1] for link in ALL if (span := closed(seen, link, 3.4)) is not None}
    last = [link for link in ALL if opens[link] == max(opens.values())]
    assert len(opens) == 12
    assert any(set(last) == {link for link in ALL if name in link} for name in ("n1", "n2", "n3", "n4"))
    assert len(set(opens.values())) >= 3
