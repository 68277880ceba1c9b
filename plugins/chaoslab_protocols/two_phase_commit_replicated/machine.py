"""What a group replicates: a node of plain two-phase commit, as it stands, driven by the log.

Rules (Schneider, "Implementing fault-tolerant services using the state machine approach", 1990):

1. Every replica makes the same steps: each message to the group, and each tick, is a command in the log.
2. Time is what the log says: so many ticks. No replica looks at a clock.
3. It keeps nothing on a disk: the log is durable before it is executed. So it never crashes, and has one incarnation.

This file does not know how the log is agreed upon, nor who sends what the machine says.
"""

from __future__ import annotations

from collections.abc import Sequence

from chaoslab.statemachine import Context, Effect, Invocation, Probe, Send
from chaoslab_protocols.two_phase_commit.server import Server
from chaoslab_protocols.two_phase_commit_replicated.settings import Settings
from chaoslab_protocols.two_phase_commit_replicated.wire import TICK, message_read

__all__ = ["GroupMachine"]


class GroupMachine:
    """The state of one group, as one replica has it.

    Args:
        group: The group's name.
        groups: The names of all groups; they are the nodes of two-phase commit.
        settings: The settings.

    Attributes:
        ticks: How many ticks the log had.
        node: The node of two-phase commit.
    """

    node_class = Server

    def __init__(self, group: str, groups: Sequence[str], settings: Settings) -> None:
        self.ticks = 0
        self.tick_s = settings.tick_s
        self.node = self.node_class(
            Context(
                name=group,
                nodes=tuple(groups),
                settings=settings,
                files={},
                wall_time=self.time_s,
                monotonic_time=self.time_s,
                home=group,
            )
        )
        self.node.start()

    def time_s(self) -> float:
        """Return how much time has passed, as the log says."""
        return self.ticks * self.tick_s

    def apply(self, command: Invocation) -> list[Effect]:
        """Make the step that *command* asks for; return what it sends and the probes it passes."""
        if command.f == TICK.f:
            self.ticks += 1
            effects = self.node.timer("tick")
        else:
            effects = self.node.message(command.key, message_read(command))
        return [effect for effect in effects or () if isinstance(effect, Send | Probe)]

    @property
    def is_waiting(self) -> bool:
        """Whether there is anything for which time matters."""
        coordinator, participant = self.node.coordinator, self.node.participant
        under_way = coordinator is not None and bool(coordinator.open or coordinator.committed)
        return under_way or (participant is not None and bool(participant.parts))
