"""A replica: proposes commands for slots, and executes what is decided, slot by slot (section 2, figure 1).

Invariants R1 to R5 of the paper; in short: one command is decided for a slot, and commands are executed in the order of
slots, without gaps. A replica keeps nothing on a disk: what it has lost it learns again from the others.

Beyond the paper: a replica answers those clients that asked it, not all; it asks leaders again; it catches up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from chaoslab.statemachine import Effect, Probe, Send
from chaoslab_protocols.multi_paxos.messages import (
    ClientRequest,
    ClientResponse,
    Command,
    Decisions,
    Learn,
    Propose,
)
from chaoslab_protocols.multi_paxos.state_machine import StateMachine

__all__ = ["Replica"]


class Replica:
    """One replica.

    Probes: ``outvoted``: another command than this replica's was decided for a slot; ``learned``: it caught up.

    Attributes:
        DECISIONS_MAX: How many decisions a message carries at most.
        state_machine: The state.
        slot_in: The next slot for which it has not proposed.
        slot_out: The next slot to execute.
        requests: Commands that are not proposed yet.
        proposals: Slot to command, proposed and not decided.
        decisions: Slot to command, decided.
        asked: Client name to (client's number of the command, who asked) to be answered here.
    """

    DECISIONS_MAX = 64
    state_machine_class: ClassVar[type[StateMachine]] = StateMachine

    def __init__(self, leaders: Sequence[str], window: int) -> None:
        self.leaders = leaders
        self.window = window
        self.state_machine = self.state_machine_class()
        self.slot_in = self.slot_out = 1
        self.requests: list[Command] = []
        self.proposals: dict[int, Command] = {}
        self.decisions: dict[int, Command | None] = {}
        self.asked: dict[str, int] = {}

    def on_request(self, sender: str, request: ClientRequest) -> list[Effect]:
        """Propose the command, unless it is under way or executed."""
        command = request.command
        refusal = self.state_machine.refusal(command.operation)
        if refusal is not None:
            return [Send(sender, ClientResponse(command.command_id, refusal=refusal))]
        if command.command_id < self.asked.get(command.client_id, 0):
            return []  # an old request that arrives late
        self.asked[command.client_id] = command.command_id
        if self.state_machine.has_applied(command):
            return self.respond(command)
        return self.submit(command)

    def submit(self, command: Command) -> list[Effect]:
        """Propose *command*, unless it is under way; nobody need be waiting for what it gives."""
        if command not in self.requests and command not in self.proposals.values():
            self.requests.append(command)
        return self.propose()

    def propose(self) -> list[Effect]:
        """Assign the waiting commands to slots, as many as the window allows (figure 1)."""
        effects: list[Effect] = []
        self.slot_in = max(self.slot_in, self.slot_out)
        while self.requests and self.slot_in < self.slot_out + self.window:
            if self.slot_in not in self.decisions:
                self.proposals[self.slot_in] = self.requests.pop(0)
                effects += self.ask(self.slot_in)
            self.slot_in += 1
        return effects

    def ask(self, slot: int) -> list[Effect]:
        """Ask every leader to propose this replica's command for *slot*."""
        return [Send(leader, Propose(slot, self.proposals[slot])) for leader in self.leaders]

    def on_tick(self) -> list[Effect]:
        """Ask again for what is not decided."""
        return [effect for slot in self.proposals for effect in self.ask(slot)]

    def on_decision(self, slot: int, command: Command | None) -> list[Effect]:
        """Take a decision into account: execute what can be executed, and propose again what was outvoted."""
        if slot in self.decisions:
            return []
        self.decisions[slot] = command
        effects: list[Effect] = []
        while (following := self.next_slot()) is not None:
            self.slot_out = following
            effects += self.perform(following)
        return [*effects, *self.propose()]

    def next_slot(self) -> int | None:
        """Return the next slot to execute, or None while it is not decided."""
        return self.slot_out if self.slot_out in self.decisions else None

    def perform(self, slot: int) -> list[Effect]:
        """Execute what is decided for *slot*, which is ``slot_out`` (figure 1, perform)."""
        effects: list[Effect] = []
        command = self.decisions[slot]
        self.slot_out = slot + 1
        if command is not None:
            self.state_machine.apply(command)
            effects += self.respond(command)
        own = self.proposals.pop(slot, None)
        if own is not None and own != command:
            effects.append(Probe("outvoted"))
            if not self.state_machine.has_applied(own):
                self.requests.append(own)
        return effects

    def respond(self, command: Command) -> list[Effect]:
        """Answer the client, if it has asked here and this is its last command."""
        if self.asked.get(command.client_id) != command.command_id:
            return []
        if self.state_machine.sessions[command.client_id][0] != command.command_id:
            return []  # of an older command nobody waits for the answer any more
        del self.asked[command.client_id]
        return [Send(command.client_id, ClientResponse(command.command_id, self.state_machine.answer(command)))]

    # Catching up

    def on_alive(self, sender: str, slot_out: int) -> list[Effect]:
        """Ask for what was decided, if another replica has executed more."""
        return [Send(sender, Learn(self.slot_out))] if slot_out > self.slot_out else []

    def on_learn(self, sender: str, message: Learn) -> list[Effect]:
        """Tell what was decided from a slot on."""
        last = min(self.slot_out, message.slot + self.DECISIONS_MAX)
        commands = tuple(self.decisions[slot] for slot in range(message.slot, last))
        return [Send(sender, Decisions(message.slot, commands))] if commands else []

    def on_decisions(self, sender: str, message: Decisions) -> list[Effect]:
        """Take over what was decided; if the message was full, ask for more."""
        effects: list[Effect] = [Probe("learned")]
        for slot, command in enumerate(message.commands, start=message.slot):
            effects += self.on_decision(slot, command)
        if len(message.commands) == self.DECISIONS_MAX:
            effects.append(Send(sender, Learn(self.slot_out)))
        return effects
