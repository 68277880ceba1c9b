"""A port at which connections are accepted, and those that wait to be.

This file does not know segments: see ``streams``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from chaoslab.net.connection import Connection

if TYPE_CHECKING:
    from chaoslab.net.streams import Stack

__all__ = ["Key", "Listening"]

Key = tuple[int, str, int]
"""The name of a connection at one machine: own port, other machine, port there."""


class Listening:
    """A port at which connections are accepted.

    Attributes:
        port: Its number.
        local_only: It is not reachable from other machines, as when bound to 127.0.0.1.
        changed: Called when there may be a connection to accept.
        closed: It accepts no more.
    """

    def __init__(self, stack: Stack, port: int, backlog: int, *, local_only: bool) -> None:
        self.port = port
        self.local_only = local_only
        self.changed: Callable[[], None] = lambda: None
        self.closed = False
        self._stack = stack
        self.listen(backlog)
        self._greeting: dict[Key, Connection] = {}
        self._waiting: deque[Connection] = deque()

    @property
    def acceptable(self) -> bool:
        """Whether a connection waits."""
        return bool(self._waiting)

    @property
    def full(self) -> bool:
        """Whether it can take no further connection before one is accepted."""
        return len(self._greeting) + len(self._waiting) >= self._backlog

    def listen(self, backlog: int) -> None:
        """Let so many connections wait, from now on."""
        self._backlog = max(backlog, 1)

    def accept(self) -> Connection | None:
        """Return the connection that has waited longest, or None."""
        return self._waiting.popleft() if self._waiting else None

    def close(self) -> None:
        """Accept no more, and reset what was not accepted yet."""
        if not self.closed:
            self.closed = True
            self._stack.stop_listening(self)
            for connection in (*self._greeting.values(), *self._waiting):
                connection.abort()
            self._greeting.clear()
            self._waiting.clear()
            self.changed()

    def greet(self, key: Key, connection: Connection) -> None:
        """A handshake has begun."""
        self._greeting[key] = connection

    def opened(self, key: Key, connection: Connection) -> None:
        """A handshake is over."""
        self._greeting.pop(key, None)
        self._waiting.append(connection)
        self.changed()

    def forget(self, key: Key) -> None:
        """A connection ended. One that waits to be accepted stays: who accepts it will see the end."""
        self._greeting.pop(key, None)
