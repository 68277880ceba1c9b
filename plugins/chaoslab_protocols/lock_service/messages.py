"""The messages between clients and the storage. Those to the lock servers are Multi-Paxos's own.

What is done under a lock carries the fencing token of the hold, or, where leases are times, when the hold ends.
"""

from __future__ import annotations

import attrs

__all__ = ["Answer", "ReadCounter", "WriteCounter"]


@attrs.frozen
class ReadCounter:
    """A client to the storage: what does the counter show? Without *token* and *until*: asked without a lock."""

    number: int
    name: str
    token: int | None = None
    until: float | None = None


@attrs.frozen
class WriteCounter:
    """A client to the storage: set the counter to *value*, which is done under the lock."""

    number: int
    name: str
    value: int
    token: int | None = None
    until: float | None = None


@attrs.frozen
class Answer:
    """The storage to a client: what the counter shows; or that the client's hold is over."""

    number: int
    value: int
    is_over: bool = False
