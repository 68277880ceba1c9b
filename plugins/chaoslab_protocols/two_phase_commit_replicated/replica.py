"""A replica of Multi-Paxos that executes the commands of a group.

A command may be decided for two slots, and messages may be repeated: two-phase commit does not mind either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chaoslab.statemachine import Effect, Invocation, Probe
from chaoslab_protocols.multi_paxos.messages import Command
from chaoslab_protocols.multi_paxos.replica import Replica

__all__ = ["GroupReplica"]


class GroupReplica(Replica):
    """One replica.

    Attributes:
        execute: What carries a command out.
    """

    def __init__(self, leaders: Sequence[str], window: int) -> None:
        super().__init__(leaders, window)
        self.execute: Callable[[Invocation], list[Effect]] = lambda operation: []

    def submit(self, command: Command) -> list[Effect]:
        """Propose *command* for some slot."""
        self.requests.append(command)
        return self.propose()

    def has_pending(self, f: str) -> bool:
        """Whether this replica has proposed a command named *f* that is not executed."""
        return any(command.operation.f == f for command in (*self.requests, *self.proposals.values()))

    def perform(self, slot: int) -> list[Effect]:
        command = self.decisions[slot]
        self.slot_out = slot + 1
        effects = [] if command is None else self.execute(command.operation)
        own = self.proposals.pop(slot, None)
        if own is not None and own != command:
            effects.append(Probe("outvoted"))
            self.requests.append(own)
        return effects
