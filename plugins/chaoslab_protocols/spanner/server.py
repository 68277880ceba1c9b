"""A node of Spanner: a coordinator and a participant. Every node keeps a shard, and coordinates what clients ask it."""

from __future__ import annotations

from typing import ClassVar, Final

from chaoslab.statemachine import Become, Context, Effect, Effects
from chaoslab_protocols.spanner.coordinator import SpannerCoordinator
from chaoslab_protocols.spanner.messages import CommitAt, Snapshot, SnapshotRead, VoteAt
from chaoslab_protocols.spanner.participant import SnapshotParticipant
from chaoslab_protocols.spanner.settings import Settings
from chaoslab_protocols.two_phase_commit.coordinator import Coordinator
from chaoslab_protocols.two_phase_commit.participant import Participant
from chaoslab_protocols.two_phase_commit.server import Handler, Server

__all__ = ["SHARD", "SpannerServer"]

SHARD: Final = "shard"


class SpannerServer(Server):
    """One node."""

    coordinator_class: ClassVar[type[Coordinator]] = SpannerCoordinator
    participant_class: ClassVar[type[Participant]] = SnapshotParticipant

    def default_settings(self) -> Settings:
        return Settings()

    def coordinates(self, context: Context) -> bool:
        return True

    def shards_of(self, nodes: tuple[str, ...]) -> tuple[str, ...]:
        return nodes

    def coordinator_handlers(self, coordinator: Coordinator) -> dict[type, Handler]:
        assert isinstance(coordinator, SpannerCoordinator)
        handlers = super().coordinator_handlers(coordinator)
        more: dict[type, Handler] = {VoteAt: coordinator.on_vote, Snapshot: coordinator.on_snapshot}
        return handlers | more if coordinator.is_serving else {}

    def participant_handlers(self, participant: Participant) -> dict[type, Handler]:
        assert isinstance(participant, SnapshotParticipant)
        handlers = super().participant_handlers(participant)
        more: dict[type, Handler] = {
            CommitAt: participant.on_commit,
            SnapshotRead: participant.on_snapshot_read,
        }
        return handlers | more if participant.is_serving else {}

    def start(self) -> Effects:
        effects: list[Effect] = [effect for effect in super().start() or () if not isinstance(effect, Become)]
        return [Become(SHARD), *effects]

    def timer(self, name: str) -> Effects:
        if name != "commit wait":
            return super().timer(name)
        assert isinstance(self.coordinator, SpannerCoordinator)
        return self.at_home(self.coordinator.on_commit_wait())
