"""The internet of one cluster: which machine has which address, and the network stack of each that has one.

Rules:

1. Every endpoint of the network has one IPv4 address, 10.0.0.1 for the first and so on, and keeps it when it restarts.
2. A stack lives as long as its machine has power; the next life has a new one.
3. Names are looked up at one name server, ``dns``, an endpoint like any other: see ``names``.

This file does not know what the stacks do.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from chaoslab.errors import UsageError
from chaoslab.net.connection import Connection
from chaoslab.net.names import NAME_SERVER, NAME_SERVER_ADDRESS, NameServer
from chaoslab.net.network import Network

if TYPE_CHECKING:
    from chaoslab.net.streams import Stack

__all__ = ["Internet"]

_A_SUBNET: Final = 250


class Internet:
    """Addresses, stacks and names of one cluster.

    Args:
        network: The network that carries everything.

    Attributes:
        stacks: The stacks of the machines that are up, by name.
        dns: The name server.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.stacks: dict[str, Stack] = {}
        self.dns = NameServer(self)
        self._joined: dict[str, None] = {}
        self._addresses: dict[str, str] = {}
        self._machines: dict[str, str] = {}

    def join(self, machine: str) -> None:
        """*machine* has a network stack whenever it is up."""
        self._joined[machine] = None

    def address(self, machine: str) -> str:
        """Return the address of *machine*.

        Raises:
            UsageError: there is no endpoint of that name.
        """
        if machine not in self._addresses:
            self._number_machines()
            if machine not in self._addresses:
                raise UsageError(f"{machine!r} is no machine of this cluster: {', '.join(self._addresses)}.")
        return self._addresses[machine]

    def machine(self, address: str) -> str | None:
        """Return the machine that has *address*, or None if there is none."""
        if address not in self._machines:
            self._number_machines()
        return self._machines.get(address)

    def route(self, here: str, address: str) -> str:
        """Return the machine that *address* means at the machine *here*.

        Raises:
            OSError: nobody has it (EHOSTUNREACH).
            UsageError: that machine knows messages only.
        """
        if address.startswith("127.") or address == "0.0.0.0":  # noqa: S104 - nothing is bound here
            return here
        machine = self.machine(address)
        if machine is None:
            raise OSError(errno.EHOSTUNREACH, f"{os.strerror(errno.EHOSTUNREACH)}: {address}")
        if machine not in self._joined:
            raise UsageError(f"{machine} is no async node, so it has no network stack: it can be sent messages only.")
        return machine

    def connections(self) -> Iterator[tuple[Stack, Connection]]:
        """Yield every end of an open connection: machine by machine, the oldest first."""
        for machine in self.network.names:
            stack = self.stacks.get(machine)
            if stack is not None:
                for connection in stack.connections:
                    if connection.established:
                        yield stack, connection

    def other_end(self, stack: Stack, connection: Connection) -> tuple[Stack, Connection] | None:
        """Return the other end of a connection, or None if it is not there any more."""
        other = self.stacks.get(connection.remote)
        if other is None:
            return None
        end = other.find(connection.remote_port, stack.machine, connection.local_port)
        return None if end is None else (other, end)

    def _number_machines(self) -> None:
        for name in self.network.names:
            if name not in self._addresses:
                number = len(self._addresses)
                address = f"10.0.{number // _A_SUBNET}.{number % _A_SUBNET + 1}"
                if name == NAME_SERVER:
                    address = NAME_SERVER_ADDRESS
                self._addresses[name] = address
                self._machines[address] = name
