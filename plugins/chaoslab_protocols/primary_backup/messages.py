"""What primary and backups tell each other. An epoch names its primary; positions count the writes."""

from __future__ import annotations

from typing import Any

import attrs

__all__ = ["Fetch", "Heartbeat", "Replicate", "State"]


@attrs.frozen
class Heartbeat:
    """I am the primary of *epoch*, and *position* writes are done."""

    epoch: int
    position: int


@attrs.frozen
class Replicate:
    """The write at *position* set *key* to *value*."""

    epoch: int
    position: int
    key: str | None
    value: Any


@attrs.frozen
class Fetch:
    """I missed something: send me everything."""

    epoch: int


@attrs.frozen
class State:
    """Everything, as of *position*; it replaces whatever the receiver has."""

    epoch: int
    position: int
    values: tuple[tuple[str | None, Any], ...]
