"""``socket.socket`` for programs that make their sockets with the standard library and hand them to Trio or AnyIO.

Rules:

1. A node's socket is one of its own network stack. It can be set up, bound and told to listen; whatever waits is done
   through ``trio.socket.from_stdlib_socket``, which is what AnyIO and servers that open their own sockets do.
2. A name is looked up through Trio or asyncio: ``socket.getaddrinfo`` would ask a real name server, and is refused,
   but for addresses and for the names that a machine has for itself.

This file does not know what a network stack is: the process makes the sockets.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any, Final

import trio

from chaoslab.sim import escapes
from chaoslab.sim.process import Process

__all__ = ["socket_replacements"]

_SOCKET: Final = socket.socket
_ANY: Final = ("0.0.0.0", "::")  # noqa: S104 - names, to which nothing is bound
_LOOKING_UP: Final = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getfqdn", "getnameinfo")


class _Kind(type):
    """The class of the stand-in: who asks for an instance of it means a real socket or a simulated one."""

    def __instancecheck__(cls, instance: object) -> bool:
        if cls.__module__ != __name__:
            return super().__instancecheck__(instance)
        return isinstance(instance, _SOCKET) or hasattr(instance, "simulated")

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, _SOCKET) if cls.__module__ == __name__ else super().__subclasscheck__(other)


def socket_replacements(node: Callable[[], Process | None]) -> list[tuple[Any, str, Any]]:
    """Return what replaces the functions for sockets, for the node that *node* says."""
    real_from_stdlib = trio.socket.from_stdlib_socket

    class socket_(socket.socket, metaclass=_Kind):  # noqa: N801 - the name that it stands for
        def __new__(cls, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> Any:
            process = node()
            if process is None or process.new_socket is None or fileno is not None:
                return _SOCKET(family, type, proto, fileno)
            return process.new_socket(
                socket.AF_INET if family == -1 else family, socket.SOCK_STREAM if type == -1 else type, max(proto, 0)
            )

    def from_stdlib_socket(sock: Any) -> Any:
        simulated = getattr(sock, "simulated", None)
        return real_from_stdlib(sock) if simulated is None else simulated

    socket_.__name__ = socket_.__qualname__ = "socket"
    return [
        (socket, "socket", socket_),
        (trio.socket, "from_stdlib_socket", from_stdlib_socket),
        *((socket, name, _looking_up(name, node)) for name in _LOOKING_UP),
    ]


def _looking_up(name: str, node: Callable[[], Process | None]) -> Callable[..., Any]:
    real = getattr(socket, name)

    def served(*arguments: Any, **named: Any) -> Any:
        process = node()
        if process is None:
            return real(*arguments, **named)
        host, *rest = arguments or (next(iter(named.values()), ""),)
        if name == "getaddrinfo" and arguments:
            flags = named.get("flags", arguments[5] if len(arguments) > 5 else 0)
            is_told = flags & socket.AI_NUMERICHOST  # by which Trio finds out whether a host is an address
            address = host if is_told or host is None else _address_at(process, host)
            if is_told or host is None or address is not None:
                found = real(address, *rest, **named)
                return [one for one in found if one[0] == socket.AF_INET] or found
        if name == "getfqdn" and (not host or host in _ANY or _address_at(process, host) is not None):
            return process.name
        if name.startswith("gethostbyname") and (address := _address_at(process, host)) is not None:
            return address if name == "gethostbyname" else (host, [], [address])
        return escapes.refuse(
            f"called socket.{name}",
            "use trio.socket.getaddrinfo or asyncio's loop.getaddrinfo: they ask the simulated name server",
        )

    return served


def _address_at(process: Process, host: Any) -> str | None:
    """Return the address that *host* is at its own machine without asking anybody; None: it has to be looked up."""
    if isinstance(host, bytes):
        host = host.decode()
    if host == "localhost":
        return "127.0.0.1"
    if host == process.name and process.address is not None:
        return process.address()
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return None
    return str(host)
