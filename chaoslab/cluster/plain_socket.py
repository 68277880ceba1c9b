"""A socket as the standard library has it, of a node's network stack: to be handed to Trio, or not to block.

A call that may wait is refused with ``EscapedSimulation``, as it would stop the whole simulation. A socket that was
told not to block answers at once: loops such as that of asyncio use it so.
"""

from __future__ import annotations

import errno
import os
import socket as stdlib
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from chaoslab.cluster.kernel_socket import PEEK, KernelSocket
from chaoslab.cluster.simulated_socket import SimulatedSocket
from chaoslab.cluster.sockets import is_address
from chaoslab.sim import escapes

__all__ = ["PlainSocket"]

_WAITING: Final = frozenset(("makefile", "recvmsg", "sendall", "sendfile"))
"""Methods that wait, and what asks for a socket that blocks."""
_DONT_WAIT: Final = int(getattr(stdlib, "MSG_DONTWAIT", 0))
_HARMLESS: Final = _DONT_WAIT | int(getattr(stdlib, "MSG_NOSIGNAL", 0))
"""Flags that change nothing for a socket that does not block."""


class PlainSocket:
    """A socket of the standard library's kind.

    Args:
        kernel: What it does without waiting.
    """

    def __init__(self, kernel: KernelSocket) -> None:
        self.kernel = kernel
        self._timeout: float | None = None

    def __getattr__(self, name: str) -> Any:
        if name in _WAITING:
            _refuse_to_wait(name)
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.kernel, name)

    def __enter__(self) -> PlainSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.kernel.close()

    def __hash__(self) -> int:
        return hash(self.kernel)

    def __repr__(self) -> str:
        return repr(self.kernel)

    @property
    def simulated(self) -> SimulatedSocket:
        """What it is for Trio."""
        return SimulatedSocket(self.kernel)

    @property
    def timeout(self) -> float | None:
        """Seconds after which a call would give up; None: never."""
        return self._timeout

    def setblocking(self, flag: bool) -> None:
        """Say whether calls wait."""
        self._timeout = None if flag else 0.0

    def settimeout(self, value: float | None) -> None:
        """Say how long calls wait."""
        self._timeout = value

    def gettimeout(self) -> float | None:
        """Return how long calls wait."""
        return self._timeout

    def getblocking(self) -> bool:
        """Return whether calls wait."""
        return self._timeout != 0

    def shutdown(self, how: int = stdlib.SHUT_RDWR) -> None:
        """End one direction, or both."""
        self.kernel.shutdown(how)

    # What answers at once, if the socket does not block

    def _unblocked(self, name: str, flags: int = 0) -> KernelSocket:
        if self._timeout != 0 and not flags & _DONT_WAIT:
            _refuse_to_wait(name)
        if flags & ~_HARMLESS:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        return self.kernel

    def accept(self) -> tuple[PlainSocket, Any]:
        """Return a connection that waits, and the address of its other side. Raises BlockingIOError if none does."""
        accepted, peer = self._unblocked("accept").accept()
        return PlainSocket(accepted), peer

    def connect(self, address: Any) -> None:
        """Begin to connect. Raises BlockingIOError: it has begun; or OSError: it cannot."""
        kernel = self._unblocked("connect")
        host, port, *_ = address
        if not is_address(host) and host != "localhost":
            escapes.refuse("connected a socket to a name, which has to be looked up", "give it the address")
        kernel.connect(("127.0.0.1" if host == "localhost" else host, port))

    def connect_ex(self, address: Any) -> int:
        """Begin to connect, and return the number of the error that ``connect`` would raise."""
        try:
            self.connect(address)
        except OSError as error:
            return error.errno or 0
        return 0

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """Return what has arrived. Raises BlockingIOError if nothing has."""
        return self._unblocked("recv", flags & ~PEEK).recv(bufsize, flags)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Put what has arrived into *buffer* and return how much. Raises BlockingIOError if nothing has."""
        data = self._unblocked("recv_into", flags).recv(nbytes or len(buffer))
        memoryview(buffer)[: len(data)] = data
        return len(data)

    def recvfrom(self, bufsize: int, flags: int = 0) -> tuple[bytes, Any]:
        """Return a datagram and its sender. Raises BlockingIOError if there is none."""
        return self._unblocked("recvfrom", flags).recvfrom(bufsize)

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> tuple[int, Any]:
        """Put a datagram into *buffer*; return its size and sender. Raises BlockingIOError if there is none."""
        data, sender = self._unblocked("recvfrom_into", flags).recvfrom(nbytes or len(buffer))
        memoryview(buffer)[: len(data)] = data
        return len(data), sender

    def send(self, data: Any, flags: int = 0) -> int:
        """Send as much of *data* as there is room for. Raises BlockingIOError if there is none."""
        return self._unblocked("send", flags).send(data)

    def sendmsg(self, buffers: Sequence[Any], *_: Any) -> int:
        """Send as much of *buffers* as there is room for. Raises BlockingIOError if there is none."""
        return self._unblocked("sendmsg").send(b"".join(buffers))

    def sendto(self, data: Any, *arguments: Any) -> int:
        """Send a datagram to an address, the last of the *arguments*."""
        kernel = self._unblocked("sendto")
        host, port, *_ = arguments[-1]
        if not is_address(host) and host != "localhost":
            escapes.refuse("sent a datagram to a name, which has to be looked up", "give it the address")
        return kernel.sendto(data, ("127.0.0.1" if host == "localhost" else host, port))


def _refuse_to_wait(name: str) -> NoReturn:
    escapes.refuse(
        f"called {name} of a socket of the standard library, which may wait",
        "use Trio's sockets (trio.socket.from_stdlib_socket makes one of this one), or setblocking(False) and "
        "asyncio's loop.sock_recv and its like",
    )
