"""What a node's code sees of streams, datagrams and names: ``node.listen``, ``node.connect``, ``node.resolve``.

Rules:

1. A stream is a ``trio.abc.HalfCloseableStream`` and a listener a ``trio.abc.Listener``: what is written for Trio's
   streams works with them. What goes wrong is an ``OSError`` while connecting and one of Trio's resource errors after.
2. A pause holds the node's code back at its next call here; its stack works on, so the other side sees a window that
   fills. After a crash every call raises ``NodeCrashed``.
3. A connection that nobody closes stays, as in a real program.

The stack itself is in ``chaoslab.net.streams``; how the node's tasks wait for it is in ``sockets``. This file does not
know Trio's own sockets: see ``trio_sockets``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import trio

from chaoslab.cluster.sockets import Sockets, Waiting
from chaoslab.net.connection import Connection
from chaoslab.net.datagrams import Datagrams
from chaoslab.net.listening import Listening
from chaoslab.units import seconds_to_ns

__all__ = ["NodeDatagrams", "NodeListener", "NodeNetwork", "NodeStream"]

_RECEIVE_BYTES = 65_536


class NodeStream(trio.abc.HalfCloseableStream):
    """One end of a connection.

    Attributes:
        connection: What the stack knows of it.
    """

    def __init__(self, connection: Connection, sockets: Sockets, waiting: Waiting | None = None) -> None:
        self.connection = connection
        self._sockets = sockets
        self._waiting = waiting or sockets.waiting_for(connection)
        self._closed = False
        self._sending = False

    @property
    def remote(self) -> tuple[str, int]:
        """The other side: its name and port."""
        return self.connection.remote, self.connection.remote_port

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send *data*; return when the stack has taken all of it, which does not mean that it has arrived."""
        with self._one_sender(), memoryview(data) as rest:
            if self.connection.finishing:
                raise trio.ClosedResourceError("nothing can be sent after the end was sent")
            sent = 0
            await self._until_writable()
            while sent < len(rest):
                with _broken():
                    sent += self.connection.write(rest[sent:])
                if sent < len(rest):
                    await self._until_writable()

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until there is room in the send buffer."""
        with self._one_sender():
            await self._until_writable()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what has arrived, up to *max_bytes*, waiting for the first byte; ``b""`` at the end."""
        bytes_max = _RECEIVE_BYTES if max_bytes is None else max_bytes
        if bytes_max < 1:
            raise ValueError("max_bytes must be >= 1")
        await self._waiting.until(lambda: self._closed or self.connection.readable)
        self._refuse_closed()
        with _broken():
            data = self.connection.read(bytes_max)
        assert data is not None
        return data

    async def send_eof(self) -> None:
        """Send the end: the other side reads what was sent so far, then ``b""``. Receiving goes on."""
        with self._one_sender():
            await trio.lowlevel.checkpoint()
            self._refuse_closed()
            self.connection.shut_down()

    async def aclose(self) -> None:
        """Let go of the connection. What was sent is still delivered."""
        if not self._closed:
            self._closed = True
            self.connection.close()
            self._waiting.changed()
            self._sockets.forget(self._waiting)
        await trio.lowlevel.checkpoint()

    def abort(self) -> None:
        """Break the connection off: the other side gets a reset, and what was not delivered yet is lost."""
        self._closed = True
        self.connection.abort()
        self._sockets.forget(self._waiting)

    def keep_alive(self, *, idle: float, interval: float, probes: int) -> None:
        """Probe a silent connection, so that one whose other side is gone breaks.

        Args:
            idle: Seconds of silence before the first probe.
            interval: Seconds from one probe to the next.
            probes: How many go unanswered before the connection breaks.
        """
        self.connection.keep_alive(seconds_to_ns(idle), seconds_to_ns(interval), probes)

    async def _until_writable(self) -> None:
        connection = self.connection
        await self._waiting.until(lambda: self._closed or connection.room > 0 or connection.state == "closed")
        self._refuse_closed()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise trio.ClosedResourceError("this stream was closed")

    @contextlib.contextmanager
    def _one_sender(self) -> Iterator[None]:
        self._refuse_closed()
        if self._sending:
            raise trio.BusyResourceError("another task is sending on this stream")
        self._sending = True
        try:
            yield
        finally:
            self._sending = False


