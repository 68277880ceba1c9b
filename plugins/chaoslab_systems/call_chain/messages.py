"""What services say to each other."""

from __future__ import annotations

from typing import Any, Final

import attrs

from chaoslab_protocols.seeking_client import ClientRequest

__all__ = ["DONE", "GIVEN_UP", "NOT_NOW", "Answer", "Call"]

DONE: Final = "done"
GIVEN_UP: Final = "given up"
NOT_NOW: Final = "not now"


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
        status: ``DONE``; ``GIVEN_UP``: whoever was called further on did not answer; ``NOT_NOW``: nobody was called,
            and it is no use to ask again at once. Neither of these says that it was not done: another copy of the
            call may have got through.
        value: What the ledger answered.
    """

    id: int
    status: str
    value: Any = None
