"""Two-phase commit over replicated groups, with one mistake."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Effect, Send
from chaoslab_protocols.planting import Planting
from chaoslab_protocols.two_phase_commit.messages import Lock, Locked, Prepare, Vote
from chaoslab_protocols.two_phase_commit_replicated.client import GroupClient
from chaoslab_protocols.two_phase_commit_replicated.server import Deliver, Member

__all__ = ["MUTANTS"]

PLANTED = Planting(protocol="two-phase-commit-replicated", client=GroupClient)


@PLANTED.mutant(
    "T10",
    "a replica that is only read from answers from its own copy, without asking its group: what it shows may be old",
    source="Jepsen's analysis of VoltDB 6.3: fast reads",
    scenario="two_phase_commit_replicated/every_fault",
    check="strict-serializable",
)
class ReadsItsOwnCopy(Member):
    def on_told(self, node: str, sender: str, message: Any) -> list[Effect]:
        answer: Any = None
        participant = self.machine.node.participant
        if isinstance(message, Lock) and participant is not None:
            if not any(exclusive for _, exclusive in message.needs):
                values = tuple((key, participant.read(key)) for key, _ in message.needs)
                answer = Locked(message.transaction, participant.incarnation, values)
        elif isinstance(message, Prepare) and not message.writes:
            answer = Vote(message.transaction, True)
        return super().on_told(node, sender, message) if answer is None else [Send(node, Deliver(self.group, answer))]


MUTANTS = PLANTED.all()
