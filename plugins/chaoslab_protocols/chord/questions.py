"""Asking a member whom it knows, with patience: it is asked several times before it counts as dead."""

from __future__ import annotations

from collections.abc import Callable

from chaoslab.statemachine import CancelTimer, Effect, Send, SetTimer
from chaoslab_protocols.chord.messages import Query, State

__all__ = ["Question"]


class Question:
    """One question at a time, to one member.

    Args:
        timer: The name of its timer.
        timeout_s: Seconds to wait for an answer.
        attempts: How often to ask.
        next_number: Returns a number that no question had before.
    """

    def __init__(self, timer: str, timeout_s: float, attempts: int, next_number: Callable[[], int]) -> None:
        self.timer = timer
        self._timeout_s = timeout_s
        self._attempts = attempts
        self._next_number = next_number
        self.number = 0
        self.asked: str | None = None
        self._tries = 0
        self._answered: Callable[[State], list[Effect]] = lambda state: []
        self._dead: Callable[[], list[Effect]] = list

    def ask(
        self, member: str, answered: Callable[[State], list[Effect]], dead: Callable[[], list[Effect]]
    ) -> list[Effect]:
        """Ask *member*, in place of whoever was asked before; then go on with *answered* or *dead*."""
        self.asked, self._answered, self._dead, self._tries = member, answered, dead, 0
        return self.again()

    def again(self) -> list[Effect]:
        """Ask for the first time, or again: no answer has come in time."""
        if self.asked is None:
            return []
        if self._tries == self._attempts:
            self.asked = None
            return self._dead()
        self._tries += 1
        if self._tries == 1:
            self.number = self._next_number()
        return [Send(self.asked, Query(self.number)), SetTimer(self.timer, self._timeout_s)]

    def on_state(self, state: State) -> list[Effect]:
        """An answer has come; it may be one to an earlier question."""
        if self.asked is None or state.number != self.number:
            return []
        self.asked = None
        return [CancelTimer(self.timer), *self._answered(state)]
