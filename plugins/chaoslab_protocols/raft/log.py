"""The log: entries numbered from 1, the oldest of which a snapshot may have taken the place of.

This file does not know terms' meaning, commitment or disks: see ``server`` and ``journal``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from chaoslab.statemachine import Invocation

__all__ = ["Command", "Configuration", "Entry", "Log", "Operation", "Snapshot"]


@attrs.frozen
class Operation:
    """A command of a client: the client's name, its number for the command, and what to do."""

    client_id: str
    sequence_num: int
    invocation: Invocation


@attrs.frozen
class Configuration:
    """A command that changes the cluster: from this entry on these servers are its members (thesis, section 4.1)."""

    members: tuple[str, ...]


Command = Operation | Configuration | None
"""What an entry holds. None: nothing, the entry with which each leader begins (thesis, section 6.4)."""


@attrs.frozen
class Entry:
    """A command, and the term in which a leader received it."""

    term: int
    command: Command


@attrs.frozen(kw_only=True)
class Snapshot:
    """The state machine as of an index, in place of the entries up to there (section 7).

    Attributes:
        last_included_index: The last entry that it replaces; 0: none.
        last_included_term: The term of that entry.
        members: The configuration as of that entry.
        values: The state machine's content, as pairs of key and value.
        sessions: For each client the number of its last command and the answer to it: (client, number, answer).
    """

    last_included_index: int
    last_included_term: int
    members: tuple[str, ...]
    values: tuple[tuple[str | None, Any], ...] = ()
    sessions: tuple[tuple[str, int, Any], ...] = ()


class Log:
    """The entries after a snapshot.

    Attributes:
        snapshot: What the log begins with.
        entries: What follows it.
    """

    __slots__ = ("entries", "snapshot")

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.entries: list[Entry] = []

    @property
    def last_included_index(self) -> int:
        """The index up to which a snapshot has taken the entries' place."""
        return self.snapshot.last_included_index

    @property
    def last_index(self) -> int:
        """The index of the last entry."""
        return self.snapshot.last_included_index + len(self.entries)

    @property
    def last_term(self) -> int:
        """The term of the last entry."""
        return self.entries[-1].term if self.entries else self.snapshot.last_included_term

    def entry(self, index: int) -> Entry:
        """Return the entry at *index*, which is in the log and in no snapshot."""
        position = index - self.snapshot.last_included_index - 1
        assert position >= 0, f"entry {index} is in a snapshot"
        return self.entries[position]

    def term_at(self, index: int) -> int | None:
        """Return the term of the entry at *index*; None where there is none, or only a snapshot that covers it."""
        position = index - self.snapshot.last_included_index - 1
        if position == -1:
            return self.snapshot.last_included_term
        if 0 <= position < len(self.entries):
            return self.entries[position].term
        return None

    def since(self, index: int, most: int) -> tuple[Entry, ...]:
        """Return at most *most* entries from *index* on."""
        position = index - self.snapshot.last_included_index - 1
        return tuple(self.entries[position : position + most])

    def append(self, entries: Sequence[Entry]) -> None:
        """Add *entries* at the end."""
        self.entries.extend(entries)

    def truncate(self, index: int) -> None:
        """Delete the entry at *index* and all that follow it."""
        del self.entries[max(index - self.snapshot.last_included_index - 1, 0) :]

    def first_index_of_term(self, index: int) -> int:
        """Return the first index in the log of the term that the entry at *index* has."""
        term = self.term_at(index)
        while index - 1 > self.snapshot.last_included_index and self.term_at(index - 1) == term:
            index -= 1
        return index

    def compact(self, snapshot: Snapshot, keep: Sequence[Entry]) -> None:
        """Begin with *snapshot*, followed by the entries *keep*."""
        self.snapshot = snapshot
        self.entries = list(keep)

    def entries_after(self, index: int) -> list[Entry]:
        """Return the entries that follow *index*."""
        return self.entries[max(index - self.snapshot.last_included_index, 0) :]
