"""Nodes of Spanner driven by hand: every one coordinates and keeps a shard; clocks are set by the test."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Context, Effect, Effects, Invocation
from chaoslab_protocols.spanner.coordinator import SpannerCoordinator
from chaoslab_protocols.spanner.participant import SnapshotParticipant
from chaoslab_protocols.spanner.server import SpannerServer
from chaoslab_protocols.two_phase_commit.messages import Begin
from tests.protocols.by_hand import ByHand, sends

__all__ = ["EPSILON_US", "Node", "append", "key_of", "read"]

NODES = ("n1", "n2", "n3")
EPSILON_US = 10_000


class Node(ByHand):
    """One machine, its disk and its clocks."""

    def __init__(self, name: str = "n1") -> None:
        self.name = name
        self.files: dict[str, bytes] = {}
        self.now_us = 1_000_000
        self.restart()

    def restart(self) -> list[Effect]:
        self.machine = SpannerServer(
            Context(
                name=self.name,
                nodes=NODES,
                settings=None,
                files=self.files,
                wall_time=lambda: self.now_us / 1_000_000,
                monotonic_time=lambda: self.now_us / 1_000_000,
                home=self.name,
            )
        )
        return self.did(self.machine.start())

    @property
    def participant(self) -> SnapshotParticipant:
        assert isinstance(self.machine.participant, SnapshotParticipant)
        return self.machine.participant

    @property
    def coordinator(self) -> SpannerCoordinator:
        assert isinstance(self.machine.coordinator, SpannerCoordinator)
        return self.machine.coordinator

    def fires(self, timer: str = "tick", after_us: int = 0) -> list[Effect]:
        """*timer* runs out, so much time later."""
        self.now_us += after_us
        return super().fires(timer)

    def told(self, effects: Effects, kind: type) -> list[Any]:
        """The messages of *kind* among *effects*."""
        return sends(effects, kind)


def key_of(shard: str) -> str:
    """Return a key that *shard* keeps."""
    return next(key for key in "abcdefghijk" if Node().machine.shard_of(key) == shard)


def append(number: int, *keys: str) -> Begin:
    return Begin(number, Invocation(f="txn", value=[["append", key, number] for key in keys]))


def read(number: int, *keys: str) -> Begin:
    return Begin(number, Invocation(f="txn", value=[["r", key, None] for key in keys]))
