"""``threading.Lock`` for a node: it can be taken where it is free, and who would wait for it is told.

A node has one thread. A lock that one of its tasks holds while it waits, and another wants, is never released: the
wait would stop all nodes for good.

Not seen is a lock that was made before the run, such as one of a module. ``threading.RLock`` needs nothing: to it all
tasks are one thread, so it never waits. ``queue.SimpleQueue`` waits in C, where nothing is seen: a run has the standard
library's own in Python instead, whose wait is refused like any other wait for a thread.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, Final

from chaoslab.sim import escapes
from chaoslab.sim.process import Process

__all__ = ["lock_replacements"]

_LOCK: Final = threading.Lock


def lock_replacements(node: Callable[[], Process | None]) -> list[tuple[Any, str, Any]]:
    """Return what replaces the locks of threads, for the node that *node* says."""

    class Lock:
        """A lock that refuses to wait for another task of a node."""

        __slots__ = ("__weakref__", "_lock")

        def __init__(self) -> None:
            self._lock = _LOCK()

        def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
            if self._lock.acquire(blocking=False):
                return True
            if blocking and node() is not None:
                escapes.refuse(
                    "waited for a threading.Lock that another task holds",
                    "it would stop all nodes: use a lock of Trio's or asyncio's, or let no task wait for anything "
                    "while it holds this one",
                )
            return self._lock.acquire(blocking, timeout)

        def release(self) -> None:
            self._lock.release()

        def locked(self) -> bool:
            return self._lock.locked()

        def __enter__(self) -> bool:
            return self.acquire()

        def __exit__(self, *_: object) -> None:
            self.release()

    def new_lock() -> Any:
        return _LOCK() if node() is None else Lock()

    in_python = getattr(queue, "_PySimpleQueue", queue.SimpleQueue)
    return [(threading, "Lock", new_lock), (queue, "SimpleQueue", in_python)]
