"""A store that remembers what it answered each client last, so that a request that is repeated takes effect once.

The state that chain replication and synchronous primary-backup replicate: what is in it is made by the same updates in
the same order everywhere. It knows positions of updates and nothing of who sends them where.
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.statemachine import Invocation
from chaoslab_protocols import store

__all__ = ["Session", "SessionStore", "Snapshot", "Update"]


@attrs.frozen
class Update:
    """The update at *position* of the order: the request *sequence* of *client*."""

    position: int
    client: str
    sequence: int
    invocation: Invocation

    def line(self) -> list[Any]:
        """Return it as JSON can hold it."""
        operation = self.invocation
        return [self.position, self.client, self.sequence, operation.f, operation.key, operation.value]

    @classmethod
    def of_line(cls, line: list[Any]) -> Update:
        """Return what ``line`` was made of."""
        position, client, sequence, f, key, value = line
        return cls(position, client, sequence, Invocation(f=f, key=key, value=value))


@attrs.frozen
class Session:
    """The latest update of a client: its number, its position and what was answered."""

    sequence: int
    position: int
    answer: Any


@attrs.frozen
class Snapshot:
    """A whole store as of *position*, as lists that JSON can hold."""

    position: int
    values: tuple[tuple[str | None, Any], ...]
    sessions: tuple[tuple[str, int, int, Any], ...]


class SessionStore:
    """Values and sessions after the updates 1 to *position*."""

    def __init__(self) -> None:
        self.position = 0
        self.values: dict[str | None, Any] = {}
        self.sessions: dict[str, Session] = {}

    def apply(self, update: Update) -> Any:
        """Apply the next update, and return the answer for its client.

        Raises:
            store.Refused: it is no operation of a store; nothing has changed.
        """
        assert update.position == self.position + 1
        answer, _ = store.apply(self.values, update.invocation)
        self.position = update.position
        self.sessions[update.client] = Session(update.sequence, update.position, answer)
        return answer

    def read(self, invocation: Invocation) -> Any:
        """Return the answer to a read."""
        return self.values.get(invocation.key)

    def snapshot(self) -> Snapshot:
        """Return all of it."""
        sessions = tuple((client, one.sequence, one.position, one.answer) for client, one in self.sessions.items())
        return Snapshot(self.position, tuple(self.values.items()), sessions)

    def restore(self, snapshot: Snapshot) -> None:
        """Become what *snapshot* was taken of."""
        self.position = snapshot.position
        self.values = dict(snapshot.values)
        self.sessions = {client: Session(*rest) for client, *rest in snapshot.sessions}
