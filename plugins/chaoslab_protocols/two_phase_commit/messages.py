"""The messages of two-phase commit, and how transactions are told apart.

The names are those of Gray & Lamport 2006 (prepare, commit, abort) with the acknowledgement and the inquiry of
Bernstein, Hadzilacos & Goodman 1987, sections 7.3 and 7.4. ``Lock`` and ``Locked`` come before the commit protocol:
they are how the work of a transaction is done under two-phase locking.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import attrs

from chaoslab.statemachine import Invocation

__all__ = [
    "Abort",
    "Acknowledge",
    "Age",
    "Begin",
    "Commit",
    "Inquire",
    "Lock",
    "Locked",
    "Mode",
    "Outcome",
    "Prepare",
    "Refuse",
    "TransactionId",
    "Vote",
]

Mode = bool
"""How a key is locked: True exclusively, for a transaction that may write it; False shared."""


class TransactionId(NamedTuple):
    """One attempt at what a client asked for.

    The client and its number name the request, which is carried out at most once. The epoch (the incarnation of the
    coordinator and the attempt) tells attempts at it apart: what belongs to one never touches the next.
    """

    client: str
    number: int
    incarnation: int
    attempt: int

    def is_after(self, other: TransactionId) -> bool:
        """Whether this is a later attempt, or at a later request, than *other* of the same client."""
        return self[1:] > other[1:]


class Age(NamedTuple):
    """Orders transactions for wait-die: the smaller, the older. A new attempt keeps its age, so no one starves."""

    time: float
    serial: int
    coordinator: str


@attrs.frozen
class Begin:
    """A client to the coordinator: carry this out. It may be repeated under the same number."""

    number: int
    operation: Invocation


@attrs.frozen
class Outcome:
    """The coordinator to a client: what became of its transaction.

    *committed* is False for one that is aborted and will never be tried again; *why* then says why.
    """

    number: int
    committed: bool
    value: Any = None
    result: Any = None
    why: str | None = None


@attrs.frozen
class Lock:
    """The coordinator to a participant: lock these keys for the transaction, and tell what they hold."""

    transaction: TransactionId
    age: Age
    needs: tuple[tuple[str, Mode], ...]


@attrs.frozen
class Locked:
    """A participant to the coordinator: they are locked, in this incarnation of mine, and this is what they hold."""

    transaction: TransactionId
    incarnation: int
    values: tuple[tuple[str, Any], ...]


@attrs.frozen
class Refuse:
    """A participant to the coordinator: the keys cannot be locked; abort (it would have to wait for an older one)."""

    transaction: TransactionId


@attrs.frozen
class Prepare:
    """The coordinator to a participant: can you commit this? *incarnation* is that in which it locked the keys."""

    transaction: TransactionId
    incarnation: int
    writes: tuple[tuple[str, Any], ...]


@attrs.frozen
class Vote:
    """A participant to the coordinator: yes, I am prepared; or no."""

    transaction: TransactionId
    yes: bool


@attrs.frozen
class Commit:
    """The coordinator to a participant: the transaction is committed."""

    transaction: TransactionId


@attrs.frozen
class Abort:
    """The coordinator to a participant: the transaction is aborted."""

    transaction: TransactionId


@attrs.frozen
class Acknowledge:
    """A participant to the coordinator: I will never ask about this committed transaction again."""

    transaction: TransactionId


@attrs.frozen
class Inquire:
    """A prepared participant to the coordinator: what became of it?"""

    transaction: TransactionId
