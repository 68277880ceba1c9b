"""What async nodes send one another: the copy that leaves, the message as its receiver sees it, and where it waits.

What is sent is a copy, as on a real network: changing a list after sending it does not reach the other side.
"""

from __future__ import annotations

import copy
import inspect
from collections import deque
from collections.abc import Iterable
from typing import Any, Protocol

from chaoslab.errors import UsageError
from chaoslab.net.sizes import size_bytes
from chaoslab.statemachine import Request, Response

__all__ = ["ATOMS", "Message", "WeighedInbox", "copied"]

ATOMS = (int, str, bytes, float, bool, type(None))
"""Kinds of what cannot change, and need not be copied."""


class _Sending(Protocol):
    def send(self, to: str, body: Any) -> None: ...


class Message:
    """A message as a node sees it.

    Attributes:
        sender: Who sent it.
        body: What was sent.
    """

    __slots__ = ("_node", "_request", "body", "sender")

    def __init__(self, node: _Sending, sender: str, body: Any, request: Request | None) -> None:
        self.sender = sender
        self.body = body
        self._node = node
        self._request = request

    @property
    def number(self) -> int | None:
        """The sender's number of this call; None if it only sent. What arrives twice has the same sender and number."""
        return None if self._request is None else self._request.id

    @property
    def wants_reply(self) -> bool:
        """Whether the sender waits for an answer (it used ``call``)."""
        return self._request is not None

    def reply(self, body: Any = None) -> None:
        """Answer a call.

        Raises:
            UsageError: the sender did not call, it only sent.
        """
        self._respond(body, None)

    def refuse(self, error: str) -> None:
        """Answer a call with an error: the caller's ``call`` raises ``CallRefused``.

        Raises:
            UsageError: the sender did not call, it only sent.
        """
        self._respond(None, error)

    def _respond(self, body: Any, error: str | None) -> None:
        if self._request is None:
            raise UsageError(f"{self.sender} sent this message and waits for no reply: it used send, not call.")
        self._node.send(self.sender, Response(self._request.id, body, error))

    def __repr__(self) -> str:
        return f"<Message from {self.sender}: {self.body!r}>"


class WeighedInbox(deque[Message]):
    """An inbox that knows how many bytes its messages have. Any other inbox is a plain deque, which costs nothing."""

    def __init__(self, messages: Iterable[Message]) -> None:
        super().__init__()
        self._sizes: deque[int] = deque()
        self.message_bytes = 0
        for message in messages:
            self.append(message)

    def append(self, message: Message) -> None:
        """Put *message* at the end, and weigh it."""
        size = size_bytes(message.body)
        self._sizes.append(size)
        self.message_bytes += size
        super().append(message)

    def popleft(self) -> Message:
        """Take the first message away, and its weight."""
        self.message_bytes -= self._sizes.popleft()
        return super().popleft()

    def clear(self) -> None:
        """Take all away."""
        self._sizes.clear()
        self.message_bytes = 0
        super().clear()


def copied(body: Any) -> Any:
    """Return a deep copy of what can change; atoms and frozen value classes are shared."""
    kind = body.__class__
    if kind in ATOMS:
        return body
    if kind is dict:
        return {copied(key): copied(value) for key, value in body.items()}
    if kind is list:
        return [copied(item) for item in body]
    if kind is tuple:
        return tuple([copied(item) for item in body])
    if kind is Request:
        return Request(body.id, copied(body.body))
    if kind is Response:
        return Response(body.id, copied(body.body), body.error)
    try:
        return copy.deepcopy(body)
    except TypeError as error:
        raise UsageError(_why_not_sent(body, error)) from None


def _why_not_sent(body: Any, error: TypeError) -> str:
    if inspect.iscoroutine(body):
        name = body.__qualname__
        body.close()  # or Python warns that nobody awaited it
        return f"the coroutine of {name} was to be sent: is await missing before {name}(...)?"
    return f"{body!r} cannot be sent ({error}): a message is a copy, made of plain values, as on a real network."
