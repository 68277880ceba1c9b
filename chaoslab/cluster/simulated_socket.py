"""A socket that unmodified Trio and AnyIO programs cannot tell from a real one: Trio's face of a ``KernelSocket``.

Where that would wait, a task waits here. What would lead out of the simulation (a descriptor, another process) is
refused with ``EscapedSimulation``. Who gets one is decided in ``trio_sockets``.
"""

from __future__ import annotations

import os
import socket as stdlib
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import trio

from chaoslab.cluster.kernel_socket import KernelSocket, is_any

__all__ = ["SimulatedSocket"]

T = TypeVar("T")


class SimulatedSocket(trio.socket.SocketType):
    """A socket of a node's network stack, with the methods of ``trio.socket.SocketType``.

    Args:
        kernel: What it does without waiting.
    """

    def __init__(self, kernel: KernelSocket) -> None:
        super().__init__()
        self.kernel = kernel
        self._shut_down_writing = False

    # What it is

    @property
    def family(self) -> stdlib.AddressFamily:
        return self.kernel.family

    @property
    def type(self) -> stdlib.SocketKind:
        return self.kernel.type

    @property
    def proto(self) -> int:
        return self.kernel.proto

    @property
    def did_shutdown_SHUT_WR(self) -> bool:  # noqa: N802 - Trio's name
        return self._shut_down_writing

    def __repr__(self) -> str:
        return repr(self.kernel)

    def __enter__(self) -> SimulatedSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        return self.kernel.fileno()

    def get_inheritable(self) -> bool:
        return self.kernel.get_inheritable()

    def set_inheritable(self, inheritable: bool) -> None:
        self.kernel.set_inheritable(inheritable)

    def detach(self) -> int:
        return self.kernel.detach()

    def dup(self) -> NoReturn:
        self.kernel.dup()

    def getsockname(self) -> Any:
        return self.kernel.getsockname()

    def getpeername(self) -> Any:
        return self.kernel.getpeername()

    def getsockopt(self, level: int, optname: int, buflen: int | None = None) -> Any:
        return self.kernel.getsockopt(level, optname, buflen)

    def setsockopt(self, level: int, optname: int, value: Any, optlen: int | None = None) -> None:
        self.kernel.setsockopt(level, optname, value, optlen)

    def is_readable(self) -> bool:
        return self.kernel.is_readable()

    # Listening

    async def bind(self, address: Any) -> None:
        host, port, *_ = address
        if is_any(host):
            await trio.lowlevel.checkpoint()
        else:
            (host, *_) = await self.kernel.sockets.resolve(host)
        self.kernel.bind((host, port))

    def listen(self, backlog: int = 128) -> None:
        self.kernel.listen(backlog)

    async def accept(self) -> tuple[SimulatedSocket, Any]:
        accepted, peer = await self._once(self.kernel.is_readable, self.kernel.accept)
        return SimulatedSocket(accepted), peer

    # Streams

    async def connect(self, address: Any) -> None:
        host, port, *_ = address
        (resolved, *_) = await self.kernel.sockets.resolve(host)
        try:
            self.kernel.connect((resolved, port))
        except BlockingIOError:
            await self._until_connected(resolved, port)

    async def _until_connected(self, address: str, port: int) -> None:
        try:
            error = await self._once(
                self.kernel.is_writable, lambda: self.kernel.getsockopt(stdlib.SOL_SOCKET, stdlib.SO_ERROR)
            )
        except BaseException:
            self.close()
            raise
        if error:
            raise OSError(error, f"{os.strerror(error)}: {address} port {port}")

    async def send(self, data: Any, flags: int = 0, /) -> int:
        if self.type == stdlib.SOCK_DGRAM:
            return await self.sendto(data, self.getpeername())
        return await self._once(self.kernel.is_writable, lambda: self.kernel.send(data))

    async def recv(self, buflen: int, flags: int = 0, /) -> bytes:
        return await self._once(self.kernel.is_readable, lambda: self.kernel.recv(buflen, flags))

    async def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        data = await self.recv(nbytes or len(buffer), flags)
        memoryview(buffer)[: len(data)] = data
        return len(data)

    def shutdown(self, flag: int) -> None:
        self.kernel.shutdown(flag)
        self._shut_down_writing = self._shut_down_writing or flag in (stdlib.SHUT_WR, stdlib.SHUT_RDWR)

    async def wait_writable(self) -> None:
        await self._once(self.kernel.is_writable, lambda: None)

    def close(self) -> None:
        self.kernel.close()

    # Datagrams

    async def sendto(self, *arguments: Any) -> int:
        data, (host, port, *_) = arguments[0], arguments[-1]
        (address, *_) = await self.kernel.sockets.resolve(host)
        return await self._once(lambda: True, lambda: self.kernel.sendto(data, (address, port)))

    async def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Any]:
        return await self._once(self.kernel.is_readable, lambda: self.kernel.recvfrom(bufsize))

    async def _once(self, ready: Callable[[], bool], act: Callable[[], T]) -> T:
        """Wait until *ready*, and *act*; again, if that was for nothing."""
        kernel = self.kernel
        while True:
            if kernel.waiting is None:  # then there is nothing to wait for, and acting says so, or makes it
                await trio.lowlevel.checkpoint()
            else:
                await kernel.waiting.until(lambda: kernel.closed or ready())
            try:
                return act()
            except BlockingIOError:
                if kernel.waiting is None:
                    raise
