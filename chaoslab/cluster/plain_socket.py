"""A socket as the standard library has it, of a node's network stack: made, set up, bound, and handed to Trio.

Whatever would wait is refused with ``EscapedSimulation``: a call that blocks would stop the whole simulation.
"""

from __future__ import annotations

import socket as stdlib
from typing import Any

from chaoslab.cluster.simulated_socket import SimulatedSocket
from chaoslab.sim import escapes

__all__ = ["PlainSocket"]

_WAITING = frozenset(
    (
        "accept", "connect", "connect_ex", "makefile", "recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg",
        "send", "sendall", "sendfile", "sendmsg", "sendto",
    )
)  # fmt: skip


class PlainSocket:
    """A socket of the standard library's kind.

    Args:
        simulated: What it is for Trio.
    """

    def __init__(self, simulated: SimulatedSocket) -> None:
        self.simulated = simulated
        self._timeout: float | None = None

    def __getattr__(self, name: str) -> Any:
        if name in _WAITING:
            escapes.refuse(
                f"called {name} of a socket of the standard library, which may wait",
                "use Trio's sockets; trio.socket.from_stdlib_socket makes one of this one",
            )
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.simulated, name)

    def __enter__(self) -> PlainSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.simulated.close()

    def __repr__(self) -> str:
        return repr(self.simulated)

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

    def bind(self, address: Any) -> None:
        """Bind to an address of the node's own. Raises OSError if it is another's, or no address."""
        self.simulated.bind_address(address)

    def listen(self, backlog: int = 128) -> None:
        """Accept connections from now on."""
        self.simulated.listen(backlog)

    def shutdown(self, how: int = stdlib.SHUT_RDWR) -> None:
        """End one direction, or both."""
        self.simulated.shutdown(how)
