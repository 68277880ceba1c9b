"""What travels between the network stacks of nodes: segments, datagrams, and the questions and answers of DNS.

Rules:

1. A packet is an ordinary message to the network: every rule of a link acts on it.
2. A packet carries a checksum of its other fields. What was changed on the way is noticed and thrown away, as a real
   stack does, so corruption becomes loss. (The real sum has 16 bits and lets one in 65,536 pass; this one has 32.)
3. Sequence numbers are unbounded integers: they do not wrap around.

This file does not know what a stack does with them.
"""

from __future__ import annotations

from typing import Any, Final
from zlib import crc32

import attrs

__all__ = ["PACKETS", "Datagram", "DnsAnswer", "DnsQuery", "Packet", "Segment"]


def _checksum(packet: Any) -> int:
    return crc32(packet.data, crc32(repr(packet.header).encode()))


def _sealed() -> Any:
    """Return the field of the checksum, which must come last: it is made with the packet, whoever changes it later."""
    return attrs.field(default=attrs.Factory(_checksum, takes_self=True), repr=False)


class Packet:
    """What all packets have: a ``header`` of plain values, ``data``, and a ``checksum`` of both."""

    __slots__ = ()

    data: bytes
    checksum: int

    @property
    def header(self) -> tuple[Any, ...]:
        """Every field but the data and the checksum, in order."""
        raise NotImplementedError

    @property
    def intact(self) -> bool:
        """Whether the packet is as it was made."""
        try:
            return self.checksum == _checksum(self)
        except TypeError:  # the data are no bytes any more
            return False


@attrs.frozen(kw_only=True)
class Segment(Packet):
    """A segment of TCP (RFC 9293, section 3.1).

    Attributes:
        source_port, target_port: The ports.
        sequence: The number of the first byte carried; of the SYN or FIN if there is none.
        acknowledged: The next byte expected from the other side; None: no ACK.
        window: How many bytes from ``acknowledged`` on the sender can take.
        syn, fin, reset: The control bits. A FIN travels without data.
    """

    source_port: int
    target_port: int
    sequence: int
    acknowledged: int | None = None
    window: int = 0
    syn: bool = False
    fin: bool = False
    reset: bool = False
    data: bytes = b""
    checksum: int = _sealed()

    @property
    def header(self) -> tuple[Any, ...]:
        """See ``Packet``."""
        return (
            self.source_port,
            self.target_port,
            self.sequence,
            self.acknowledged,
            self.window,
            self.syn,
            self.fin,
            self.reset,
        )


@attrs.frozen(kw_only=True)
class Datagram(Packet):
    """A datagram of UDP: arrives whole, or not at all."""

    source_port: int
    target_port: int
    data: bytes = b""
    checksum: int = _sealed()

    @property
    def header(self) -> tuple[Any, ...]:
        """See ``Packet``."""
        return self.source_port, self.target_port


@attrs.frozen(kw_only=True)
class DnsQuery(Packet):
    """A question to the name server: the addresses of *name*."""

    id: int
    name: str
    data: bytes = b""
    checksum: int = _sealed()

    @property
    def header(self) -> tuple[Any, ...]:
        """See ``Packet``."""
        return self.id, self.name


@attrs.frozen(kw_only=True)
class DnsAnswer(Packet):
    """What the name server says.

    Attributes:
        id: Of the question.
        name: As asked.
        code: ``"NOERROR"``, ``"NXDOMAIN"`` (there is no such name) or ``"SERVFAIL"`` (the server cannot say).
        addresses: IPv4 addresses, in the order in which they should be tried.
        ttl_ns: How long the answer may be kept.
    """

    id: int
    name: str
    code: str = "NOERROR"
    addresses: tuple[str, ...] = ()
    ttl_ns: int = 0
    data: bytes = b""
    checksum: int = _sealed()

    @property
    def header(self) -> tuple[Any, ...]:
        """See ``Packet``."""
        return self.id, self.name, self.code, self.addresses, self.ttl_ns


PACKETS: Final = frozenset({Segment, Datagram, DnsQuery, DnsAnswer})
"""The classes that go to a node's network stack and not to its code."""
