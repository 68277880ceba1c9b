"""What the servers of a chain and its master tell each other. Every message of a chain names its configuration."""

from __future__ import annotations

import attrs

from chaoslab_protocols.session_store import Snapshot, Update

__all__ = [
    "Acknowledge",
    "Answer",
    "Configuration",
    "Fetch",
    "Forward",
    "Ping",
    "State",
    "VersionQuery",
    "VersionReply",
]


@attrs.frozen
class Configuration:
    """A chain, from head to tail; the one with the higher number is the later one.

    Attributes:
        number: Counts the configurations.
        chain: Its servers.
        joining: The tail, if it has been added and was not known to have all of the state yet.
    """

    number: int
    chain: tuple[str, ...]
    joining: str | None = None


@attrs.frozen
class Ping:
    """A server lives, and knows the configuration *number*.

    Attributes:
        sent_at: When it was sent, on the server's monotonic clock, in seconds.
        number: The server's configuration.
        in_sync: Whether the server has all of the state that it needs in it.
    """

    sent_at: float
    number: int
    in_sync: bool


@attrs.frozen
class Answer:
    """The master's configuration; *sent_at* is that of the ping which is answered, None if none is."""

    sent_at: float | None
    configuration: Configuration


@attrs.frozen
class Forward:
    """The updates that the sender has not seen acknowledged, in order, without a gap."""

    number: int
    updates: tuple[Update, ...]


@attrs.frozen
class Acknowledge:
    """The tail has every update up to *position*."""

    number: int
    position: int


@attrs.frozen
class Fetch:
    """A server that has been added asks its predecessor for the state."""

    number: int


@attrs.frozen
class State:
    """All of the predecessor's state; it replaces whatever the receiver has."""

    number: int
    snapshot: Snapshot


@attrs.frozen
class VersionQuery:
    """What is the latest update that is committed? For the read *sequence* of *client*."""

    number: int
    client: str
    sequence: int
    key: str | None


@attrs.frozen
class VersionReply:
    """Every update up to *position* is committed, and no other."""

    number: int
    client: str
    sequence: int
    key: str | None
    position: int
