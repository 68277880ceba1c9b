"""What a simulated loop of asyncio asks which of its sockets are ready: a selector that never waits.

Rules:

1. A socket that was found not to be ready is not asked again before it stirs: cost follows what happens, not how many
   sockets there are.
2. A socket that was closed is forgotten, as by the operating system; its key stays until somebody takes it away.
"""

from __future__ import annotations

import errno
import functools
import math
import os
import selectors
from collections.abc import Callable, Mapping
from typing import Any

from chaoslab.cluster.kernel_socket import KernelSocket
from chaoslab.cluster.sockets import FIRST_DESCRIPTOR, Sockets
from chaoslab.sim import escapes
from chaoslab.units import NS_PER_S

__all__ = ["Selector"]


class Selector(selectors.BaseSelector):
    """Says which sockets of a node are ready.

    Args:
        sockets: Those of the node.
        wake: Called when a socket that somebody asks about may have become ready.

    Attributes:
        idle: When it was asked last there was nothing to do.
        timeout: How many seconds its loop would have waited then, rounded up to a nanosecond; None: for ever.
    """

    def __init__(self, sockets: Sockets, wake: Callable[[], None]) -> None:
        self.idle = False
        self.timeout: float | None = None
        self._sockets = sockets
        self._wake = wake
        self._keys = _Keys()
        self._watched: dict[int, KernelSocket] = {}
        self._stirred: dict[int, None] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Ask about a socket from now on."""
        descriptor = self._keys.descriptor(fileobj)
        if descriptor in self._keys:
            raise KeyError(f"{fileobj!r} is registered already")
        found = self._sockets.opened.get(descriptor)
        if found is None:
            if descriptor >= FIRST_DESCRIPTOR:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            escapes.refuse(
                f"watched the file descriptor {descriptor}", "a loop watches sockets of its own node and nothing else"
            )
        self._watched[descriptor] = found
        found.watch(functools.partial(self._stir, descriptor))
        self._stirred[descriptor] = None
        key = self._keys[descriptor] = selectors.SelectorKey(fileobj, descriptor, events, data)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Ask no more about a socket."""
        descriptor = self._keys.descriptor(fileobj)
        key = self._keys.pop(descriptor)
        self._stirred.pop(descriptor, None)
        self._watched.pop(descriptor).watch(None)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Ask something else about a socket."""
        descriptor = self._keys.descriptor(fileobj)
        key = self._keys[descriptor] = self._keys[descriptor]._replace(events=events, data=data)
        self._stirred[descriptor] = None
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready now. Cost: O(sockets that have stirred)."""
        ready = []
        for descriptor in tuple(self._stirred):
            socket, key = self._watched[descriptor], self._keys[descriptor]
            mask = selectors.EVENT_READ if socket.is_readable() else 0
            if socket.is_writable():
                mask |= selectors.EVENT_WRITE
            if mask & key.events:
                ready.append((key, mask & key.events))
            else:
                del self._stirred[descriptor]
        self.idle = not ready and timeout != 0
        self.timeout = max(math.ceil(timeout * NS_PER_S), 1) / NS_PER_S if timeout else timeout
        return ready

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """Return the keys, by descriptors and by what has them."""
        return self._keys

    def close(self) -> None:
        """Ask about nothing more."""
        for socket in self._watched.values():
            socket.watch(None)
        self._keys.clear()
        self._watched.clear()
        self._stirred.clear()

    def _stir(self, descriptor: int) -> None:
        self._stirred[descriptor] = None
        self._wake()


class _Keys(dict[Any, selectors.SelectorKey]):
    """Keys by descriptor, or by what has one, or had one before it was closed."""

    def __missing__(self, fileobj: Any) -> selectors.SelectorKey:
        if isinstance(fileobj, int):
            raise KeyError(fileobj)
        return self[self.descriptor(fileobj)]

    def get(self, fileobj: Any, default: Any = None) -> Any:
        return super().get(self.descriptor(fileobj), default)

    def descriptor(self, fileobj: Any) -> int:
        """Return the descriptor that *fileobj* is or has. Raises ValueError if it has none."""
        descriptor = fileobj if isinstance(fileobj, int) else int(fileobj.fileno())
        if descriptor < 0:
            for key in self.values():
                if key.fileobj is fileobj:
                    return key.fd
            raise ValueError(f"Invalid file descriptor: {descriptor}")
        return descriptor
