"""What Spanner's messages say beyond those of two-phase commit: timestamps, and reads of a snapshot."""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab_protocols.two_phase_commit.messages import Commit, Vote

__all__ = ["CommitAt", "Snapshot", "SnapshotRead", "VoteAt"]


@attrs.frozen
class VoteAt(Vote):
    """A participant that is prepared: the transaction must not commit before this timestamp (section 4.2.1)."""

    timestamp: int


@attrs.frozen
class CommitAt(Commit):
    """The coordinator to a participant: committed, at this timestamp."""

    timestamp: int


@attrs.frozen
class SnapshotRead:
    """A coordinator to a participant: what did these keys hold at *timestamp*? *client* and *number* ask for it."""

    client: str
    number: int
    timestamp: int
    keys: tuple[str, ...]


@attrs.frozen
class Snapshot:
    """A participant to a coordinator: they held this at *timestamp*."""

    client: str
    number: int
    timestamp: int
    values: tuple[tuple[str, Any], ...]
