"""A follower: discovery, synchronization, broadcast, from its side (section IV, algorithms 1 to 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chaoslab.statemachine import Effect
from chaoslab_protocols.zab.channel import Channel
from chaoslab_protocols.zab.messages import (
    Ack,
    AckEpoch,
    AckNewLeader,
    CEpoch,
    Commit,
    Confirm,
    Confirmed,
    Diff,
    Frame,
    NewEpoch,
    NewLeader,
    Propose,
    Snap,
    Synced,
    Trunc,
    UpToDate,
)
from chaoslab_protocols.zab.replica import Replica

__all__ = ["Follower"]


class Follower:
    """A follower of one leader, on one connection.

    Attributes:
        is_up_to_date: It has delivered what was committed when it joined: it serves clients.
        has_given_up: It must not follow this leader any more.
    """

    def __init__(self, replica: Replica, channel: Channel, now: float) -> None:
        self.replica = replica
        self.channel = channel
        self.began = self.heard = now
        self.sync: Diff | Trunc | Snap | None = None
        self.is_up_to_date = False
        self.has_given_up = False
        self.handlers: dict[type, Callable[[Any], list[Effect]]] = {
            NewEpoch: self.on_new_epoch,
            Diff: self.on_sync,
            Trunc: self.on_sync,
            Snap: self.on_sync,
            NewLeader: self.on_new_leader,
            UpToDate: self.on_up_to_date,
            Propose: self.on_propose,
            Commit: self.on_commit,
            Confirm: self.on_confirm,
            Synced: self.on_synced,
        }

    @property
    def leader(self) -> str:
        """Whom it follows."""
        return self.channel.peer

    def start(self) -> list[Effect]:
        """Tell the leader which epoch was accepted last."""
        return self.channel.send(CEpoch(self.replica.accepted_epoch))

    def on_frame(self, frame: Frame, now: float) -> list[Effect]:
        """Handle what is next on the channel."""
        if frame.connection != self.channel.connection:
            return []
        self.heard = now
        effects: list[Effect] = []
        for message in self.channel.receive(frame):
            if self.has_given_up:
                break
            effects += self.handlers[message.__class__](message)
        return effects

    def on_tick(self, now: float) -> list[Effect]:
        """Say that this follower is there; give up when the leader is silent, or if it takes too long."""
        settings = self.replica.settings
        is_late = not self.is_up_to_date and now - self.began > settings.patience_s
        self.has_given_up = self.has_given_up or is_late or now - self.heard > settings.silence_s
        return self.channel.tick()

    def on_new_epoch(self, message: NewEpoch) -> list[Effect]:
        """Accept the epoch, unless a later one was accepted; it is a promise only if it is new."""
        if message.epoch < self.replica.accepted_epoch:
            self.has_given_up = True
            return []
        is_promise = message.epoch > self.replica.accepted_epoch
        effects = self.replica.accept_epoch(message.epoch) if is_promise else []
        last_zxid = self.replica.history.last_zxid
        answer = AckEpoch(message.epoch, is_promise, self.replica.current_epoch, last_zxid)
        return [*effects, *self.channel.send(answer)]

    def on_sync(self, message: Diff | Trunc | Snap) -> list[Effect]:
        """Keep the initial history until it is whole."""
        self.sync = message
        return []

    def on_new_leader(self, message: NewLeader) -> list[Effect]:
        """The initial history is whole: make it durable, then say so."""
        assert self.sync is not None
        return self.acknowledge(
            self.replica.adopt(message.epoch, self.sync), self.channel.send(AckNewLeader(message.epoch))
        )

    def acknowledge(self, adopted: list[Effect], answer: list[Effect]) -> list[Effect]:
        """Answer when the disk has what the answer says."""
        return [*adopted, *answer]

    def on_up_to_date(self, message: UpToDate) -> list[Effect]:
        """The initial history is committed."""
        self.is_up_to_date = True
        return self.replica.deliver(message.zxid)

    def on_propose(self, message: Propose) -> list[Effect]:
        """Append the transaction, and say so when it is durable."""
        return [*self.replica.log(message.txn), *self.channel.send(Ack(message.txn.zxid))]

    def on_commit(self, message: Commit) -> list[Effect]:
        """Deliver what is committed."""
        return self.replica.deliver(message.zxid)

    def on_confirm(self, message: Confirm) -> list[Effect]:
        """Confirm that this is the leader that is followed."""
        return self.channel.send(Confirmed(message.round))

    def on_synced(self, message: Synced) -> list[Effect]:
        """A sync is answered: its read can be, once that much is delivered."""
        self.replica.clients.end_sync(message.id, message.zxid)
        return self.replica.deliver(self.replica.last_delivered)
