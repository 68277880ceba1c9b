"""Streams and datagrams as a node's code sees them: crashes, pauses, ends, and who may do what at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

import chaoslab as cl
from chaoslab.statemachine import Invocation

Code = Callable[[cl.Node], Awaitable[Any]]


async def echo(node: cl.Node) -> None:
    """Send back what each connection sends."""
    listener = await node.listen(80)

    async def handle(stream: Any) -> None:
        try:
            async with stream:
                async for chunk in stream:
                    await stream.send_all(chunk)
        except trio.BrokenResourceError:
            return

    async with trio.open_nursery() as nursery:
        while True:
            nursery.start_soon(handle, await listener.accept())


def running(client: Code, script: Callable[[cl.Cluster], Awaitable[None]], *, server: Code = echo) -> list[Any]:
    """Run *server* on n1 and *client* on n2 while *script* does things to them; return what *client* returned."""
    results: list[Any] = []

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            await server(node)
        else:
            results.append(await client(node))

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=2)
        await script(cluster)

    cl.run(main)
    return results


async def a_minute(cluster: cl.Cluster) -> None:
    await trio.sleep(60)


def test_a_stream_is_what_trio_says_a_stream_is() -> None:
    """Busy when two send at once, closed after it was closed, woken when it is closed, and the end stays the end."""

    async def client(node: cl.Node) -> None:
        stream = await node.connect("n1", 80)
        assert isinstance(stream, trio.abc.HalfCloseableStream)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.send_all, bytes(10**6))
            await trio.sleep(0.01)
            with pytest.raises(trio.BusyResourceError):
                await stream.send_all(b"x")
            nursery.cancel_scope.cancel()
        stream.abort()
        stream = await node.connect("n1", 80)
        async with trio.open_nursery() as nursery:

            async def receive() -> None:
                with pytest.raises(trio.ClosedResourceError):
                    await stream.receive_some()

            nursery.start_soon(receive)
            await trio.sleep(1)
            await stream.aclose()
        for call in (stream.receive_some, lambda: stream.send_all(b""), stream.wait_send_all_might_not_block):
            with pytest.raises(trio.ClosedResourceError):
                await call()
        stream = await node.connect("n1", 80)
        await stream.send_eof()
        assert [await stream.receive_some() for _ in range(2)] == [b"", b""]
        with pytest.raises(ValueError, match="max_bytes"):
            await stream.receive_some(0)

    assert running(client, a_minute) == [None]


def test_a_connect_that_is_given_up_leaves_nothing() -> None:
    """The port is free again, and nothing is sent any more."""

    async def client(node: cl.Node) -> Any:
        with trio.move_on_after(3):
            await node.connect("10.0.0.1", 80)
        return node.sockets.stack.connections

    async def script(cluster: cl.Cluster) -> None:
        with cluster.faults(cl.drop(1.0)):
            await trio.sleep(60)
            assert cluster.network.lost == 2  # the SYN, and again after a second

    assert running(client, script) == [()]


def test_a_power_cut_is_silent_until_something_is_sent_to_the_next_life() -> None:
    """Who only waits never learns of it; who sends gets a reset once the machine is up again."""
    seen: list[tuple[str, float]] = []

    async def client(node: cl.Node) -> None:
        waits, sends = await node.connect("n1", 80), await node.connect("n1", 80)

        async def wait() -> None:
            await waits.receive_some()
            seen.append(("heard", trio.current_time()))

        async def send() -> None:
            await trio.sleep(5)
            await sends.send_all(b"hello?")
            with pytest.raises(trio.BrokenResourceError, match="reset"):
                await sends.receive_some()
            seen.append(("reset", trio.current_time()))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            nursery.start_soon(send)

    async def script(cluster: cl.Cluster) -> None:
        await trio.sleep(1)
        with cluster.faults(cl.crash("n1")):
            await trio.sleep(9)
        await trio.sleep(1000)

    running(client, script)
    assert [what for what, _ in seen] == ["reset"]
    assert 10 < seen[0][1] < 20  # the first retransmission after the restart


def test_a_restarted_machine_gets_through_although_the_other_side_thinks_it_connected() -> None:
    """The same ports again, half open: a challenge, a reset, and a connection (RFC 9293, section 3.5.1)."""
    answers: list[bytes] = []
    lives: list[int] = []

    async def client(node: cl.Node) -> None:
        lives.append(1)
        node.sockets.stack._next_port = 7  # as unlucky as can be
        stream = await node.connect("10.0.0.1", 80)
        await stream.send_all(b"life")
        answers.append(await stream.receive_some())
        await trio.sleep_forever()

    async def script(cluster: cl.Cluster) -> None:
        await trio.sleep(1)
        with cluster.faults(cl.crash("n2")):
            await trio.sleep(1)
        await trio.sleep(10)
        assert len(cluster.nodes["n1"].stack.connections) == 1

    running(client, script)
    assert (answers, lives) == ([b"life"] * 2, [1, 1])


def test_what_a_dead_life_does_has_no_effect() -> None:
    """Even code that shields itself cannot send, receive, connect or listen after a crash."""
    failures: list[str] = []

    async def client(node: cl.Node) -> None:
        stream, listener = await node.connect("n1", 80), await node.listen(99)
        try:
            await stream.receive_some()
        finally:
            with trio.CancelScope(shield=True):
                for call in (
                    lambda: stream.send_all(b"ghost"),
                    stream.receive_some,
                    listener.accept,
                    lambda: node.connect("n1", 80),
                    lambda: node.listen(98),
                    lambda: node.resolve("n1"),
                ):
                    try:
                        await call()
                    except cl.NodeCrashed as crashed:
                        failures.append(str(crashed))

    async def script(cluster: cl.Cluster) -> None:
        await trio.sleep(1)
        cluster.crash("n2")
        sent = cluster.network.link("n2", "n1")
        await trio.sleep(1)
        assert sent.rules == ()
        assert cluster.nodes["n2"].stack.connections == ()

    running(client, script)
    assert failures == ["n2"] * 6


def test_a_pause_fills_the_window() -> None:
    """The paused node's stack takes a buffer full and no more; connecting to it still works; then all goes on."""
    sent: list[tuple[float, int]] = []

    async def sink(node: cl.Node) -> None:
        listener = await node.listen(80)
        stream = await listener.accept()
        async for _ in stream:
            pass

    async def client(node: cl.Node) -> None:
        stream = await node.connect("n1", 80)
        await trio.sleep(1)
        for number in range(400):
            await stream.send_all(bytes(1000))
            sent.append((trio.current_time(), number + 1))

    async def script(cluster: cl.Cluster) -> None:
        await trio.sleep(0.5)
        with cluster.faults(cl.pause("n1")):
            await trio.sleep(10)
        await trio.sleep(20)

    running(client, script, server=sink)
    before = [number for time, number in sent if time < 10.5]
    assert 128 <= len(before) <= 132  # a receive buffer and a send buffer
    assert len(sent) == 400