class NodeListener(trio.abc.Listener[NodeStream]):
    """A port at which connections are accepted.

    Attributes:
        port: Its number.
    """

    def __init__(self, listening: Listening, sockets: Sockets) -> None:
        self.port = listening.port
        self._listening = listening
        self._sockets = sockets
        self._waiting = sockets.waiting_for(listening)

    async def accept(self) -> NodeStream:
        """Wait for a connection and return its stream."""
        listening = self._listening
        await self._waiting.until(lambda: listening.closed or listening.acceptable)
        connection = listening.accept()
        if connection is None:
            raise trio.ClosedResourceError("this listener was closed")
        return NodeStream(connection, self._sockets)

    async def aclose(self) -> None:
        """Accept no more; connections that were not accepted yet are reset."""
        self._listening.close()
        self._sockets.forget(self._waiting)
        await trio.lowlevel.checkpoint()


class NodeDatagrams:
    """A port that sends and receives datagrams.

    Attributes:
        port: Its number.
    """

    def __init__(self, datagrams: Datagrams, sockets: Sockets) -> None:
        self.port = datagrams.port
        self._datagrams = datagrams
        self._sockets = sockets
        self._waiting = sockets.waiting_for(datagrams)
        self._closed = False

    async def send_to(self, data: bytes, host: str, port: int) -> None:
        """Send *data* to *port* of *host*, a name or an address; nobody says whether it arrives."""
        (address, *_) = await self._sockets.resolve(host)
        await self._waiting.until(lambda: True)
        self._datagrams.send(
            bytes(data), self._sockets.stack.internet.route(self._sockets.stack.machine, address), port
        )

    async def receive(self) -> tuple[bytes, tuple[str, int]]:
        """Wait for a datagram and return it with the address and port it came from."""
        await self._waiting.until(lambda: self._closed or self._datagrams.readable)
        datagram = self._datagrams.read()
        if datagram is None:
            raise trio.ClosedResourceError("this port was closed")
        data, machine, port = datagram
        return data, (self._sockets.stack.internet.address(machine), port)

    def close(self) -> None:
        """Give the port back."""
        self._closed = True
        self._datagrams.close()
        self._waiting.changed()
        self._sockets.forget(self._waiting)


class NodeNetwork:
    """The part of a ``Node`` that speaks streams, datagrams and names.

    Attributes:
        sockets: What this life of the node has opened.
        address: The node's IPv4 address.
    """

    sockets: Sockets

    @property
    def address(self) -> str:
        """The node's own IPv4 address."""
        return self.sockets.stack.internet.address(self.sockets.stack.machine)

    async def listen(self, port: int, *, backlog: int = 128) -> NodeListener:
        """Accept connections at *port* (0: any) and return the listener.

        Raises:
            OSError: the port is taken.
        """
        await trio.lowlevel.checkpoint()
        self._refuse_dead()
        return NodeListener(self.sockets.stack.listen(port, backlog), self.sockets)

    async def connect(self, host: str, port: int) -> NodeStream:
        """Connect to *port* of *host* and return the stream.

        Args:
            host: The name of a node or client, another name that the name server knows, or an address. Where a name
                has several addresses, one is tried after the other.
            port: Where the other side listens.

        Raises:
            socket.gaierror: the name could not be resolved.
            OSError: refused, unreachable, or no answer in 127 seconds: put a timeout of your own around it.
        """
        failure: OSError | None = None
        for address in await self.resolve(host):
            try:
                connection, waiting = await self.sockets.connect(address, port)
            except OSError as error:
                failure = error
            else:
                return NodeStream(connection, self.sockets, waiting)
        assert failure is not None
        raise failure

    async def resolve(self, name: str) -> tuple[str, ...]:
        """Return the addresses of *name*.

        Raises:
            socket.gaierror: there is no such name (EAI_NONAME), or nobody could say (EAI_AGAIN).
        """
        return await self.sockets.resolve(name)

    async def open_datagrams(self, port: int = 0) -> NodeDatagrams:
        """Send and receive datagrams at *port*; 0 means any.

        Raises:
            OSError: the port is taken.
        """
        await trio.lowlevel.checkpoint()
        self._refuse_dead()
        return NodeDatagrams(self.sockets.stack.open_datagrams(port), self.sockets)

    def _refuse_dead(self) -> None:
        crashed = self.sockets.crashed()
        if crashed is not None:
            raise crashed


@contextlib.contextmanager
def _broken() -> Iterator[None]:
    """Turn an error of the connection into the one that Trio's streams raise."""
    try:
        yield
    except OSError as error:
        raise trio.BrokenResourceError(f"the connection is broken: {error.strerror}") from error
