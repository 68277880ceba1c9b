"""What transactions are delivered to: a map of keys to values, and for each client its last command and the answer.

Every server delivers the same transactions in the same order and gets the same answers. A command that was proposed
twice is carried out once. Clients have one open command at a time and number them upwards, so the last one is enough.
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Invocation
from chaoslab_protocols import store
from chaoslab_protocols.zab.messages import Command

__all__ = ["StateMachine"]


class StateMachine:
    """The replicated store.

    Args:
        state: What ``written`` returned once; empty: nothing yet.

    Attributes:
        values: Its content.
        answers: Client name to (number of its last command, answer).
    """

    def __init__(self, state: Any = ()) -> None:
        values, answers = state or ((), ())
        self.values: dict[str | None, Any] = dict(values)
        self.answers: dict[str, tuple[int, Any]] = {client: (number, answer) for client, number, answer in answers}

    def written(self) -> Any:
        """Return the state as a value."""
        answers = tuple((client, number, answer) for client, (number, answer) in self.answers.items())
        return tuple(self.values.items()), answers

    def apply(self, command: Command) -> None:
        """Carry *command* out, unless it was carried out before."""
        if not self.has_applied(command):
            self.answers[command.client_id] = (command.number, self.carry_out(command))

    def carry_out(self, command: Command) -> Any:
        """Change the state, and return the answer."""
        return store.apply(self.values, command.operation)[0]

    def has_applied(self, command: Command) -> bool:
        """Whether *command*, or a later one of its client, was carried out."""
        return command.number <= self.answers.get(command.client_id, (0, None))[0]

    def answer(self, command: Command) -> Any:
        """Return what *command* gave; None if a later one of its client was carried out: nobody waits for it."""
        number, answer = self.answers[command.client_id]
        return answer if number == command.number else None

    def read(self, operation: Invocation) -> Any:
        """Return what *operation*, which changes nothing, sees now."""
        return store.apply(self.values, operation)[0]

    def refusal(self, operation: Invocation) -> str | None:
        """Return why *operation* is nothing that can be carried out, or None."""
        try:
            store.apply({}, operation)
        except store.Refused as refused:
            return str(refused)
        return None
