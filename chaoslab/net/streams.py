"""The network stack of one machine: ports, listeners, connections and datagrams, over the links of the network.

Rules:

1. A stack is the kernel's part. It works on while its node is paused: handshakes succeed, segments are acknowledged,
   buffers fill. It ends with a power cut, without a word to anybody.
2. A segment for a connection that is not known here is answered by a reset. That is how the other side learns, when
   it sends something, that this machine was down.
3. Nothing here waits: listeners and sockets tell by ``changed`` that there may be something new.

The state machine of a connection is in ``connection``. This file does not know nodes or tasks.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any, Final

from chaoslab.net.connection import Connection
from chaoslab.net.datagrams import Datagrams
from chaoslab.net.internet import Internet
from chaoslab.net.listening import Key, Listening
from chaoslab.net.names import Resolver
from chaoslab.net.network import Link
from chaoslab.net.packets import Datagram, DnsAnswer, Packet, Segment

__all__ = ["Stack"]

_PORTS: Final = range(32_768, 61_000)  # those that Linux gives away by itself


class Stack:
    """The network stack of one life of a machine.

    Args:
        machine: The machine's name on the network.
        internet: What it is part of.

    Attributes:
        resolver: Looks names up, and remembers.
        muted: Connections that are gone and whose segments get no answer, and how many faults want that.
    """

    def __init__(self, machine: str, internet: Internet) -> None:
        self.machine = machine
        self.internet = internet
        self.network = internet.network
        self.resolver = Resolver(self)
        self.muted: dict[Key, int] = {}
        self._on = True
        self._connections: dict[Key, Connection] = {}
        self._listening: dict[int, Listening] = {}
        self._datagrams: dict[int, Datagrams] = {}
        self._bound: dict[int, None] = {}  # TCP ports that belong to somebody who neither listens nor is connected yet
        self._next_port: int | None = None
        internet.stacks[machine] = self

    def power_off(self) -> None:
        """The power is cut: nothing here sends, and no timer goes off, any more."""
        self._on = False
        if self.internet.stacks.get(self.machine) is self:
            del self.internet.stacks[self.machine]
        self._connections.clear()

    def exit(self) -> None:
        """The program has ended and its machine runs on: what it left open is closed for it."""
        for listening in tuple(self._listening.values()):
            listening.close()
        for connection in tuple(self._connections.values()):
            connection.close()
        self._datagrams.clear()

    # Connections

    @property
    def connections(self) -> tuple[Connection, ...]:
        """The connections of this machine, the oldest first."""
        return tuple(self._connections.values())

    def find(self, local_port: int, remote: str, remote_port: int) -> Connection | None:
        """Return the connection of that name, or None."""
        return self._connections.get((local_port, remote, remote_port))

    def bind(self, port: int) -> int:
        """Take the TCP *port*, or any if it is 0, until it is released, and return its number.

        Raises:
            OSError: the port is taken (EADDRINUSE).
        """
        port = port or self._free_port(self._listening)
        if port in self._listening or port in self._bound:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        self._bound[port] = None
        return port

    def release(self, port: int) -> None:
        """Let others have a port that ``bind`` has taken."""
        self._bound.pop(port, None)

    def listen(self, port: int, backlog: int = 128, *, local_only: bool = False) -> Listening:
        """Accept connections at *port*; 0 means any.

        Raises:
            OSError: the port is taken (EADDRINUSE).
        """
        port = self.bind(port)
        self.release(port)
        listening = self._listening[port] = Listening(self, port, backlog, local_only=local_only)
        return listening

    def stop_listening(self, listening: Listening) -> None:
        """The port is free again."""
        if self._listening.get(listening.port) is listening:
            del self._listening[listening.port]

    def connect(self, machine: str, port: int, local_port: int = 0) -> Connection:
        """Begin a connection to *port* of *machine*; it is open when its ``state`` says so.

        Raises:
            OSError: there is one already from *local_port* (EADDRNOTAVAIL), or no port is left.
        """
        taken = {key[0]: None for key in self._connections if key[1:] == (machine, port)}
        if local_port in taken:
            raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
        local_port = local_port or self._free_port(taken)
        connection = Connection(self, local_port, machine, port, heard=None)
        if self._on:
            self._connections[local_port, machine, port] = connection
        return connection

    def _free_port(self, taken: Any) -> int:
        if self._next_port is None:  # a machine that comes back should not begin where its last life began
            self._next_port = self.network.choices.stream(f"port {self.machine}").below(len(_PORTS))
        for _ in _PORTS:
            port = _PORTS[self._next_port]
            self._next_port = (self._next_port + 1) % len(_PORTS)
            if port not in taken and port not in self._listening and port not in self._bound:
                return port
        raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))

    # What connections need

    @property
    def now_ns(self) -> int:
        """True time."""
        return self.network.now_ns

    def emit(self, connection: Connection, segment: Segment) -> None:
        """Send a segment of *connection*."""
        self.send(connection.remote, segment)

    def after(self, delay_ns: int, action: Callable[..., None], argument: int) -> None:
        """Call ``action(argument)`` later, unless the power was cut by then."""

        def act() -> None:
            if self._on:
                action(argument)

        self.network.after(delay_ns, act)

    def opened(self, connection: Connection) -> None:
        """A connection that came in is open."""
        listening = self._listening.get(connection.local_port)
        if listening is None:
            connection.abort()
        else:
            listening.opened(_key(connection), connection)

    def forget(self, connection: Connection) -> None:
        """A connection is over."""
        key = _key(connection)
        if self._connections.get(key) is connection:
            del self._connections[key]
        listening = self._listening.get(connection.local_port)
        if listening is not None and connection.incoming:
            listening.forget(key)

    # Datagrams

    def open_datagrams(self, port: int) -> Datagrams:
        """Send and receive datagrams at *port*; 0 means any.

        Raises:
            OSError: the port is taken (EADDRINUSE).
        """
        port = port or self._free_port(self._datagrams)
        if port in self._datagrams:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        datagrams = self._datagrams[port] = Datagrams(self, port)
        return datagrams

    def close_datagrams(self, datagrams: Datagrams) -> None:
        """The port is free again."""
        if self._datagrams.get(datagrams.port) is datagrams:
            del self._datagrams[datagrams.port]

    # Packets

    def send(self, machine: str, packet: Packet) -> None:
        """Send *packet* to *machine*. Cost: that of a message."""
        if self._on:
            self.network.send(self.network.link(self.machine, machine), packet)

    def receive(self, link: Link, packet: Packet) -> None:
        """A packet has arrived."""
        if not packet.intact:
            self.network.lose(link, packet, "checksum")
        elif isinstance(packet, Segment):
            self._receive_segment(link, packet)
        elif isinstance(packet, Datagram):
            datagrams = self._datagrams.get(packet.target_port)
            if datagrams is None:
                self.network.lose(link, packet, "no port")
            else:
                datagrams.receive(link, packet)
        elif isinstance(packet, DnsAnswer):
            self.resolver.receive(packet)

    def _receive_segment(self, link: Link, segment: Segment) -> None:
        key = (segment.target_port, link.source, segment.source_port)
        connection = self._connections.get(key)
        begins = segment.syn and segment.acknowledged is None and not segment.reset
        if connection is not None and not (begins and connection.state == "time-wait"):
            connection.receive(segment)
            return
        listening = self._listening.get(segment.target_port) if begins else None
        if listening is not None and (not listening.local_only or link.source == self.machine):
            if listening.full:
                self.network.lose(link, segment, "backlog")
                return
            connection = self._connections[key] = Connection(self, *key, heard=segment)
            listening.greet(key, connection)
        elif segment.reset:
            return
        elif key in self.muted:
            self.network.lose(link, segment, "silence")
        else:
            self.send(link.source, _refusal(segment))


def _key(connection: Connection) -> Key:
    return connection.local_port, connection.remote, connection.remote_port


def _refusal(segment: Segment) -> Segment:
    """Return the reset that answers a segment of no connection (RFC 9293, section 3.10.7.1)."""
    acknowledged = None
    if segment.acknowledged is None:
        acknowledged = segment.sequence + len(segment.data) + segment.syn + segment.fin
    return Segment(
        source_port=segment.target_port,
        target_port=segment.source_port,
        sequence=segment.acknowledged or 0,
        acknowledged=acknowledged,
        reset=True,
    )
