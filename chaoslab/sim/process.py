"""The process in which code under test believes it runs: its clocks, its randomness, its number, its files.

Ordinary programs take these from the standard library, which asks this file whose they are: a context variable says it,
which every task of a node inherits, and what Trio runs for it in a worker thread as well.

This file does not know what a node is, nor what the standard library looks like: see ``served``.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, Final

import attrs

from chaoslab.choices import Stream

__all__ = ["EPOCH_NS", "PROCESS", "Process"]

EPOCH_NS: Final = 1_700_000_000_000_000_000
"""What a correct wall clock shows at the start of every run (2023-11-14 22:13:20 UTC): a date, not zero, so that
code under test which formats or compares dates works."""


@attrs.define(eq=False, kw_only=True)
class Process:
    """One life of a program.

    Attributes:
        name: Whose it is, and the name of its machine.
        number: Its process number.
        wall_ns: Tells its wall clock, in nanoseconds since 1970.
        monotonic_ns: Tells its monotonic clock, in nanoseconds.
        stream: Where its random numbers come from.
        files: Its files, with the functions of ``os`` by their names; None: it has none of its own.
        new_socket: Makes a socket of a family, type and protocol; None: it has no network.
        address: Tells the address of its machine; None: it has no network.
        opened: Its sockets, by their descriptors.
        worker_ns: How long what it does in a worker thread at this moment has taken; None: it is in none.
    """

    name: str
    number: int
    wall_ns: Callable[[], int]
    monotonic_ns: Callable[[], int]
    stream: Stream
    files: Any = None
    new_socket: Callable[[int, int, int], Any] | None = None
    address: Callable[[], str] | None = None
    opened: Mapping[int, Any] = attrs.field(factory=dict)
    worker_ns: int | None = None
    _ages: int = 0

    def next_age(self) -> int:
        """Return how many things of this program had an age before."""
        self._ages += 1
        return self._ages

    def socket_of(self, descriptor: int) -> Any:
        """Return the socket of *descriptor*. Raises OSError (EBADF) if there is none."""
        socket = self.opened.get(descriptor)
        if socket is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return socket

    def bits(self, count: int) -> int:
        """Return *count* random bits as a number."""
        value = 0
        for _ in range((count + 31) // 32):
            value = value << 32 | int(self.stream.random() * 4294967296.0)
        return value >> -count % 32


PROCESS: Final[ContextVar[Process | None]] = ContextVar("chaoslab process", default=None)
"""Whose code runs now; None outside of nodes and clients."""
