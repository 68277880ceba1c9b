"""Trio's own sockets inside the simulation: unmodified Trio and AnyIO programs speak over the simulated network.

Trio lets a run replace its socket factory and its resolver. These ones make sockets of the network stack of the node
whose task asks, so that ``trio.open_tcp_stream``, ``trio.serve_tcp`` and whatever is built on them work between nodes.

Rules:

1. The node is found by a context variable that every task of the node inherits.
2. IPv4 only: an IPv6 socket is refused as on a machine without IPv6, which Trio's functions cope with.
3. Any other socket, and any socket asked for outside a node, is refused with ``EscapedSimulation``.
4. Sockets of the standard library are made here as well, for programs that hand them to Trio or AnyIO.
"""

from __future__ import annotations

import errno
import os
import socket as stdlib
from contextvars import ContextVar
from typing import Any, Final

import trio

from chaoslab.cluster.kernel_socket import KernelSocket
from chaoslab.cluster.plain_socket import PlainSocket
from chaoslab.cluster.simulated_socket import SimulatedSocket
from chaoslab.cluster.sockets import Sockets
from chaoslab.errors import EscapedSimulation

__all__ = ["install", "new_plain_socket"]

_SOCKETS: Final[ContextVar[Sockets | None]] = ContextVar("chaoslab sockets", default=None)


def install(sockets: Sockets) -> None:
    """Give the current task, and those it starts, the sockets of a node."""
    _SOCKETS.set(sockets)
    trio.socket.set_custom_socket_factory(_FACTORY)
    trio.socket.set_custom_hostname_resolver(_RESOLVER)


def new_plain_socket(family: int, type: int, proto: int) -> PlainSocket:
    """Return a socket of the standard library's kind, of the node whose code asks."""
    nonblocking = getattr(stdlib, "SOCK_NONBLOCK", 0)
    kind = type & ~(nonblocking | getattr(stdlib, "SOCK_CLOEXEC", 0))
    plain = PlainSocket(_FACTORY.socket(family, kind, proto).kernel)
    plain.setblocking(not type & nonblocking)
    return plain


def _sockets(what: str) -> Sockets:
    sockets = _SOCKETS.get()
    if sockets is None:
        raise EscapedSimulation(f"{what} was asked for outside of a node: in a simulation only nodes have a network.")
    return sockets


class _Factory(trio.abc.SocketFactory):
    def socket(self, family: int = stdlib.AF_INET, type: int = stdlib.SOCK_STREAM, proto: int = 0) -> SimulatedSocket:
        sockets = _sockets("a socket")
        if family == stdlib.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
        if family != stdlib.AF_INET or type not in (stdlib.SOCK_STREAM, stdlib.SOCK_DGRAM):
            raise EscapedSimulation(
                f"a node asked for a socket of family {family} and type {type}: the simulation has TCP and UDP "
                "over IPv4, and a real socket would reach out of it."
            )
        return SimulatedSocket(KernelSocket(sockets, stdlib.SocketKind(type), proto))


class _Resolver(trio.abc.HostnameResolver):
    async def getaddrinfo(
        self,
        host: bytes | None,
        port: bytes | str | int | None,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        sockets = _sockets("the address of a host")
        if family not in (0, stdlib.AF_INET):
            raise stdlib.gaierror(stdlib.EAI_FAMILY, "the simulated network has IPv4 only")
        try:
            number = int(port or 0)
        except ValueError:
            number = _port_called(port)
        if host is None:
            addresses: tuple[str, ...] = ("0.0.0.0" if flags & stdlib.AI_PASSIVE else "127.0.0.1",)  # noqa: S104
        else:
            addresses = await sockets.resolve(host.decode("ascii"))
        kinds = [stdlib.SOCK_STREAM, stdlib.SOCK_DGRAM] if type == 0 else [stdlib.SocketKind(type)]
        protocols = {stdlib.SOCK_STREAM: stdlib.IPPROTO_TCP, stdlib.SOCK_DGRAM: stdlib.IPPROTO_UDP}
        return [
            (stdlib.AF_INET, kind, proto or protocols.get(kind, 0), "", (address, number))
            for address in addresses
            for kind in kinds
        ]

    async def getnameinfo(self, sockaddr: Any, flags: int) -> tuple[str, str]:
        sockets = _sockets("the name of a host")
        await trio.lowlevel.checkpoint()
        address, port, *_ = sockaddr
        name = None if flags & stdlib.NI_NUMERICHOST else sockets.stack.internet.machine(address)
        return name or address, str(port)


def _port_called(name: Any) -> int:
    """Return the port of a service, such as ``"http"``. Raises gaierror if none is known by that name."""
    try:
        return stdlib.getservbyname(name.decode() if isinstance(name, bytes) else name)
    except OSError:
        raise stdlib.gaierror(stdlib.EAI_SERVICE, f"Servname not supported for ai_socktype: {name!r}") from None


_FACTORY: Final = _Factory()
_RESOLVER: Final = _Resolver()
