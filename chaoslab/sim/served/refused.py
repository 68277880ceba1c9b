"""Functions of the standard library that a node cannot call, and what to use instead.

Each of them would stop the whole simulation, or change the process in which it runs for everybody and for good.

This file knows functions only: sockets, threads and processes are told of by audit events, see ``escapes``.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import threading
from collections.abc import Callable
from typing import Any, Final

from chaoslab.sim import escapes
from chaoslab.sim.process import Process

try:
    import _posixsubprocess
except ImportError:  # another kind of operating system
    _posixsubprocess = None  # type: ignore[assignment]

__all__ = ["refused_replacements"]

_POLLING: Final[Any] = getattr(selectors, "_PollLikeSelector", None)
_POLICY: Final[Any] = getattr(asyncio.events, "_BaseDefaultEventLoopPolicy", None) or getattr(
    asyncio.events, "BaseDefaultEventLoopPolicy", None
)
_LOOPS: Final = (asyncio, asyncio.events, _POLICY)
_ON_ASYNCIO: Final = (
    "put @chaoslab.on_asyncio before the function of the node or client, and await your own main function"
)
_WAITS: Final = "it would stop all nodes: wait with Trio or asyncio, which takes virtual time"
_REFUSED: Final[tuple[tuple[Any, str, str, str], ...]] = (
    *((place, "new_event_loop", "began a loop of asyncio's", _ON_ASYNCIO) for place in _LOOPS),
    (threading.Condition, "wait", "waited for another thread", _WAITS),
    (selectors, "DefaultSelector", "made a selector", _WAITS),
    (_POLLING, "select", "waited with a selector", _WAITS),
    (os, "chdir", "changed the current folder", "it is that of the whole process: give whole paths"),
    (os, "fchdir", "changed the current folder", "it is that of the whole process: give whole paths"),
    (os, "_exit", "ended the real process", "let the node's own code end"),
    (os, "abort", "ended the real process", "let the node's own code end"),
    (os, "dup", "made a second descriptor", "open the file again"),
    (os, "dup2", "made a second descriptor", "open the file again"),
    (_posixsubprocess, "fork_exec", "started a process", "a simulation has one process only"),
    (os, "sync", "called os.sync", "sync the files that must be durable: os.fsync"),
)


def refused_replacements(node: Callable[[], Process | None]) -> list[tuple[Any, str, Any]]:
    """Return what replaces these functions, for the node that *node* says."""

    def refusing(place: Any, name: str, did: str, instead: str) -> tuple[Any, str, Any]:
        real = getattr(place, name)

        def served(*arguments: Any, **named: Any) -> Any:
            if node() is not None:
                escapes.refuse(did, instead)
            return real(*arguments, **named)

        return place, name, served

    return [refusing(*one) for one in _REFUSED if hasattr(one[0], one[1])]
