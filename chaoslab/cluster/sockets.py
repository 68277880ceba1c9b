"""What one life of a node has opened in its network stack, and how its tasks wait for it.

The stack calls back and never waits; a node's tasks wait. Between the two stand a pause, which holds tasks back while
the stack goes on, and a crash, which ends their waiting. Both faces of the stack rest on this file: the node's own
streams in ``node_net`` and Trio's sockets in ``trio_sockets``.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Callable, MutableMapping
from typing import Any, Final, Protocol
from weakref import WeakValueDictionary

import trio

from chaoslab.cluster.host import Host
from chaoslab.net.connection import Connection
from chaoslab.net.streams import Stack

__all__ = ["FIRST_DESCRIPTOR", "Sockets", "Waiting", "is_address"]

FIRST_DESCRIPTOR: Final = 1 << 20
"""No real descriptor is as large: whoever uses one for anything real gets an error."""


class _Changing(Protocol):
    changed: Callable[[], None]


class Sockets:
    """What one life of a node has opened.

    Args:
        host: The node's host.
        stack: The network stack of this life.
        crashed: Returns the exception that ends what this life still waits for, or None while it lives.

    Attributes:
        opened: The sockets that programs hold, by their descriptors.
    """

    def __init__(self, host: Host, stack: Stack, crashed: Callable[[], Exception | None]) -> None:
        self.host = host
        self.stack = stack
        self.crashed = crashed
        self.opened: MutableMapping[int, Any] = WeakValueDictionary()
        self._waiting: dict[Waiting, None] = {}
        self._descriptors = FIRST_DESCRIPTOR

    def next_descriptor(self, socket: object) -> int:
        """Return a descriptor for *socket*, unused in this life."""
        self._descriptors += 1
        self.opened[self._descriptors] = socket
        return self._descriptors

    def waiting_for(self, thing: _Changing) -> Waiting:
        """Return the place where tasks wait for *thing*."""
        waiting = Waiting(self, thing)
        self._waiting[waiting] = None
        return waiting

    def forget(self, waiting: Waiting) -> None:
        """Nobody will wait there any more."""
        self._waiting.pop(waiting, None)

    def cut(self) -> None:
        """The power was cut: whoever waits learns it."""
        for waiting in self._waiting:
            waiting.wake()

    async def resolve(self, name: str) -> tuple[str, ...]:
        """Return the addresses of *name*, or *name* itself if it is an address.

        Raises:
            socket.gaierror: there is no such name (EAI_NONAME), or nobody could say (EAI_AGAIN).
        """
        if is_address(name):
            return (name,)
        lookup = self.stack.resolver.look_up(name)
        waiting = self.waiting_for(lookup)
        try:
            await waiting.until(lambda: lookup.code != "")
        finally:
            self.forget(waiting)
        if lookup.code == "NOERROR" and lookup.addresses:
            return lookup.addresses
        if lookup.code in ("NOERROR", "NXDOMAIN"):
            raise socket.gaierror(socket.EAI_NONAME, f"Name or service not known: {name}")
        raise socket.gaierror(socket.EAI_AGAIN, f"Temporary failure in name resolution ({lookup.code}): {name}")

    async def connect(self, address: str, port: int) -> tuple[Connection, Waiting]:
        """Open a connection to *port* at *address*.

        Raises:
            OSError: it was refused, or nobody answered, or nobody has that address.
        """
        machine = self.stack.internet.route(self.stack.machine, address)
        connection = self.stack.connect(machine, port)
        waiting = self.waiting_for(connection)
        try:
            await waiting.until(lambda: connection.state != "syn-sent")
        except BaseException:
            connection.close()
            self.forget(waiting)
            raise
        error = connection.take_error()
        if error:
            self.forget(waiting)
            raise OSError(error, f"{os.strerror(error)}: {address} port {port}")
        return connection, waiting


class Waiting:
    """Where tasks wait for one thing: a connection, a listener, an answer.

    Attributes:
        watcher: Told whenever those who wait are to look again; None: nobody is.
    """

    __slots__ = ("_lot", "_sockets", "watcher")

    def __init__(self, sockets: Sockets, thing: _Changing) -> None:
        self._sockets = sockets
        self._lot = trio.lowlevel.ParkingLot()
        self.watcher: Callable[[], None] | None = None
        thing.changed = self.changed

    def changed(self) -> None:
        """There may be something new: let those who wait look again, after the pause if there is one."""
        if self._lot or self.watcher is not None:
            self._sockets.host.when_open(self.wake)

    def wake(self) -> None:
        """Let those who wait look again, now."""
        self._lot.unpark_all()
        if self.watcher is not None:
            self.watcher()

    async def until(self, ready: Callable[[], bool]) -> None:
        """Wait until *ready* returns true; at least for a checkpoint.

        Raises:
            NodeCrashed: this life of the node is over.
        """
        if ready():
            await trio.lowlevel.checkpoint()
        while True:
            crashed = self._sockets.crashed()
            if crashed is not None:
                raise crashed
            if self._sockets.host.paused:
                self._sockets.host.when_open(self.wake)
            elif ready():
                return
            await self._lot.park()


def is_address(host: str) -> bool:
    """Return whether *host* is an IPv4 address and no name."""
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True
