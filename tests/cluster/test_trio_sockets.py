"""Unmodified Trio programs inside the simulation: its own functions, its own sockets."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

import chaoslab as cl

Program = Callable[[], Awaitable[Any]]


# A server and a client as the Trio tutorial has them: nothing here knows of ChaosLab.


async def echo_server() -> None:
    async def handle(stream: trio.SocketStream) -> None:
        async for chunk in stream:
            await stream.send_all(chunk)

    await trio.serve_tcp(handle, 12345)


async def echo_client() -> tuple[bytes, float]:
    began = trio.current_time()
    stream = await trio.open_tcp_stream("n1", 12345)
    async with stream:
        await stream.send_all(b"hello, " * 20_000)
        await stream.send_eof()
        return b"".join([chunk async for chunk in stream]), trio.current_time() - began


def programs(server: Program, client: Program, *, faults: tuple[Any, ...] = (), **more: Any) -> Any:
    """Run *server* on n1 and *client* on n2, and return what *client* returned, and the trace's hash."""
    results: list[Any] = []

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            await server()
        else:
            await trio.sleep(0.5)
            results.append(await client())

    async def main(cluster: cl.Cluster) -> str:
        cluster.start(serve, nodes=2)
        with cluster.faults(*faults):
            await trio.sleep(100)
        return cluster.engine.trace.digest()

    digest = cl.run(main, **more)
    return results[0], digest


async def nothing() -> None:
    """A server that is none."""


def test_an_echo_server_and_its_client_run_unmodified() -> None:
    """In virtual time: nothing is as fast as the latency says it cannot be."""
    (echoed, took), _ = programs(echo_server, echo_client, latency=0.01)
    assert echoed == b"hello, " * 20_000
    assert 0.06 <= took < 0.2


@pytest.mark.parametrize("seed", range(3))
def test_they_run_the_same_for_the_same_seed_under_faults(seed: int) -> None:
    """Loss and doubling change the trace and not what is echoed."""
    faults = (cl.drop(0.1), cl.duplicate(0.1))
    first, again, other = (programs(echo_server, echo_client, faults=faults, seed=it) for it in (seed, seed, seed + 9))
    assert first == again
    assert first[1] != other[1]
    assert first[0][0] == b"hello, " * 20_000


def test_open_tcp_stream_tries_the_next_address() -> None:
    """A name with a dead address and a live one: Trio's happy eyeballs go on after a quarter of a second."""
    results: list[float] = []

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            await echo_server()
        elif node.name == "n2":
            await trio.sleep(1)
            (await trio.open_tcp_stream("echo", 12345)).socket.getpeername()
            results.append(trio.current_time() - 1)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=3)
        cluster.dns.point("echo", "n3", "n1")
        with cluster.faults(cl.crash("n3")):
            await trio.sleep(10)

    cl.run(main)
    assert results == [pytest.approx(0.254)]


def test_nobody_listens_is_an_oserror() -> None:
    """As outside."""

    async def client() -> Any:
        with pytest.raises(OSError, match="all attempts to connect to n1:1 failed") as caught:
            await trio.open_tcp_stream("n1", 1)
        with pytest.raises(socket.gaierror):
            await trio.open_tcp_stream("nowhere", 1)
        return caught.value.__cause__

    cause, _ = programs(nothing, client)
    assert [error.errno for error in cause.exceptions] == [errno.ECONNREFUSED]


def test_a_server_bound_to_localhost_is_reached_from_its_own_machine_only() -> None:
    """The usual reason why it works on one machine and not on two."""
    reached: list[str] = []

    async def serve(node: cl.Node) -> None:
        async with trio.open_nursery() as nursery:
            if node.name == "n1":
                await nursery.start(
                    lambda task_status: trio.serve_tcp(answer, 80, host="127.0.0.1", task_status=task_status)
                )
            try:
                await trio.open_tcp_stream("n1" if node.name == "n2" else "localhost", 80)
            except OSError:
                return
            reached.append(node.name)

    async def answer(stream: trio.SocketStream) -> None:
        await trio.sleep_forever()

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=2)
        await trio.sleep(10)

    cl.run(main)
    assert reached == ["n1"]


