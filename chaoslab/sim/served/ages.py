"""What programs keep in sets goes by its age in a simulation, not by its address in memory: connections, queues, locks.

``for writer in clients`` over a set is in every chat server. Objects that say nothing of their hash have their address
for one, which differs from process to process, and with it the order of the set. So the classes of asyncio and Trio
that programs put into sets get another hash while a run lasts: a number by the time when it was first asked for.

Rules:

1. Only objects with a ``__dict__`` have an age, as it is kept there. A class that says what its hash is keeps it.
2. Whatever is no code of the run gets the usual hash, unless the object has an age.

Tasks and futures of asyncio are C code in which nothing can be replaced: see ``asyncio_loop``, and ``awaitables``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import trio

from chaoslab.sim.process import Process

__all__ = ["age_replacements"]

_AGE: Final = "_chaoslab_age"
_CLASSES: Final[tuple[type, ...]] = (
    asyncio.BaseProtocol, asyncio.BaseTransport, asyncio.StreamReader, asyncio.StreamWriter, asyncio.AbstractServer,
    asyncio.Condition, asyncio.Event, asyncio.Lock, asyncio.Queue, asyncio.Semaphore,
    trio.abc.AsyncResource, trio.socket.SocketType,
)  # fmt: skip


def age_replacements(current: Callable[[], Process | None]) -> list[tuple[Any, str, Any]]:
    """Return what replaces the hashes of these classes, for the process that *current* says."""

    def by_age(self: Any) -> int:
        own: dict[str, Any] | None = getattr(self, "__dict__", None)
        process = current()
        if own is None or (process is None and _AGE not in own):
            return object.__hash__(self)
        age: int | None = own.get(_AGE)
        if age is None:
            assert process is not None
            age = own[_AGE] = process.next_age()
        return age

    return [(one, "__hash__", by_age) for one in _CLASSES]
