"""What services say to each other."""

from __future__ import annotations

from typing import Any, Final

import attrs

from chaoslab_protocols.seeking_client import ClientRequest

__all__ = ["DONE", "NOT_DONE", "UNKNOWN", "Answer", "Call"]

DONE: Final = "done"
NOT_DONE: Final = "not done"
UNKNOWN: Final = "unknown"


@attrs.frozen
class Call:
    """Please do this.

    Attributes:
        id: The caller's own number for this call.
        client: Whose request it is.
        request: The request, with the number that its client gave it: it is the same in every retry.
    """

    id: int
    client: str
    request: ClientRequest


@attrs.frozen
class Answer:
    """What became of a call.

    Attributes:
        id: The number of the call.
        status: ``DONE``; ``NOT_DONE``: nothing was begun; ``UNKNOWN``: it was, and nobody heard of its end.
        value: What the ledger answered.
    """

    id: int
    status: str
    value: Any = None
