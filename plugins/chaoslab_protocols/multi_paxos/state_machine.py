"""What decisions are applied to: a map of keys to values, and for each client its last command and the answer to it.

Every replica applies the same commands in the same order and gets the same answers. A command that is decided for two
slots is carried out once. Clients have one open command at a time and number them upwards, so the last one is enough.
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Invocation
from chaoslab_protocols import store
from chaoslab_protocols.multi_paxos.messages import Command

__all__ = ["StateMachine"]


class StateMachine:
    """The replicated store.

    Attributes:
        values: Its content.
        sessions: Client name to (number of its last command, answer).
    """

    def __init__(self) -> None:
        self.values: dict[str | None, Any] = {}
        self.sessions: dict[str, tuple[int, Any]] = {}

    def apply(self, command: Command) -> None:
        """Carry *command* out, unless it was carried out before."""
        if self.has_applied(command):
            return
        self.sessions[command.client_id] = (command.command_id, self.carry_out(command))

    def carry_out(self, command: Command) -> Any:
        """Change the state, and return what the command gives; a service other than a store overrides this."""
        return store.apply(self.values, command.operation)[0]

    def has_applied(self, command: Command) -> bool:
        """Whether *command*, or a later one of its client, was carried out."""
        return command.command_id <= self.sessions.get(command.client_id, (0, None))[0]

    def answer(self, command: Command) -> Any:
        """Return what *command*, the last one of its client that was carried out, gave."""
        return self.sessions[command.client_id][1]

    def refusal(self, operation: Invocation) -> str | None:
        """Return why *operation* is nothing that can be applied, or None."""
        try:
            store.apply({}, operation)
        except store.Refused as refused:
            return str(refused)
        return None
