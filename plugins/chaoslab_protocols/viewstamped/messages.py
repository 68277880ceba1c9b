"""The messages of Viewstamped Replication, by the paper's names (section 4).

The paper's letters: v view-number, n op-number, k commit-number, l log, i replica-number, x nonce, c client-id, s
request-number. A replica is known by its name, which a message need not carry: the receiver sees who sent it.
"""

from __future__ import annotations

import attrs

from chaoslab.statemachine import Invocation

__all__ = [
    "Commit",
    "DoViewChange",
    "Entry",
    "GetState",
    "NewState",
    "Prepare",
    "PrepareOk",
    "Recovery",
    "RecoveryResponse",
    "Redirect",
    "Reply",
    "Request",
    "StartView",
    "StartViewChange",
]


@attrs.frozen
class Request:
    """⟨REQUEST op, c, s⟩: a client asks; also what the log holds."""

    operation: Invocation
    client_id: str
    request_number: int


Entry = Request
"""What the log holds at an op-number."""


@attrs.frozen
class Reply:
    """⟨REPLY v, s, x⟩: what the operation gave, or in words why it never will be done."""

    view_number: int
    request_number: int
    result: object = None
    refusal: str | None = None


@attrs.frozen
class Redirect:
    """A replica that is not the primary tells a client who is, as far as it knows."""

    request_number: int
    primary: str | None


@attrs.frozen
class Prepare:
    """⟨PREPARE v, m, n, k⟩: the primary has given m the op-number n."""

    view_number: int
    message: Request
    op_number: int
    commit_number: int


@attrs.frozen
class PrepareOk:
    """⟨PREPAREOK v, n, i⟩: the operation, and all before it, have prepared here."""

    view_number: int
    op_number: int


@attrs.frozen
class Commit:
    """⟨COMMIT v, k⟩: the primary is there, and has committed up to k."""

    view_number: int
    commit_number: int


@attrs.frozen
class StartViewChange:
    """⟨STARTVIEWCHANGE v, i⟩: there ought to be a new view."""

    view_number: int


@attrs.frozen
class DoViewChange:
    """⟨DOVIEWCHANGE v, l, v', n, k, i⟩: what the new primary needs; v' is the latest view in which i was normal."""

    view_number: int
    log: tuple[Entry, ...]
    last_normal_view: int
    commit_number: int


@attrs.frozen
class StartView:
    """⟨STARTVIEW v, l, n, k⟩: the new view has begun, with this log."""

    view_number: int
    log: tuple[Entry, ...]
    commit_number: int


@attrs.frozen
class GetState:
    """⟨GETSTATE v, n', i⟩: send the log after n'."""

    view_number: int
    op_number: int


@attrs.frozen
class NewState:
    """⟨NEWSTATE v, l, n, k⟩: the log after the op-number asked for."""

    view_number: int
    after: int
    log: tuple[Entry, ...]
    commit_number: int


@attrs.frozen
class Recovery:
    """⟨RECOVERY i, x⟩: i has lost its state and asks for it, under the nonce x."""

    nonce: int


@attrs.frozen
class RecoveryResponse:
    """⟨RECOVERYRESPONSE v, x, l, n, k, j⟩: the view of j; its log if it is the primary, else None."""

    view_number: int
    nonce: int
    log: tuple[Entry, ...] | None
    commit_number: int
