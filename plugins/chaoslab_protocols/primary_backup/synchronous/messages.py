"""What the servers and the view service tell each other. Every message between servers names its view."""

from __future__ import annotations

import attrs

from chaoslab_protocols.session_store import Snapshot, Update

__all__ = ["Announcement", "Forward", "ForwardReply", "Ping", "ReadId", "Transfer", "TransferReply", "View"]

ReadId = tuple[str, int]
"""A client and the number of its read."""


@attrs.frozen
class View:
    """Who is primary and who is backup; the one with the higher number is the later one."""

    number: int
    primary: str
    backup: str | None = None

    @property
    def members(self) -> tuple[str, ...]:
        """The primary, then the backup if there is one."""
        return (self.primary,) if self.backup is None else (self.primary, self.backup)


@attrs.frozen
class Ping:
    """A server lives.

    Attributes:
        number: The view that it knows.
        is_ready: From that view's primary: its backup, if it has one, has all of the state.
        is_backup_silent: From that view's primary: its backup has not answered for too long.
    """

    number: int
    is_ready: bool
    is_backup_silent: bool = False


@attrs.frozen
class Announcement:
    """The view service's view."""

    view: View


@attrs.frozen
class Forward:
    """The primary passes on the updates that the backup has not confirmed, and asks whether it may answer reads."""

    number: int
    updates: tuple[Update, ...]
    reads: tuple[ReadId, ...]


@attrs.frozen
class ForwardReply:
    """The backup, which is in the same view, has every update up to *position*; the reads may be answered."""

    number: int
    position: int
    reads: tuple[ReadId, ...]


@attrs.frozen
class Transfer:
    """All of the primary's state, for a backup that is new."""

    number: int
    snapshot: Snapshot


@attrs.frozen
class TransferReply:
    """The new backup has the state on its disk, and every update up to *position*."""

    number: int
    position: int
