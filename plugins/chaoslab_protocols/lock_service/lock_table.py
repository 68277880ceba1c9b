"""The state that the lock service replicates: who holds which lock, under which fencing token.

Rules:

1. Tokens grow: each grant of any lock has a larger one than all grants before it. A token tells a hold from every other
   (a sequencer, Burrows 2006, section 2.4).
2. A lock is given back by its holder, or taken back because its lease is over. Either names the token, so it cannot
   hit a later hold.
3. Time is not known here: that a lease is over is a command like others, which every replica carries out in its place.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from chaoslab.statemachine import Invocation
from chaoslab_protocols.multi_paxos.messages import Command
from chaoslab_protocols.multi_paxos.state_machine import StateMachine

__all__ = ["ACQUIRE", "EXPIRE", "RELEASE", "Hold", "LockTable"]

ACQUIRE = "acquire"
RELEASE = "release"
EXPIRE = "expire"


class Hold(NamedTuple):
    """One client's hold of one lock: its token and, if it asked so, the time at which it ends."""

    token: int
    until: float | None


class LockTable(StateMachine):
    """The table of locks.

    Attributes:
        held: Lock name to its hold, for locks that are held.
        last_token: The largest token that was given.
    """

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, Hold] = {}
        self.last_token = 0

    def carry_out(self, command: Command) -> Any:
        """Acquire: return the token, or None if the lock is held. Release or expire: whether that ended the hold."""
        name, value = command.operation.key, command.operation.value
        if command.operation.f == ACQUIRE:
            return None if name in self.held else self.grant(name, value)
        return self.free(name, value)

    def grant(self, name: str, until: float | None) -> int:
        """Give the lock under a new token."""
        self.last_token += 1
        self.held[name] = Hold(self.last_token, until)
        return self.last_token

    def free(self, name: str, token: int) -> bool:
        """End the hold under *token*, if it lasts still."""
        if name not in self.held or self.held[name].token != token:
            return False
        del self.held[name]
        return True

    def refusal(self, operation: Invocation) -> str | None:
        if operation.f in (ACQUIRE, RELEASE, EXPIRE):
            return None
        return f"a lock service does not know {operation.f!r}"
