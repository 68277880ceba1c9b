"""A socket as the kernel has it: TCP or UDP of a node's network stack, that never waits.

Whatever would wait raises ``BlockingIOError``; all else is answered as Linux does, with its error numbers. On this rest
the faces that programs know: Trio's in ``simulated_socket``, the standard library's in ``plain_socket``, and what
asks which sockets are ready.

This file does not know tasks.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket as stdlib
import struct
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar

from chaoslab.cluster.sockets import Sockets, Waiting
from chaoslab.errors import EscapedSimulation
from chaoslab.net.connection import Connection
from chaoslab.net.datagrams import Datagrams
from chaoslab.net.listening import Listening
from chaoslab.units import NS_PER_S

__all__ = ["PEEK", "KernelSocket", "is_any"]

_Thing = TypeVar("_Thing", Connection, Listening, Datagrams)

PEEK: Final = int(stdlib.MSG_PEEK)  # as an enum it would be slow to compare
_NO_LINGER: Final = struct.pack("ii", 1, 0)
"""The value of ``SO_LINGER`` with which closing is breaking off."""
_KEEP_ALIVE: Final = (stdlib.SOL_SOCKET, stdlib.SO_KEEPALIVE)
_LINGER: Final = (stdlib.SOL_SOCKET, stdlib.SO_LINGER)
_IDLE: Final = (stdlib.IPPROTO_TCP, getattr(stdlib, "TCP_KEEPIDLE", -1))
_INTERVAL: Final = (stdlib.IPPROTO_TCP, getattr(stdlib, "TCP_KEEPINTVL", -2))
_PROBES: Final = (stdlib.IPPROTO_TCP, getattr(stdlib, "TCP_KEEPCNT", -3))


class KernelSocket:
    """A socket of a node's network stack.

    Args:
        sockets: What the node has opened.
        type: ``SOCK_STREAM`` or ``SOCK_DGRAM``.
        proto: As the program gave it.

    Attributes:
        waiting: Where tasks wait for it, once it is bound, connected or listening.
        closed: The program has let go of it.
    """

    def __init__(self, sockets: Sockets, type: stdlib.SocketKind, proto: int) -> None:
        self.sockets = sockets
        self.family = stdlib.AF_INET
        self.type = type
        self.proto = proto
        self.waiting: Waiting | None = None
        self.closed = False
        self._options: dict[tuple[int, int], Any] = {}
        self._bound: tuple[str, int] | None = None
        self._peer: tuple[str, int] | None = None
        self._thing: Connection | Listening | Datagrams | None = None
        self._port: int | None = None  # what it has taken by binding
        self._connecting = False
        self._shut_down_reading = False
        self._watcher: Callable[[], None] | None = None
        self._descriptor = sockets.next_descriptor(self)

    def __repr__(self) -> str:
        return f"<simulated socket of {self.sockets.stack.machine}: {self._bound} to {self._peer}>"

    def __hash__(self) -> int:
        return self._descriptor  # not where it is in memory: programs keep sockets in sets

    def __del__(self) -> None:
        with contextlib.suppress(Exception):  # it may be half made, or the run over
            self.close()

    # What it is

    def fileno(self) -> int:
        """Return its descriptor, or -1 once it is closed."""
        return -1 if self.closed else self._descriptor

    def get_inheritable(self) -> bool:
        """Return False: there is no other process that could inherit it."""
        return False

    def set_inheritable(self, inheritable: bool) -> None:
        """Do nothing, for the same reason."""

    def detach(self) -> NoReturn:
        """Refuse: it has no real descriptor."""
        self._escape("for a real file descriptor")

    def dup(self) -> NoReturn:
        """Refuse: it has no real descriptor, let alone a second."""
        self._escape("for a second file descriptor")

    def _escape(self, what: str) -> NoReturn:
        raise EscapedSimulation(f"a simulated socket of {self.sockets.stack.machine} was asked {what}.")

    def getsockname(self) -> Any:
        """Return its own address and port."""
        self._refuse_closed()
        return self._bound or ("0.0.0.0", 0)  # noqa: S104

    def getpeername(self) -> Any:
        """Return the address and port of the other side. Raises OSError if there is none (ENOTCONN)."""
        self._refuse_closed()
        if self._peer is None or (isinstance(self._thing, Connection) and self._thing.state in ("syn-sent", "closed")):
            raise _error(errno.ENOTCONN)
        return self._peer

    def getsockopt(self, level: int, optname: int, buflen: int | None = None) -> Any:
        """Return an option; ``SO_ERROR`` is the error that nobody was told of yet."""
        self._refuse_closed()
        if (level, optname) == (stdlib.SOL_SOCKET, stdlib.SO_ACCEPTCONN):
            return int(isinstance(self._thing, Listening))
        if (level, optname) == (stdlib.SOL_SOCKET, stdlib.SO_ERROR):
            return self._thing.take_error() if isinstance(self._thing, Connection) else 0
        if (level, optname) == (stdlib.SOL_SOCKET, stdlib.SO_TYPE):
            return int(self.type)
        value = self._options.get((level, optname), 0)
        return value if buflen is None else bytes(buflen)

    def setsockopt(self, level: int, optname: int, value: Any, optlen: int | None = None) -> None:
        """Set an option. Those for keeping connections alive and for lingering have an effect."""
        self._refuse_closed()
        self._options[level, optname] = value
        self._keep_alive()

    def _keep_alive(self) -> None:
        if isinstance(self._thing, Connection) and self._options.get(_KEEP_ALIVE):
            idle, interval, probes = (
                self._options.get(option, default) for option, default in ((_IDLE, 7200), (_INTERVAL, 75), (_PROBES, 9))
            )
            self._thing.keep_alive(idle * NS_PER_S, interval * NS_PER_S, probes)

    # Readiness

    def is_readable(self) -> bool:
        """Return whether reading, or accepting, would not wait."""
        thing = self._thing
        if self.closed or thing is None:
            return False
        return thing.acceptable if isinstance(thing, Listening) else thing.readable or self._shut_down_reading

    def is_writable(self) -> bool:
        """Return whether writing would not wait; of a socket that connects, whether it is over."""
        thing = self._thing
        if self.closed:
            return False
        if isinstance(thing, Connection):
            return thing.state != "syn-sent" and (thing.room > 0 or thing.state == "closed")
        return self.type == stdlib.SOCK_DGRAM

    def watch(self, watcher: Callable[[], None] | None) -> None:
        """Tell *watcher* from now on whenever the socket may have become ready for something; None: nobody."""
        self._watcher = watcher
        if self.waiting is not None:
            self.waiting.watcher = watcher

    # Listening

    def bind(self, address: Any) -> None:
        """Take an *address* whose host is one of the node's own, and no name of another, and a port; 0: any."""
        self._refuse_closed()
        host, port = _host_and_port(address)
        stack = self.sockets.stack
        if not is_any(host) and stack.internet.machine(host) != stack.machine:
            raise _error(errno.EADDRNOTAVAIL)
        if self._thing is not None or self._port is not None:
            raise _error(errno.EINVAL)
        host = "127.0.0.1" if host == "localhost" else host or "0.0.0.0"  # noqa: S104
        if self.type == stdlib.SOCK_DGRAM:
            self._open_datagrams(host, port)
        else:
            self._port = stack.bind(port)
            self._bound = (host, self._port)

    def listen(self, backlog: int = 128) -> None:
        """Accept connections from now on; if it does so already, with another backlog."""
        self._refuse_closed()
        if isinstance(self._thing, Listening):
            self._thing.listen(backlog)
            return
        if self._thing is not None:
            raise _error(errno.EINVAL)
        host, port = self.getsockname()
        self._let_go_of_port()
        listening = self.sockets.stack.listen(port, backlog, local_only=host.startswith("127."))
        self._bound = (host, listening.port)
        self._become(listening)

    def accept(self) -> tuple[KernelSocket, Any]:
        """Return a connection that waits, and the address of its other side."""
        listening = self._as(Listening, errno.EINVAL)
        connection = listening.accept()
        if connection is None:
            raise _error(errno.EBADF if listening.closed else errno.EAGAIN)
        accepted = KernelSocket(self.sockets, stdlib.SOCK_STREAM, self.proto)
        accepted._options.update(self._options)
        accepted._connect(connection, is_loopback=_is_loopback(self._bound))
        return accepted, accepted._peer

    # Streams

    def connect(self, address: Any) -> None:
        """Begin to connect to an *address* that is no name.

        Raises:
            BlockingIOError: it has begun; ``SO_ERROR`` says how it went, once the socket is writable.
            OSError: it cannot be, or has failed.
        """
        self._refuse_closed()
        host, port = _host_and_port(address)
        if self.type == stdlib.SOCK_DGRAM:
            self._datagrams()
            self._peer = (host, port)
        elif self._thing is not None:
            self._connect_again()
        else:
            stack = self.sockets.stack
            connection = stack.connect(stack.internet.route(stack.machine, host), port, self._port or 0)
            self._connect(connection, is_loopback=_is_loopback((host, port)))
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

    def send(self, data: Any) -> int:
        """Take as much of *data* as there is room for, and return how much; of a datagram, all."""
        if self.type == stdlib.SOCK_DGRAM:
            return self.sendto(data, self.getpeername())
        connection = self._as(Connection, errno.EPIPE)
        if connection.state != "closed" and not connection.room:
            raise _error(errno.EAGAIN)
        # A copy: what an error's traceback holds a view of cannot be resized, as asyncio does with its buffers.
        with memoryview(data) as view, view.cast("B") as octets, octets[: connection.room] as fitting:
            taken = bytes(fitting)
        return connection.write(taken)

    def recv(self, buflen: int, flags: int = 0) -> bytes:
        """Return up to *buflen* bytes that have arrived, ``b""`` at the end; ``MSG_PEEK`` leaves them there."""
        if self.type == stdlib.SOCK_DGRAM:
            return self.recvfrom(buflen)[0]
        connection = self._as(Connection, errno.ENOTCONN)
        if not buflen:
            return b""
        data = connection.peek(buflen) if flags & PEEK else None
        if data is None:
            data = connection.read(buflen)
        if data is None and not self._shut_down_reading:
            raise _error(errno.EAGAIN)
        return data or b""

    def shutdown(self, how: int) -> None:
        """End one direction, or both."""
        connection = self._as(Connection, errno.ENOTCONN)
        if connection.state in ("syn-sent", "closed"):
            raise _error(errno.ENOTCONN)
        if how in (stdlib.SHUT_RD, stdlib.SHUT_RDWR):
            self._shut_down_reading = True
            connection.changed()
        if how in (stdlib.SHUT_WR, stdlib.SHUT_RDWR):
            connection.shut_down()

    def close(self) -> None:
        """Let go of it. What was written is still delivered, unless ``SO_LINGER`` says otherwise."""
        if self.closed:
            return
        self.closed = True
        self.sockets.opened.pop(self._descriptor, None)
        self._let_go_of_port()
        if isinstance(self._thing, Connection) and self._options.get(_LINGER) == _NO_LINGER:
            self._thing.abort()
        elif self._thing is not None:
            self._thing.close()
        if self.waiting is not None:
            self.waiting.changed()
            self.sockets.forget(self.waiting)

    # Datagrams

    def sendto(self, data: Any, address: Any) -> int:
        """Send a datagram to an *address* that is no name."""
        host, port, *_ = address
        stack = self.sockets.stack
        self._datagrams().send(bytes(data), stack.internet.route(stack.machine, host), port)
        return len(data)

    def recvfrom(self, bufsize: int) -> tuple[bytes, Any]:
        """Return a datagram that has arrived and the address of its sender; of a connected socket, of that alone."""
        datagrams, stack = self._datagrams(), self.sockets.stack
        while (datagram := datagrams.read()) is not None:
            data, machine, port = datagram
            is_local = machine == stack.machine and (_is_loopback(self._bound) or _is_loopback(self._peer))
            sender = ("127.0.0.1" if is_local else stack.internet.address(machine), port)
            if self._peer in (None, sender):
                return data[:bufsize], sender
        raise _error(errno.EAGAIN)

    # Within

    def _connect(self, connection: Connection, *, is_loopback: bool) -> None:
        ours = theirs = "127.0.0.1"
        if not is_loopback:
            address = self.sockets.stack.internet.address
            ours, theirs = address(self.sockets.stack.machine), address(connection.remote)
        self._bound = (ours, connection.local_port)
        self._peer = (theirs, connection.remote_port)
        self._become(connection)
        self._keep_alive()

    def _become(self, thing: Connection | Listening | Datagrams) -> None:
        self._thing = thing
        self.waiting = self.sockets.waiting_for(thing)
        self.waiting.watcher = self._watcher

    def _let_go_of_port(self) -> None:
        if self._port is not None:
            self.sockets.stack.release(self._port)
            self._port = None

    def _datagrams(self) -> Datagrams:
        self._refuse_closed()
        if isinstance(self._thing, Datagrams):
            return self._thing
        return self._open_datagrams("0.0.0.0", 0)  # noqa: S104

    def _open_datagrams(self, host: str, port: int) -> Datagrams:
        datagrams = self.sockets.stack.open_datagrams(port)
        self._bound = (host, datagrams.port)
        self._become(datagrams)
        return datagrams

    def _as(self, kind: Callable[..., _Thing], otherwise: int) -> _Thing:
        self._refuse_closed()
        if self._thing is None or self._thing.__class__ is not kind:
            raise _error(otherwise)
        return self._thing

    def _refuse_closed(self) -> None:
        if self.closed:
            raise _error(errno.EBADF)


def _host_and_port(address: Any) -> tuple[str, int]:
    """Return the two parts of *address* that count here. Raises OverflowError if the port is none."""
    host, port, *_ = address
    if not 0 <= port <= 65_535:
        raise OverflowError("bind(): port must be 0-65535.")
    return host, port


def _is_loopback(address: tuple[str, int] | None) -> bool:
    return address is not None and address[0].startswith("127.")


def is_any(host: str) -> bool:
    """Return whether *host* means the machine itself, whatever its address is."""
    return not host or host in ("0.0.0.0", "localhost") or host.startswith("127.")  # noqa: S104


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
