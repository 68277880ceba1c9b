"""Nodes written as natural Trio code."""

from __future__ import annotations

from typing import Any

import pytest
import trio

import chaoslab as cl
from chaoslab.cluster.node_clock import Influence


async def echo(node: cl.Node) -> None:
    """Answers every call with what it was sent, and every message with the same message."""
    while True:
        message = await node.recv()
        if message.wants_reply:
            message.reply(message.body)
        else:
            node.send(message.sender, message.body)


def asking(ask: Any, *, nodes: int = 2, **arguments: Any) -> Any:
    """Run a cluster in which n1 runs *ask* and the others answer; return what *ask* returned."""
    answers: list[Any] = []

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            answers.append(await ask(node))
        await echo(node)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=nodes)
        await trio.sleep(10)

    cl.run(main, **arguments)
    return answers[0]


def test_a_message_arrives_after_the_latency() -> None:
    """With 20 ms a way, an answer is back after 40 ms."""

    async def ask(node: cl.Node) -> float:
        node.send("n2", "hello")
        message = await node.recv()
        assert (message.sender, message.body) == ("n2", "hello")
        return node.monotonic()

    assert asking(ask, latency=0.02) == pytest.approx(0.04)


def test_a_call_returns_the_reply() -> None:
    """Several calls under way at once get each its own answer."""

    async def ask(node: cl.Node) -> list[int]:
        answers = []

        async def one(number: int) -> None:
            answers.append(await node.call("n2", number))

        async with trio.open_nursery() as nursery:
            for number in range(5):
                nursery.start_soon(one, number)
        return sorted(answers)

    assert asking(ask) == [0, 1, 2, 3, 4]


def test_a_call_without_answer_times_out_on_the_nodes_own_clock() -> None:
    """A partition that swallows the request makes the call raise TimeoutError after its timeout."""
    times: list[float] = []

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            with pytest.raises(TimeoutError):
                await node.call("n2", "anyone?", timeout=0.5)
            times.append(node.monotonic())
        await echo(node)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=2)
        with cluster.faults(cl.partition("n1 | n2")):
            await trio.sleep(2)

    cl.run(main)
    assert times == [pytest.approx(0.5)]


def test_a_refused_call_raises_the_refusal() -> None:
    """``refuse`` on one side is ``CallRefused`` on the other."""

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            with pytest.raises(cl.CallRefused, match="not today"):
                await node.call("n2", "please")
        while True:
            (await node.recv()).refuse("not today")

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=2)
        await trio.sleep(2)

    cl.run(main)


def test_what_is_sent_is_a_copy() -> None:
    """Changing a list after it was sent does not change what arrives."""

    async def ask(node: cl.Node) -> Any:
        body = {"items": [1]}
        node.send("n2", body)
        body["items"].append(2)
        return (await node.recv()).body

    assert asking(ask) == {"items": [1]}


def test_sleep_runs_on_the_nodes_own_clock() -> None:
    """A clock that runs 10 % fast wakes its node after less true time."""

    async def main(cluster: cl.Cluster) -> float:
        woken: list[float] = []

        async def serve(node: cl.Node) -> None:
            await node.recv()
            await node.sleep(1.1)
            woken.append(trio.current_time())

        async def kick(node: cl.Node) -> None:
            await (serve(node) if node.name == "n1" else node.sleep(1e9))

        cluster.start(kick, nodes=2)
        cluster.node("n1").clock.add(Influence(rate_ppm=100_000))
        cluster.network.send(cluster.network.link("n2", "n1"), "go")
        await trio.sleep(5)
        return woken[0]

    assert cl.run(main, latency=0.0) == pytest.approx(1.0)


def test_a_crash_loses_unsynced_writes_and_a_restart_begins_anew() -> None:
    """After a power cut the node's code starts again and finds only what it had synced."""
    found: list[bytes] = []

    async def serve(node: cl.Node) -> None:
        found.append(node.disk.read("log"))
        node.disk.write("log", b"synced ", append=True)
        await node.disk.fsync("log")
        node.disk.write("log", b"lost ", append=True)
        await node.sleep(1e9)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=1)
        await trio.sleep(1)
        cluster.crash("n1")
        await trio.sleep(1)
        cluster.restart("n1")
        await trio.sleep(1)

    cl.run(main)
    assert found == [b"", b"synced "]


def test_what_runs_in_finally_after_a_crash_has_no_effect_outside() -> None:
    """A dead node can neither send nor write nor linger, whatever its code does while it unwinds."""
    received: list[Any] = []
    raised: list[type] = []

    async def serve(node: cl.Node) -> None:
        if node.name == "n2":
            while True:
                received.append((await node.recv()).body)
        try:
            await node.sleep(1e9)
        finally:
            node.send("n2", "last words")
            node.disk.write("log", b"last words")
            with trio.CancelScope(shield=True):
                try:
                    await node.recv()
                except cl.NodeCrashed as error:
                    raised.append(type(error))

    async def main(cluster: cl.Cluster) -> bytes:
        cluster.start(serve, nodes=2)
        await trio.sleep(1)
        cluster.crash("n1")
        await trio.sleep(1)
        return cluster.node("n1").disk.read("log")

    assert cl.run(main) == b""
    assert received == []
    assert raised == [cl.NodeCrashed]


def test_a_paused_node_answers_after_the_pause() -> None:
    """Messages wait while the node stands still."""
    answered: list[float] = []

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            await node.sleep(0.5)
            await node.call("n2", "hello", timeout=None)
            answered.append(trio.current_time())
        await echo(node)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=2)
        await trio.sleep(0.1)
        with cluster.faults(cl.pause("n2")):
            await trio.sleep(3)
        await trio.sleep(1)

    cl.run(main, latency=0.001)
    assert answered == [pytest.approx(3.101)]


def test_an_exception_in_a_node_ends_the_run_with_node_time_and_traceback() -> None:
    """The error names the node and the time, is caused by the node's own exception, and blames no simulator."""

    async def serve(node: cl.Node) -> None:
        await node.sleep(1.5)
        if node.name == "n2":
            raise ValueError("my own mistake")
        await node.sleep(1e9)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=3)
        await trio.sleep(10)

    with pytest.raises(
        cl.NodeError, match=r"code of node n2 raised ValueError: my own mistake, at 1\.500000 s"
    ) as error:
        cl.run(main)
    assert isinstance(error.value.__cause__, ValueError)
    assert "simulator" not in str(error.value)


def test_sending_to_nobody_is_refused_with_the_nearest_name() -> None:
    """A misspelt name is the node's mistake, and the message says what exists."""

    async def serve(node: cl.Node) -> None:
        node.send("m2", "hello")

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=2)
        await trio.sleep(1)

    with pytest.raises(cl.NodeError, match="unknown receiver 'm2'; did you mean 'n2'"):
        cl.run(main)


def test_two_tasks_cannot_receive_at_once() -> None:
    """Which of them would get a message would be anybody's guess, so it is refused."""

    async def serve(node: cl.Node) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(node.recv)
            nursery.start_soon(node.recv)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=1)
        await trio.sleep(1)

    with pytest.raises(cl.NodeError, match="two tasks of n1 wait in recv"):
        cl.run(main)
