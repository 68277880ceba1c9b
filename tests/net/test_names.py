"""Names on the simulated network: one server, and a resolver with a cache at each machine."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

import chaoslab as cl


def asking(ask: Callable[[cl.Node, cl.Cluster], Awaitable[Any]], *, faults: tuple[Any, ...] = (), **more: Any) -> Any:
    """Run *ask* on n1 of three nodes, with the name "db" pointing at n2 for 10 s at a time; return what it returns."""
    answers: list[Any] = []

    async def main(cluster: cl.Cluster) -> None:
        async def serve(node: cl.Node) -> None:
            if node.name == "n1":
                answers.append(await ask(node, cluster))

        cluster.start(serve, nodes=3)
        cluster.dns.point("db", "n2", ttl=10)
        with cluster.faults(*faults):
            await trio.sleep(100)

    cl.run(main, **more)
    return answers[0]


def test_a_name_resolves_after_a_round_trip_and_from_the_cache_at_once() -> None:
    """Until its time to live is over; then the server is asked again."""

    async def ask(node: cl.Node, cluster: cl.Cluster) -> list[float]:
        times = []
        for wait in (0, 9, 2):
            await trio.sleep(wait)
            began = trio.current_time()
            assert await node.resolve("DB.") == ("10.0.0.2",)
            times.append(trio.current_time() - began)
        return times

    assert asking(ask, latency=0.03) == [pytest.approx(0.06), 0.0, pytest.approx(0.06)]


def test_a_change_is_seen_when_the_time_to_live_is_over() -> None:
    """Not before."""

    async def ask(node: cl.Node, cluster: cl.Cluster) -> Any:
        before = await node.resolve("db")
        cluster.dns.point("db", "n3", "n2")
        during = await node.resolve("db")
        await trio.sleep(11)
        return before, during, await node.resolve("db")

    assert asking(ask) == (("10.0.0.2",), ("10.0.0.2",), ("10.0.0.3", "10.0.0.2"))


def test_machines_have_their_own_names_and_localhost() -> None:
    """An address is its own answer."""

    async def ask(node: cl.Node, cluster: cl.Cluster) -> Any:
        return [(await node.resolve(name))[0] for name in ("n3", "localhost", "10.0.0.7")]

    assert asking(ask) == ["10.0.0.3", "127.0.0.1", "10.0.0.7"]


def test_an_unknown_name_is_an_error_that_is_not_kept() -> None:
    """EAI_NONAME, as from the operating system; once the name exists it is found."""

    async def ask(node: cl.Node, cluster: cl.Cluster) -> Any:
        with pytest.raises(socket.gaierror) as caught:
            await node.resolve("cache")
        cluster.dns.point("cache", "n3")
        return caught.value.errno, await node.resolve("cache")

    assert asking(ask) == (socket.EAI_NONAME, ("10.0.0.3",))


def test_a_server_that_does_not_answer_is_asked_twice() -> None:
    """Five seconds each; then EAI_AGAIN."""

    async def ask(node: cl.Node, cluster: cl.Cluster) -> Any:
        with pytest.raises(socket.gaierror) as caught:
            await node.resolve("db")
        return caught.value.errno, trio.current_time(), cluster.network.lost

    assert asking(ask, faults=(cl.drop(1.0),)) == (socket.EAI_AGAIN, pytest.approx(10), 2)


def test_one_lost_answer_is_made_good_by_the_second_question() -> None:
    """A name that points nowhere any more is unknown."""

    async def ask(node: cl.Node, cluster: cl.Cluster) -> float:
        with cluster.faults(cl.drop(1.0)):
            with trio.move_on_after(1):
                await node.resolve("db")
        with cluster.faults(cl.drop(1.0)):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(node.resolve, "db")
                await trio.sleep(1)
                cluster.heal(cluster.injections[-1])
        took = trio.current_time()
        cluster.dns.point("db")
        await trio.sleep(11)
        with pytest.raises(socket.gaierror, match="not known"):
            await node.resolve("db")
        return took

    assert asking(ask) == pytest.approx(6, abs=0.01)


def test_a_cluster_that_looks_nothing_up_has_no_name_server() -> None:
    """The endpoint ``dns`` joins the network with the first question."""

    async def ask(node: cl.Node, cluster: cl.Cluster) -> Any:
        before = cluster.network.names
        await node.resolve("db")
        return before, cluster.network.names

    assert asking(ask) == (("n1", "n2", "n3"), ("n1", "n2", "n3", "dns"))


def test_a_target_that_does_not_exist_is_refused() -> None:
    """With the machines that there are."""

    async def ask(node: cl.Node, cluster: cl.Cluster) -> None:
        with pytest.raises(cl.UsageError, match="'n9' is no machine of this cluster: n1, n2, n3"):
            cluster.dns.point("db", "n9")

    asking(ask)
