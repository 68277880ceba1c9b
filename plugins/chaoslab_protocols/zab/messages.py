"""The messages of Zab, by the paper's names: CEPOCH, NEWEPOCH, ACK-E, NEWLEADER, ACK-LD, COMMIT-LD, PROPOSE and so on.

Synchronization has the three forms that the implementation has: ``Diff``, ``Trunc`` and ``Snap`` (Medeiros 2012,
section 3). Between a leader and a follower everything travels in frames (see ``channel``); votes and clients' messages
do not.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import attrs

from chaoslab.statemachine import Invocation

__all__ = [
    "NOT_SERVING",
    "OK",
    "REFUSED",
    "ZERO",
    "Ack",
    "AckEpoch",
    "AckNewLeader",
    "CEpoch",
    "ClientReply",
    "ClientRequest",
    "Command",
    "Commit",
    "Confirm",
    "Confirmed",
    "Diff",
    "Forward",
    "Frame",
    "NewEpoch",
    "NewLeader",
    "Notification",
    "Propose",
    "Snap",
    "Snapshot",
    "SyncRequest",
    "Synced",
    "Trunc",
    "Txn",
    "UpToDate",
    "Vote",
    "Zxid",
]


class Zxid(NamedTuple):
    """Orders transactions: the epoch of the leader that proposed one, and its number in that epoch (section III)."""

    epoch: int
    counter: int


ZERO = Zxid(0, 0)
"""Before every transaction."""


@attrs.frozen
class Command:
    """What a client wants done. Two commands are the same if client and number are, whatever way they came."""

    client_id: str
    number: int
    operation: Invocation = attrs.field(eq=False)


class Txn(NamedTuple):
    """A transaction: a command at its place in the order."""

    zxid: Zxid
    command: Command


class Snapshot(NamedTuple):
    """The state after all transactions up to *zxid*, as the state machine writes it down."""

    zxid: Zxid
    state: Any


# Leader election


class Vote(NamedTuple):
    """Whom a server wants for a leader, and how recent that one's history is."""

    epoch: int
    zxid: Zxid
    server: str


@attrs.frozen
class Notification:
    """A looking server to all: its vote in this round; or a leader to a looking server: I lead."""

    round: int
    vote: Vote
    is_leading: bool = False


# A channel


@attrs.frozen
class Frame:
    """Messages on the channel that *follower* opened: the first has the number *first*; *ack* arrived in order."""

    follower: str
    connection: tuple[int, int]
    ack: int
    first: int = 0
    messages: tuple[Any, ...] = ()


# Phase 1, discovery


@attrs.frozen
class CEpoch:
    """A follower to its prospective leader: the last epoch it has accepted, f.p."""

    accepted_epoch: int


@attrs.frozen
class NewEpoch:
    """A prospective leader to its followers: accept this epoch, in which only I propose."""

    epoch: int


@attrs.frozen
class AckEpoch:
    """ACK-E: the epoch is accepted; the follower's f.a and the end of its history.

    It is a promise only the first time: ``is_promise`` is false for an epoch that was accepted before, be it from
    another leader.
    """

    epoch: int
    is_promise: bool
    current_epoch: int
    last_zxid: Zxid


# Phase 2, synchronization


@attrs.frozen
class Diff:
    """Your history is a beginning of mine; this is the rest."""

    txns: tuple[Txn, ...]


@attrs.frozen
class Trunc:
    """Drop what comes after *zxid*, which nobody has committed; then this is the rest."""

    zxid: Zxid
    txns: tuple[Txn, ...]


@attrs.frozen
class Snap:
    """My history begins after the end of yours: take the state, and the rest."""

    snapshot: Snapshot
    txns: tuple[Txn, ...]


@attrs.frozen
class NewLeader:
    """What went before is the initial history of this epoch."""

    epoch: int


@attrs.frozen
class AckNewLeader:
    """ACK-LD: the initial history of the epoch is on my disk."""

    epoch: int


@attrs.frozen
class UpToDate:
    """COMMIT-LD: the initial history is committed, and all up to *zxid*: serve clients."""

    zxid: Zxid


# Phase 3, broadcast


@attrs.frozen
class Forward:
    """A follower to its leader: a client wants this."""

    command: Command


@attrs.frozen
class Propose:
    """A leader to its followers: append this."""

    txn: Txn


@attrs.frozen
class Ack:
    """A follower to its leader: everything up to *zxid* is on my disk."""

    zxid: Zxid


@attrs.frozen
class Commit:
    """A leader to its followers: deliver up to *zxid*."""

    zxid: Zxid


# Sync


@attrs.frozen
class SyncRequest:
    """A follower to its leader: up to where must I have delivered to be up to date now?"""

    id: int


@attrs.frozen
class Synced:
    """A leader to a follower: up to there."""

    id: int
    zxid: Zxid


@attrs.frozen
class Confirm:
    """A leader to its followers: do you still follow me?"""

    round: int


@attrs.frozen
class Confirmed:
    """A follower to its leader: yes."""

    round: int


# Clients

OK = "ok"
REFUSED = "refused"
NOT_SERVING = "not serving"


@attrs.frozen
class ClientRequest:
    """A client to any server: do this, on a state that is not older than *zxid*."""

    command: Command
    zxid: Zxid


@attrs.frozen
class ClientReply:
    """A server to a client: what the command gave, and which state the answer is of."""

    number: int
    status: str
    zxid: Zxid = ZERO
    result: Any = None
