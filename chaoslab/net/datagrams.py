"""Simulated UDP: a port that sends and receives datagrams, each whole or not at all.

What travels may be lost, repeated and reordered by the links, and nobody is told. There is no fragmentation, and no
ICMP: what is sent to a port that is not open is lost.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from chaoslab.net.network import Link
from chaoslab.net.packets import Datagram

if TYPE_CHECKING:
    from chaoslab.net.streams import Stack

__all__ = ["Datagrams"]

_BYTES_MAX: Final = 65_507
_WAITING_BYTES_MAX: Final = 212_992  # Linux's default


class Datagrams:
    """A port for datagrams.

    Attributes:
        port: Its number.
        changed: Called when there may be a datagram to read.
    """

    def __init__(self, stack: Stack, port: int) -> None:
        self.port = port
        self.changed: Callable[[], None] = lambda: None
        self._stack = stack
        self._waiting: deque[tuple[bytes, str, int]] = deque()
        self._bytes = 0

    @property
    def readable(self) -> bool:
        """Whether a datagram waits."""
        return bool(self._waiting)

    def read(self) -> tuple[bytes, str, int] | None:
        """Return the oldest datagram as (data, machine, port there), or None."""
        if not self._waiting:
            return None
        datagram = self._waiting.popleft()
        self._bytes -= len(datagram[0])
        return datagram

    def send(self, data: bytes, machine: str, port: int) -> None:
        """Send *data*; nobody says whether it arrives.

        Raises:
            OSError: it is too long for a datagram (EMSGSIZE).
        """
        if len(data) > _BYTES_MAX:
            raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
        self._stack.send(machine, Datagram(source_port=self.port, target_port=port, data=data))

    def receive(self, link: Link, datagram: Datagram) -> None:
        """A datagram has arrived; it is lost if too many wait already."""
        if self._bytes + len(datagram.data) > _WAITING_BYTES_MAX:
            self._stack.network.lose(link, datagram, "full")
            return
        self._bytes += len(datagram.data)
        self._waiting.append((datagram.data, link.source, datagram.source_port))
        self.changed()

    def close(self) -> None:
        """Give the port back."""
        self._waiting.clear()
        self._stack.close_datagrams(self)
