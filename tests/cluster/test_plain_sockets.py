"""Sockets of the standard library in nodes: made there, handed to Trio, and refused where they would wait."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

import chaoslab as cl


def on_two(server: Callable[[], Awaitable[Any]], client: Callable[[], Awaitable[Any]]) -> Any:
    """Run *server* on n1 and *client* on n2, and return what *client* returned."""
    found: list[Any] = []

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            await server()
        else:
            await trio.sleep(0.5)
            found.append(await client())

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=2)
        await trio.sleep(5)

    cl.run(main)
    return found[0] if found else None


async def nothing() -> None:
    """A program that is none."""


def test_a_listener_made_with_the_standard_library_serves_over_the_simulated_network() -> None:
    """Servers open their sockets themselves, to share them or to choose their options; AnyIO does it for everybody."""

    async def server() -> None:
        plain = socket.socket()
        assert isinstance(plain, socket.socket)
        plain.setblocking(False)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        plain.bind(("0.0.0.0", 7000))  # noqa: S104
        plain.listen()

        async def greet(stream: trio.SocketStream) -> None:
            await stream.send_all(b"hello")
            await stream.aclose()

        await trio.serve_listeners(greet, [trio.SocketListener(trio.socket.from_stdlib_socket(plain))])

    async def client() -> bytes:
        async with await trio.open_tcp_stream("n1", 7000) as stream:
            return b"".join([chunk async for chunk in stream])

    assert on_two(server, client) == b"hello"


def test_what_would_wait_is_refused_with_the_way_out() -> None:
    """A call that blocks would stop the whole simulation."""

    async def client() -> None:
        socket.create_connection(("10.0.0.1", 7000))

    async def accept() -> None:
        with socket.create_server(("", 7000)) as plain:
            plain.accept()

    with pytest.raises(cl.EscapedSimulation, match=r"n2 called connect of a socket .*trio\.socket\.from_stdlib_socket"):
        on_two(nothing, client)
    with pytest.raises(cl.EscapedSimulation, match=r"n1 called accept of a socket .*trio\.socket\.from_stdlib_socket"):
        on_two(accept, nothing)


def test_the_wildcard_address_is_one_of_ipv4() -> None:
    """As on a machine without IPv6: who opens a socket for each address that was found can open each."""

    async def found() -> Any:
        addresses = await trio.socket.getaddrinfo(None, 7000, flags=socket.AI_PASSIVE)
        return {family for family, *_ in addresses}, socket.has_dualstack_ipv6()

    assert on_two(nothing, found) == ({socket.AF_INET}, False)


def test_an_address_of_another_machine_cannot_be_bound() -> None:
    """With the error number of the operating system."""

    async def bind() -> Any:
        with socket.socket() as plain, pytest.raises(OSError, match="assign"):
            plain.bind(("203.0.113.9", 7000))

    on_two(nothing, bind)
