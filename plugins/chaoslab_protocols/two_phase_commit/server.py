"""A node: the coordinator, or a participant. The first node coordinates, the others keep a shard of the keys each.

What the coordinator and a participant on the same node tell each other does not take the network: it is handled on the
spot, in its place among the effects, behind what the disk holds back.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

from chaoslab.statemachine import Become, Context, Effect, Effects, Send, SetTimer
from chaoslab_protocols.two_phase_commit.coordinator import Coordinator
from chaoslab_protocols.two_phase_commit.messages import (
    Abort,
    Acknowledge,
    Begin,
    Commit,
    Inquire,
    Lock,
    Locked,
    Prepare,
    Refuse,
    Vote,
)
from chaoslab_protocols.two_phase_commit.participant import Participant
from chaoslab_protocols.two_phase_commit.settings import Settings

__all__ = ["COORDINATOR", "PARTICIPANT", "Server"]

COORDINATOR: Final = "coordinator"
PARTICIPANT: Final = "participant"

Handler = Callable[[str, Any], Sequence[Effect]]


class Server:
    """One node.

    Attributes:
        coordinator: Its coordinator, or None.
        participant: Its participant, or None.
    """

    coordinator_class: ClassVar[type[Coordinator]] = Coordinator
    participant_class: ClassVar[type[Participant]] = Participant

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.settings: Settings = context.settings or self.default_settings()
        self.shards = self.shards_of(context.nodes)
        self.coordinator: Coordinator | None = None
        self.participant: Participant | None = None
        self.handlers: dict[type, Handler] = {}
        if self.coordinates(context):
            self.coordinator = self.coordinator_class(context, self.settings, self.shard_of)
            self.handlers.update(self.coordinator_handlers(self.coordinator))
        if context.name in self.shards:
            self.participant = self.participant_class(context, self.settings)
            self.handlers.update(self.participant_handlers(self.participant))

    def default_settings(self) -> Settings:
        """Return the settings of a server that is given none."""
        return Settings()

    def coordinates(self, context: Context) -> bool:
        """Whether this node coordinates."""
        return context.name == context.nodes[0]

    def shards_of(self, nodes: tuple[str, ...]) -> tuple[str, ...]:
        """Return the nodes that keep keys."""
        return nodes[1:] or nodes

    def shard_of(self, key: str) -> str:
        """Return the participant that keeps *key*."""
        return self.shards[zlib.crc32(key.encode()) % len(self.shards)]

    def coordinator_handlers(self, coordinator: Coordinator) -> dict[type, Handler]:
        """Return who handles which message to a coordinator."""
        if not coordinator.is_serving:
            return {}
        return {
            Begin: coordinator.on_begin,
            Locked: coordinator.on_locked,
            Refuse: coordinator.on_refuse,
            Vote: coordinator.on_vote,
            Acknowledge: coordinator.on_acknowledge,
            Inquire: coordinator.on_inquire,
        }

    def participant_handlers(self, participant: Participant) -> dict[type, Handler]:
        """Return who handles which message to a participant."""
        if not participant.is_serving:
            return {}
        return {
            Lock: participant.on_lock,
            Prepare: participant.on_prepare,
            Commit: participant.on_commit,
            Abort: participant.on_abort,
        }

    def start(self) -> Effects:
        effects: list[Effect] = [Become(COORDINATOR if self.coordinator is not None else PARTICIPANT)]
        for part in (self.participant, self.coordinator):
            if part is not None:
                effects += part.start()
        return self.at_home([*effects, SetTimer("tick", self.settings.tick_s)])

    def message(self, sender: str, message: Any) -> Effects:
        handler = self.handlers.get(message.__class__)
        return None if handler is None else self.at_home(handler(sender, message))

    def timer(self, name: str) -> Effects:
        effects: list[Effect] = []
        for part in (self.participant, self.coordinator):
            if part is not None and part.is_serving:
                effects += part.on_tick()
        return [*self.at_home(effects), SetTimer("tick", self.settings.tick_s)]

    def at_home(self, effects: Sequence[Effect]) -> list[Effect]:
        """Return *effects*, with what this node sends itself carried out."""
        done: list[Effect] = []
        for effect in effects:
            if isinstance(effect, Send) and effect.to == self.name:
                handler = self.handlers.get(effect.message.__class__)
                done += [] if handler is None else self.at_home(handler(self.name, effect.message))
            else:
                done.append(effect)
        return done
