"""What the log is applied to: a map of keys to values, and the sessions of clients.

Rules:

1. Every server applies the same entries in the same order and gets the same answers.
2. A command that a client repeats is carried out once: the session remembers the answer to the client's last command
   (thesis, section 6.3). Clients are known by name here, so sessions are neither opened nor do they expire.

This file does not know the log.
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Invocation
from chaoslab_protocols import store
from chaoslab_protocols.raft.log import Operation, Snapshot

__all__ = ["StateMachine"]


class StateMachine:
    """The replicated store.

    Attributes:
        values: Its content.
        sessions: Client name to (number of its last command, answer).
    """

    __slots__ = ("sessions", "values")

    def __init__(self, snapshot: Snapshot) -> None:
        self.values: dict[str | None, Any] = dict(snapshot.values)
        self.sessions: dict[str, tuple[int, Any]] = {
            client_id: (number, answer) for client_id, number, answer in snapshot.sessions
        }

    def apply(self, operation: Operation) -> Any:
        """Carry *operation* out, unless it was carried out before, and return the answer to the client."""
        number, answer = self.sessions.get(operation.client_id, (0, None))
        if operation.sequence_num <= number:
            return answer  # of an older command nobody waits for the answer any more
        answer, _ = store.apply(self.values, operation.invocation)
        self.sessions[operation.client_id] = (operation.sequence_num, answer)
        return answer

    def read(self, invocation: Invocation) -> Any:
        """Return what *invocation*, which changes nothing, sees now."""
        answer, _ = store.apply(self.values, invocation)
        return answer

    def refusal(self, invocation: Invocation) -> str | None:
        """Return why *invocation* is nothing that can be applied, or None."""
        try:
            store.apply({}, invocation)
        except store.Refused as refused:
            return str(refused)
        return None

    def snapshot(self, index: int, term: int, members: tuple[str, ...]) -> Snapshot:
        """Return the state as of the entry at *index*, the last one that was applied."""
        return Snapshot(
            last_included_index=index,
            last_included_term=term,
            members=members,
            values=tuple(self.values.items()),
            sessions=tuple((client_id, number, answer) for client_id, (number, answer) in self.sessions.items()),
        )