def test_a_paused_node_sends_nothing_of_its_own() -> None:
    """Trio's own sleep goes on in a pause, but the next call on a stream waits for its end."""
    times: list[float] = []

    async def client(node: cl.Node) -> None:
        stream = await node.connect("n1", 80)
        while True:
            await trio.sleep(1)
            await stream.send_all(b"tick")
            times.append(trio.current_time())

    async def script(cluster: cl.Cluster) -> None:
        await trio.sleep(2.5)
        with cluster.faults(cl.pause("n2")):
            await trio.sleep(5)
        await trio.sleep(2)

    running(client, script)
    assert [round(time, 1) for time in times] == [1.0, 2.0, 7.5, 8.5]


def test_the_end_of_a_program_closes_what_it_left_open() -> None:
    """Its machine runs on and says the ends for it."""

    async def server(node: cl.Node) -> None:
        stream = await (await node.listen(80)).accept()
        await stream.send_all(b"bye")

    async def client(node: cl.Node) -> Any:
        stream = await node.connect("n1", 80)
        text = b"".join([chunk async for chunk in stream])
        with pytest.raises(ConnectionRefusedError):
            await node.connect("n1", 80)
        return text

    assert running(client, a_minute, server=server) == [b"bye"]


def test_datagrams_arrive_whole_or_not_at_all() -> None:
    """With their sender's address; one that is lost is not sent again."""

    async def server(node: cl.Node) -> None:
        port = await node.open_datagrams(53)
        while True:
            data, (address, number) = await port.receive()
            await port.send_to(data.upper(), address, number)

    async def client(node: cl.Node) -> Any:
        port = await node.open_datagrams()
        await port.send_to(b"hello", "n1", 53)
        answer = await port.receive()
        await trio.sleep(5)
        await port.send_to(b"lost", "n1", 53)
        with trio.move_on_after(10):
            await port.receive()
            raise AssertionError("it was lost")
        with pytest.raises(OSError, match="too long"):
            await port.send_to(bytes(70_000), "n1", 53)
        return answer, node.address

    async def script(cluster: cl.Cluster) -> None:
        await trio.sleep(2)
        with cluster.faults(cl.drop(1.0)):
            await trio.sleep(10)
        await trio.sleep(20)

    assert running(client, script, server=server) == [((b"HELLO", ("10.0.0.1", 53)), "10.0.0.2")]


def test_a_port_is_taken_once() -> None:
    """And free again when it is closed."""

    async def client(node: cl.Node) -> None:
        listener = await node.listen(80)
        with pytest.raises(OSError, match="in use"):
            await node.listen(80)
        await listener.aclose()
        await node.listen(80)
        assert (await node.listen(0)).port >= 32_768

    assert running(client, a_minute) == [None]


def test_clients_connect_too() -> None:
    """An async client's operations may go over a connection."""

    async def call(node: cl.Node, invocation: Invocation) -> Any:
        async with await node.connect("n1", 80) as stream:
            await stream.send_all(str(invocation.value).encode())
            return (await stream.receive_some()).decode()

    async def main(cluster: cl.Cluster) -> Any:
        cluster.start(echo, nodes=2, client=call)
        (client,) = cluster.add_clients(1)
        await trio.sleep(0.1)
        client.invoke(Invocation(f="write", key="x", value="seven"))
        await trio.sleep(1)
        return cluster.history.operations()[0]

    operation = cl.run(main)
    assert (operation.type, operation.value) == ("ok", "seven")


def test_a_state_machine_cannot_be_connected_to() -> None:
    """It knows messages only, and the error says so."""

    async def serve(node: cl.Node) -> None:
        await trio.sleep(1)
        with pytest.raises(cl.UsageError, match="c1 is no async node"):
            await node.connect("c1", 80)
        with pytest.raises(OSError, match=r"10\.9\.9\.9"):
            await node.connect("10.9.9.9", 80)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=2)
        cluster.add_clients(1)
        await trio.sleep(5)

    cl.run(main)
