"""The messages of Multi-Paxos, by the paper's names: request, response, propose, decision, p1a, p1b, p2a, p2b.

Beyond the paper: ``Alive``, by which an active leader keeps the others passive; ``Learn`` and ``Decisions``, by which a
replica catches up on decisions that it missed; a slot in p1a, p1b and p2b (see ``acceptor`` and ``commander``).
"""

from __future__ import annotations

from typing import NamedTuple

import attrs

from chaoslab.statemachine import Invocation

__all__ = [
    "BOTTOM",
    "NO_OP",
    "Alive",
    "Ballot",
    "ClientRequest",
    "ClientResponse",
    "Command",
    "Decision",
    "Decisions",
    "Learn",
    "P1a",
    "P1b",
    "P2a",
    "P2b",
    "PValue",
    "Propose",
]


class Ballot(NamedTuple):
    """Orders leaders: a round, then the leader's name, so that no two leaders share a ballot (section 2)."""

    round: int
    leader_id: str


BOTTOM = Ballot(0, "")
"""Below every ballot of a leader."""


@attrs.frozen
class Command:
    """What a client wants done. Two commands are the same if client and number are, whatever way they came."""

    client_id: str
    command_id: int
    operation: Invocation = attrs.field(eq=False)


NO_OP: Command | None = None
"""Fills a slot for which a new leader has no command (Lamport, "Paxos Made Simple", section 3)."""


class PValue(NamedTuple):
    """A ballot, a slot and the command proposed for it (section 2)."""

    ballot: Ballot
    slot: int
    command: Command | None


@attrs.frozen
class ClientRequest:
    """A client to a replica: do this. It may be repeated, to this replica or another."""

    command: Command


@attrs.frozen
class ClientResponse:
    """A replica to a client: what the command gave, or in words why it never will be done."""

    command_id: int
    result: object = None
    refusal: str | None = None


@attrs.frozen
class Propose:
    """A replica to all leaders: let *command* be decided for *slot*."""

    slot: int
    command: Command


@attrs.frozen
class Decision:
    """A commander to all replicas: *command* is decided for *slot*."""

    slot: int
    command: Command | None


@attrs.frozen
class P1a:
    """A scout to all acceptors: promise *ballot*, and say what you accepted for *slot* and the slots after it."""

    ballot: Ballot
    slot: int


@attrs.frozen
class P1b:
    """An acceptor to a scout, which is known by its ballot: the ballot it has promised now, and what it accepted."""

    ballot: Ballot
    accepted: tuple[PValue, ...]
    scout: Ballot


@attrs.frozen
class P2a:
    """A commander to all acceptors: accept this."""

    pvalue: PValue


@attrs.frozen
class P2b:
    """An acceptor to a commander, known by ballot and slot: the ballot it has promised; if the same, it accepted."""

    ballot: Ballot
    slot: int
    commander: Ballot


@attrs.frozen
class Alive:
    """An active leader to the others: its ballot, and the first slot that its replica does not know to be decided."""

    ballot: Ballot
    slot_out: int


@attrs.frozen
class Learn:
    """A replica that is behind: what was decided from *slot* on?"""

    slot: int


@attrs.frozen
class Decisions:
    """What was decided for *slot* and the slots after it."""

    slot: int
    commands: tuple[Command | None, ...]
