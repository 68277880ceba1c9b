"""A socket that unmodified Trio and AnyIO programs cannot tell from a real one: TCP or UDP of a node's network stack.

It answers as the operating system would, with its error numbers. What would lead out of the simulation (a descriptor,
another process) is refused with ``EscapedSimulation``. Who gets one is decided in ``trio_sockets``.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket as stdlib
import struct
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar

import trio

from chaoslab.cluster.sockets import Sockets, Waiting
from chaoslab.errors import EscapedSimulation
from chaoslab.net.connection import Connection
from chaoslab.net.datagrams import Datagrams
from chaoslab.net.listening import Listening
from chaoslab.units import NS_PER_S

__all__ = ["SimulatedSocket"]

_Thing = TypeVar("_Thing", Connection, Listening, Datagrams)

_NO_LINGER: Final = struct.pack("ii", 1, 0)
"""The value of ``SO_LINGER`` with which closing is breaking off."""
_KEEP_ALIVE: Final = (stdlib.SOL_SOCKET, stdlib.SO_KEEPALIVE)
_LINGER: Final = (stdlib.SOL_SOCKET, stdlib.SO_LINGER)
_IDLE: Final = (stdlib.IPPROTO_TCP, getattr(stdlib, "TCP_KEEPIDLE", -1))
_INTERVAL: Final = (stdlib.IPPROTO_TCP, getattr(stdlib, "TCP_KEEPINTVL", -2))
_PROBES: Final = (stdlib.IPPROTO_TCP, getattr(stdlib, "TCP_KEEPCNT", -3))


class SimulatedSocket(trio.socket.SocketType):
    """A socket of a node's network stack, with the methods of ``trio.socket.SocketType``."""

    def __init__(self, sockets: Sockets, type: stdlib.SocketKind, proto: int) -> None:
        super().__init__()
        self._sockets = sockets
        self._type = type
        self._proto = proto
        self._options: dict[tuple[int, int], Any] = {}
        self._bound: tuple[str, int] | None = None
        self._peer: tuple[str, int] | None = None
        self._thing: Connection | Listening | Datagrams | None = None
        self._waiting: Waiting | None = None
        self._port: int | None = None  # what it has taken by binding
        self._connecting = False
        self._shut_down_reading = False
        self._shut_down_writing = False
        self._closed = False
        self._watcher: Callable[[], None] | None = None
        self._descriptor = sockets.next_descriptor(self)

    # What it is

    @property
    def family(self) -> stdlib.AddressFamily:
        return stdlib.AF_INET

    @property
    def type(self) -> stdlib.SocketKind:
        return self._type

    @property
    def proto(self) -> int:
        return self._proto

    @property
    def did_shutdown_SHUT_WR(self) -> bool:  # noqa: N802 - Trio's name
        return self._shut_down_writing

    def __repr__(self) -> str:
        return f"<simulated socket of {self._sockets.stack.machine}: {self._bound} to {self._peer}>"

    def __enter__(self) -> SimulatedSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        return -1 if self._closed else self._descriptor

    def get_inheritable(self) -> bool:
        return False

    def set_inheritable(self, inheritable: bool) -> None:
        """Do nothing: there is no other process that could inherit it."""

    def detach(self) -> int:
        self._escape("for a real file descriptor")

    def dup(self) -> NoReturn:
        self._escape("for a second file descriptor")

    def _escape(self, what: str) -> NoReturn:
        raise EscapedSimulation(f"a simulated socket of {self._sockets.stack.machine} was asked {what}.")

    def getsockname(self) -> Any:
        self._refuse_closed()
        return self._bound or ("0.0.0.0", 0)  # noqa: S104

    def getpeername(self) -> Any:
        self._refuse_closed()
        if self._peer is None or (isinstance(self._thing, Connection) and self._thing.state in ("syn-sent", "closed")):
            raise _error(errno.ENOTCONN)
        return self._peer

    def getsockopt(self, level: int, optname: int, buflen: int | None = None) -> Any:
        self._refuse_closed()
        if (level, optname) == (stdlib.SOL_SOCKET, stdlib.SO_ACCEPTCONN):
            return int(isinstance(self._thing, Listening))
        if (level, optname) == (stdlib.SOL_SOCKET, stdlib.SO_ERROR):
            return self._take_error()
        if (level, optname) == (stdlib.SOL_SOCKET, stdlib.SO_TYPE):
            return int(self._type)
        value = self._options.get((level, optname), 0)
        return value if buflen is None else bytes(buflen)

    def setsockopt(self, level: int, optname: int, value: Any, optlen: int | None = None) -> None:
        self._refuse_closed()
        self._options[level, optname] = value
        self._keep_alive()

    def _keep_alive(self) -> None:
        if isinstance(self._thing, Connection) and self._options.get(_KEEP_ALIVE):
            idle, interval, probes = (
                self._options.get(option, default) for option, default in ((_IDLE, 7200), (_INTERVAL, 75), (_PROBES, 9))
            )
            self._thing.keep_alive(idle * NS_PER_S, interval * NS_PER_S, probes)

    # Listening

    async def bind(self, address: Any) -> None:
        self._refuse_closed()
        host, port, *_ = address
        if _is_any(host):
            await trio.lowlevel.checkpoint()
        else:
            (host, *_) = await self._sockets.resolve(host)
        self.bind_address((host, port))

    def bind_address(self, address: Any) -> None:
        """Bind to an *address* whose host is one of the node's own, and no name of another."""
        self._refuse_closed()
        host, port = _host_and_port(address)
        stack = self._sockets.stack
        if not _is_any(host) and stack.internet.machine(host) != stack.machine:
            raise _error(errno.EADDRNOTAVAIL)
        if self._thing is not None or self._port is not None:
            raise _error(errno.EINVAL)
        self._bound = ("127.0.0.1" if host == "localhost" else host or "0.0.0.0", port)  # noqa: S104
        if self._type == stdlib.SOCK_DGRAM:
            self._open_datagrams(port)
        else:
            self._port = stack.bind(port)
            self._bound = (self._bound[0], self._port)

    def _let_go_of_port(self) -> None:
        if self._port is not None:
            self._sockets.stack.release(self._port)
            self._port = None

    def listen(self, backlog: int = 128) -> None:
        self._refuse_closed()
        if isinstance(self._thing, Listening):
            self._thing.listen(backlog)
            return
        if self._thing is not None:
            raise _error(errno.EINVAL)
        host, port = self._bound or ("0.0.0.0", 0)  # noqa: S104
        self._let_go_of_port()
        listening = self._sockets.stack.listen(port, backlog, local_only=host.startswith("127."))
        self._bound = (host, listening.port)
        self._become(listening)

    async def accept(self) -> tuple[SimulatedSocket, Any]:
        listening = self._as(Listening, errno.EINVAL)
        await self._until(lambda: listening.closed or listening.acceptable)
        return self.accept_nowait()

    def accept_nowait(self) -> tuple[SimulatedSocket, Any]:
        listening = self._as(Listening, errno.EINVAL)
        connection = listening.accept()
        if connection is None:
            raise _error(errno.EBADF if listening.closed else errno.EAGAIN)
        accepted = SimulatedSocket(self._sockets, stdlib.SOCK_STREAM, self._proto)
        accepted._options.update(self._options)
        accepted._connected(connection, _is_loopback(self._bound))
        return accepted, accepted._peer

    # Streams

    async def connect(self, address: Any) -> None:
        self._refuse_closed()
        host, port, *_ = address
        (resolved, *_) = await self._sockets.resolve(host)
        if self._type == stdlib.SOCK_DGRAM:
            self._datagrams()
            self._peer = (resolved, port)
            return
        if self._thing is not None:
            raise _error(errno.EISCONN)
        connection, waiting = await self._sockets.connect(resolved, port, self._port or 0)
        self._connected(connection, _is_loopback((resolved, port)), waiting)

    def connect_nowait(self, address: Any) -> None:
        """Begin to connect to an *address* that is no name; ``SO_ERROR`` says how it went, once it is writable."""
        self._refuse_closed()
        host, port = _host_and_port(address)
        if self._type == stdlib.SOCK_DGRAM:
            self._datagrams()
            self._peer = (host, port)
            return
        if self._thing is not None:
            self._connect_again()
            return
        stack = self._sockets.stack
        connection = stack.connect(stack.internet.route(stack.machine, host), port, self._port or 0)
        self._connected(connection, _is_loopback((host, port)))
        self._connecting = True
        raise _error(errno.EINPROGRESS)

    def _connect_again(self) -> None:
        """Say what has become of an attempt to connect."""
        connection = self._thing
        if not isinstance(connection, Connection) or not self._connecting:
            raise _error(errno.EISCONN)
        if connection.state == "syn-sent":
            raise _error(errno.EALREADY)
        self._connecting = False
        if connection.state == "closed":
            self._thing = self._peer = None
            raise _error(connection.take_error() or errno.ECONNABORTED)

    def _take_error(self) -> int:
        """Return the error that nobody was told of yet; 0 where there is none."""
        return self._thing.take_error() if isinstance(self._thing, Connection) else 0

    async def send(self, data: Any, flags: int = 0, /) -> int:
        if self._type == stdlib.SOCK_DGRAM:
            return await self.sendto(data, self.getpeername())
        connection = self._as(Connection, errno.EPIPE)
        await self._until(lambda: connection.room > 0 or connection.state == "closed")
        return self.send_nowait(data)

    def send_nowait(self, data: Any, flags: int = 0, /) -> int:
        if self._type == stdlib.SOCK_DGRAM:
            return self.sendto_nowait(data, self.getpeername())
        connection = self._as(Connection, errno.EPIPE)
        if connection.state != "closed" and not connection.room:
            raise _error(errno.EAGAIN)
        # A copy: what an error's traceback holds a view of can not be resized, as asyncio does with its buffers.
        with memoryview(data) as view, view.cast("B") as octets, octets[: connection.room] as fitting:
            taken = bytes(fitting)
        return connection.write(taken)

    async def recv(self, buflen: int, flags: int = 0, /) -> bytes:
        if self._type == stdlib.SOCK_DGRAM:
            return (await self.recvfrom(buflen))[0]
        self._as(Connection, errno.ENOTCONN)
        await self._until(self.is_readable)
        return self.recv_nowait(buflen)

    def recv_nowait(self, buflen: int, flags: int = 0, /) -> bytes:
        if self._type == stdlib.SOCK_DGRAM:
            return self.recvfrom_nowait(buflen)[0]
        connection = self._as(Connection, errno.ENOTCONN)
        data = b"" if not buflen else connection.peek(buflen) if flags & stdlib.MSG_PEEK else None
        if data is None:
            data = connection.read(buflen)
        if data is None and self._shut_down_reading:
            data = b""
        if data is None:
            raise _error(errno.EAGAIN)
        return data

    async def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        data = await self.recv(nbytes or len(buffer))
        memoryview(buffer)[: len(data)] = data
        return len(data)

    def shutdown(self, flag: int) -> None:
        connection = self._as(Connection, errno.ENOTCONN)
        if connection.state in ("syn-sent", "closed"):
            raise _error(errno.ENOTCONN)
        if flag in (stdlib.SHUT_RD, stdlib.SHUT_RDWR):
            self._shut_down_reading = True
            connection.changed()
        if flag in (stdlib.SHUT_WR, stdlib.SHUT_RDWR):
            self._shut_down_writing = True
            connection.shut_down()

    def is_readable(self) -> bool:
        thing = self._thing
        if isinstance(thing, Listening):
            return thing.acceptable
        return not self._closed and thing is not None and (thing.readable or self._shut_down_reading)

    def is_writable(self) -> bool:
        thing = self._thing
        if self._closed:
            return False
        if isinstance(thing, Connection):
            return thing.state != "syn-sent" and (thing.room > 0 or thing.state == "closed")
        return self._type == stdlib.SOCK_DGRAM

    def watch(self, watcher: Callable[[], None] | None) -> None:
        """Tell *watcher* from now on whenever the socket may have become ready for something; None: nobody."""
        self._watcher = watcher
        if self._waiting is not None:
            self._waiting.watcher = watcher

    async def wait_writable(self) -> None:
        connection = self._as(Connection, errno.ENOTCONN)
        await self._until(lambda: connection.room > 0 or connection.state == "closed")

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._sockets.opened.pop(self._descriptor, None)
            self._let_go_of_port()
            if isinstance(self._thing, Connection) and self._options.get(_LINGER) == _NO_LINGER:
                self._thing.abort()
            elif self._thing is not None:
                self._thing.close()
            if self._waiting is not None:
                self._waiting.changed()
                self._sockets.forget(self._waiting)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):  # it may be half made, or the run over
            self.close()

    # Datagrams

    async def sendto(self, *arguments: Any) -> int:
        data, (host, port, *_) = arguments[0], arguments[-1]
        self._datagrams()
        (address, *_) = await self._sockets.resolve(host)
        await self._until(lambda: True)
        return self.sendto_nowait(data, (address, port))

    def sendto_nowait(self, *arguments: Any) -> int:
        data, (address, port, *_) = arguments[0], arguments[-1]
        stack = self._sockets.stack
        self._datagrams().send(bytes(data), stack.internet.route(stack.machine, address), port)
        return len(data)

    async def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Any]:
        datagrams = self._datagrams()
        while True:
            await self._until(lambda: datagrams.readable)
            with contextlib.suppress(BlockingIOError):  # it was none of the peer's
                return self.recvfrom_nowait(bufsize)

    def recvfrom_nowait(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Any]:
        datagrams = self._datagrams()
        while (datagram := datagrams.read()) is not None:
            data, machine, port = datagram
            stack = self._sockets.stack
            is_local = machine == stack.machine and (_is_loopback(self._bound) or _is_loopback(self._peer))
            sender = ("127.0.0.1" if is_local else stack.internet.address(machine), port)
            if self._peer in (None, sender):
                return data[:bufsize], sender
        raise _error(errno.EAGAIN)

    # Within

    def _connected(self, connection: Connection, is_loopback: bool, waiting: Waiting | None = None) -> None:
        ours, theirs = "127.0.0.1", "127.0.0.1"
        if not is_loopback:
            address = self._sockets.stack.internet.address
            ours, theirs = address(self._sockets.stack.machine), address(connection.remote)
        self._bound = (ours, connection.local_port)
        self._peer = (theirs, connection.remote_port)
        self._become(connection, waiting)
        self._keep_alive()

    def _become(self, thing: Connection | Listening | Datagrams, waiting: Waiting | None = None) -> None:
        self._thing = thing
        self._waiting = waiting or self._sockets.waiting_for(thing)
        self._waiting.watcher = self._watcher

    def _datagrams(self) -> Datagrams:
        self._refuse_closed()
        return self._thing if isinstance(self._thing, Datagrams) else self._open_datagrams(0)

    def _open_datagrams(self, port: int) -> Datagrams:
        datagrams = self._sockets.stack.open_datagrams(port)
        self._bound = (self.getsockname()[0], datagrams.port)
        self._become(datagrams)
        return datagrams

    def _as(self, kind: Callable[..., _Thing], otherwise: int) -> _Thing:
        self._refuse_closed()
        if self._thing is None or self._thing.__class__ is not kind:
            raise _error(otherwise)
        return self._thing

    async def _until(self, ready: Any) -> None:
        assert self._waiting is not None
        await self._waiting.until(lambda: self._closed or ready())
        self._refuse_closed()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise _error(errno.EBADF)


def _host_and_port(address: Any) -> tuple[str, int]:
    """Return the two parts of *address* that count here. Raises OverflowError if the port is none."""
    host, port, *_ = address
    if not 0 <= port <= 65_535:
        raise OverflowError("bind(): port must be 0-65535.")
    return host, port


def _is_loopback(address: tuple[str, int] | None) -> bool:
    return address is not None and address[0].startswith("127.")


def _is_any(host: str) -> bool:
    """Return whether *host* means the machine itself, whatever its address is."""
    return not host or host in ("0.0.0.0", "localhost") or host.startswith("127.")  # noqa: S104


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
