"""The messages between clients and the storage. Those to the lock servers are Multi-Paxos's own."""

from __future__ import annotations

import attrs

__all__ = ["Answer", "ReadCounter", "WriteCounter"]


@attrs.frozen
class ReadCounter:
    """A client to the storage: what does the counter show? *token* None: asked without a lock."""

    number: int
    name: str
    token: int | None


@attrs.frozen
class WriteCounter:
    """A client to the storage: set the counter to *value*, under the lock with this *token*."""

    number: int
    name: str
    token: int | None
    value: int


@attrs.frozen
class Answer:
    """The storage to a client: what the counter shows; or that a newer token than the client's was seen."""

    number: int
    value: int
    is_stale: bool = False