def test_sockets_know_their_names_and_options() -> None:
    """What libraries ask for."""

    async def server() -> None:
        (listener,) = await trio.open_tcp_listeners(80)
        assert listener.socket.getsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_ACCEPTCONN)
        stream = await listener.accept()
        assert stream.socket.getsockname() == ("10.0.0.1", 80)
        assert stream.socket.getpeername()[0] == "10.0.0.2"
        await trio.sleep_forever()

    async def client() -> Any:
        sock = trio.socket.socket()
        assert (sock.family, sock.type) == (socket.AF_INET, socket.SOCK_STREAM)
        with pytest.raises(OSError, match="not connected"):
            sock.getpeername()
        with pytest.raises(OSError, match="not connected"):
            await sock.recv(1)
        await sock.connect(("n1", 80))
        await sock.connect(("n1", 80))  # by which Linux says that the first attempt has succeeded
        with pytest.raises(OSError, match="already connected"):
            await sock.connect(("n1", 80))
        assert sock.getpeername() == ("10.0.0.1", 80)
        assert not sock.is_readable()
        sock.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            await sock.recv(1)
        return sock.fileno(), await trio.socket.getnameinfo(("10.0.0.1", 80), 0)

    assert programs(server, client)[0] == (-1, ("n1", "80"))


@pytest.mark.skipif(sys.platform != "linux", reason="names of options")
def test_keep_alive_is_what_the_options_say() -> None:
    """TCP_KEEPIDLE and its like, in seconds, as on Linux."""

    async def client() -> float:
        stream = await trio.open_tcp_stream("10.0.0.1", 12345)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 3)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 2)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        with pytest.raises(trio.BrokenResourceError, match="timed out"):
            await stream.receive_some()
        return trio.current_time()

    results: list[float] = []

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            await echo_server()
        else:
            results.append(await client())

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=2)
        await trio.sleep(1)
        with cluster.faults(cl.crash("n1")):
            await trio.sleep(60)

    cl.run(main)
    assert results == [pytest.approx(7, abs=0.01)]


def test_datagrams_go_through_trios_sockets() -> None:
    """Connected and not."""

    async def server() -> None:
        with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as sock:
            await sock.bind(("", 53))
            while True:
                data, sender = await sock.recvfrom(100)
                await sock.sendto(data.upper(), sender)

    async def client() -> Any:
        with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as sock:
            await sock.sendto(b"one", ("n1", 53))
            first = await sock.recvfrom(100)
            await sock.connect(("n1", 53))
            await sock.send(b"two")
            return first, await sock.recv(2)

    assert programs(server, client)[0] == ((b"ONE", ("10.0.0.1", 53)), b"TW")


@pytest.mark.parametrize(
    "reach",
    [
        lambda: trio.socket.socket(socket.AF_UNIX),
        lambda: trio.socket.socket(socket.AF_INET, socket.SOCK_RAW),
        lambda: trio.socket.socket().detach(),
        lambda: trio.socket.socket().dup(),
    ],
)
def test_what_would_be_a_real_socket_is_refused(reach: Callable[[], Any]) -> None:
    """With the node or the kind of socket named."""

    async def client() -> None:
        with pytest.raises(cl.EscapedSimulation, match=r"a node asked for a socket|simulated socket of n2"):
            reach()
        with pytest.raises(OSError, match="not supported"):
            trio.socket.socket(socket.AF_INET6)

    programs(nothing, client)


def test_outside_of_a_node_there_is_no_network() -> None:
    """Neither a socket nor a name."""

    async def serve(node: cl.Node) -> None:
        await trio.sleep_forever()

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=1)
        await trio.sleep(1)
        with pytest.raises(cl.EscapedSimulation, match="outside of a node"):
            trio.socket.socket()
        with pytest.raises(cl.EscapedSimulation, match="outside of a node"):
            await trio.open_tcp_stream("n1", 80)

    cl.run(main)


def test_after_the_run_trios_sockets_are_real_again() -> None:
    """What was set for a run ends with it."""
    programs(echo_server, echo_client)

    async def real() -> str:
        with trio.socket.socket() as sock:
            return type(sock).__name__

    assert trio.run(real) == "_SocketType"
