"""``select.select`` and ``select.poll`` of a node's sockets, for those who ask what is ready now.

Libraries do so before they use a connection again. Who would wait is refused.

This file does not know what a network stack is: the process knows its sockets by their descriptors.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Iterable
from typing import Any

from chaoslab.sim import escapes
from chaoslab.sim.process import Process

__all__ = ["polling_replacements"]


def polling_replacements(node: Callable[[], Process | None]) -> list[tuple[Any, str, Any]]:
    """Return what replaces the functions, for the node that *node* says."""
    real_select, real_poll = select.select, getattr(select, "poll", None)

    def served_select(
        rlist: Iterable[Any], wlist: Iterable[Any], xlist: Iterable[Any], timeout: float | None = None, /
    ) -> tuple[list[Any], list[Any], list[Any]]:
        process = node()
        if process is None:
            return real_select(rlist, wlist, xlist, timeout)
        if timeout is None or timeout > 0:
            _refuse("select.select")
        return (
            [one for one in rlist if _socket(process, one).is_readable()],
            [one for one in wlist if _socket(process, one).is_writable()],
            [],
        )

    def served_poll() -> Any:
        process = node()
        return _Poll(process) if process is not None or real_poll is None else real_poll()

    return [
        (select, "select", served_select),
        *([] if real_poll is None else [(select, "poll", served_poll)]),
    ]


class _Poll:
    """What ``select.poll`` returns to a node."""

    def __init__(self, process: Any) -> None:
        self._process = process
        self._masks: dict[int, int] = {}

    def register(self, fd: Any, eventmask: int = select.POLLIN | select.POLLPRI | select.POLLOUT) -> None:
        """Ask about *fd* from now on."""
        self._masks[_descriptor(fd)] = eventmask

    def modify(self, fd: Any, eventmask: int) -> None:
        """Ask something else about *fd* from now on."""
        if _descriptor(fd) not in self._masks:
            raise FileNotFoundError(fd)
        self._masks[_descriptor(fd)] = eventmask

    def unregister(self, fd: Any) -> None:
        """Ask no more about *fd*."""
        del self._masks[_descriptor(fd)]

    def poll(self, timeout: float | None = None, /) -> list[tuple[int, int]]:
        """Return what is ready now."""
        if timeout is None or timeout != 0:
            _refuse("select.poll")
        found = []
        for descriptor, mask in self._masks.items():
            socket = _socket(self._process, descriptor)
            ready = (select.POLLIN if socket.is_readable() else 0) | (select.POLLOUT if socket.is_writable() else 0)
            if ready & mask:
                found.append((descriptor, ready & mask))
        return found


def _socket(process: Process, fd: Any) -> Any:
    """Return the socket that *fd* is, or has the descriptor of. Raises OSError if it is none of the node's."""
    return process.socket_of(_descriptor(fd))


def _descriptor(fd: Any) -> int:
    return fd if isinstance(fd, int) else int(fd.fileno())


def _refuse(function: str) -> None:
    escapes.refuse(f"called {function}", "it would stop all nodes: wait with Trio or asyncio, which takes virtual time")
