"""A leader: discovery, synchronization, broadcast (section IV, algorithms 1 to 3).

A prospective leader has followers tell it which epochs they accepted, and proposes a larger one. Once a quorum has
accepted that, no leader of an older epoch can commit anything any more, and what any older one has committed is in a
history of the quorum. The paper's leader takes the most recent of these over. Here, as in the implementation, the
election has seen to it that the leader's own is; if it is not, the leader gives up (Medeiros 2012, section 4.2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import attrs

from chaoslab.statemachine import Effect, Probe
from chaoslab_protocols.zab.channel import Channel
from chaoslab_protocols.zab.messages import (
    ZERO,
    Ack,
    AckEpoch,
    AckNewLeader,
    CEpoch,
    Command,
    Commit,
    Confirm,
    Confirmed,
    Diff,
    Forward,
    Frame,
    NewEpoch,
    NewLeader,
    Propose,
    Snap,
    Synced,
    SyncRequest,
    Trunc,
    Txn,
    UpToDate,
    Zxid,
)
from chaoslab_protocols.zab.replica import Replica
from chaoslab_protocols.zab.settings import QUORUM_SYNC

__all__ = ["Leader", "Learner"]


@attrs.define(kw_only=True)
class Learner:
    """A follower, as its leader knows it.

    Attributes:
        channel: The channel that it opened.
        heard: When it was heard of last.
        last_zxid: The end of its history when it accepted the epoch; None before.
        sent: The end of the history that it was sent to begin with; None before.
        acked: Up to where its history is known to be on its disk.
        is_synchronized: It has the initial history.
        confirmed: The last round in which it confirmed that it follows.
    """

    channel: Channel
    heard: float
    last_zxid: Zxid | None = None
    sent: Zxid | None = None
    acked: Zxid = ZERO
    is_synchronized: bool = False
    confirmed: int = 0


class Sync(NamedTuple):
    """A sync that waits for a quorum to confirm the leader."""

    server: str
    id: int
    zxid: Zxid
    round: int


class Leader:
    """A leader, from its election to its end.

    Probes: ``discovered``: a quorum has accepted the epoch; ``established``: a quorum has the initial history.

    Attributes:
        epoch: The epoch, once it is chosen.
        is_established: The initial history is committed: phase 3.
        has_given_up: It must not lead any more.
    """

    def __init__(self, name: str, nodes: Sequence[str], replica: Replica, now: float) -> None:
        self.name = name
        self.replica = replica
        self.quorum = len(nodes) // 2 + 1
        self.began = now
        self.learners: dict[str, Learner] = {}
        self.epoch: int | None = None
        self.highest_accepted = replica.accepted_epoch
        self.cepochs: set[str] = {name}
        self.promises: set[str] = {name}
        self.is_discovered = False
        self.synchronized: set[str] = {name}
        self.is_established = False
        self.counter = 0
        self.round = 0
        self.syncs: list[Sync] = []
        self.has_given_up = False
        self.handlers: dict[type, Callable[[str, Learner, Any], list[Effect]]] = {
            CEpoch: self.on_cepoch,
            AckEpoch: self.on_ack_epoch,
            AckNewLeader: self.on_ack_new_leader,
            Forward: self.on_forward,
            Ack: self.on_ack,
            SyncRequest: self.on_sync_request,
            Confirmed: self.on_confirmed,
        }

    def start(self) -> list[Effect]:
        """Begin; alone it is a quorum of one."""
        return self.choose_epoch() if self.quorum == 1 else []

    def on_frame(self, sender: str, frame: Frame, now: float) -> list[Effect]:
        """Handle what is next on the channel that *sender* opened last."""
        learner = self.learners.get(sender)
        if learner is None or frame.connection > learner.channel.connection:
            learner = Learner(channel=Channel(sender, sender, frame.connection), heard=now)
            self.learners[sender] = learner
        elif frame.connection < learner.channel.connection:
            return []
        learner.heard = now
        effects: list[Effect] = []
        for message in learner.channel.receive(frame):
            effects += self.handlers[message.__class__](sender, learner, message)
        return effects

    def on_tick(self, now: float) -> list[Effect]:
        """Say that this leader is there; give up without a quorum of followers, or if it takes too long."""
        settings = self.replica.settings
        alive = sum(now - learner.heard < settings.silence_s for learner in self.learners.values())
        if self.is_established:
            self.has_given_up = self.has_given_up or alive + 1 < self.quorum
        else:
            self.has_given_up = self.has_given_up or now - self.began > settings.patience_s
        return [effect for learner in self.learners.values() for effect in learner.channel.tick()]

    # Phase 1, discovery

    def on_cepoch(self, sender: str, learner: Learner, message: CEpoch) -> list[Effect]:
        """Learn which epoch a follower has accepted."""
        self.highest_accepted = max(self.highest_accepted, message.accepted_epoch)
        if self.epoch is None:
            self.cepochs.add(sender)
            return self.choose_epoch() if len(self.cepochs) >= self.quorum else []
        # One that has promised more can follow only in a later epoch: this leader has to choose one.
        self.has_given_up = self.has_given_up or message.accepted_epoch > self.epoch
        return learner.channel.send(NewEpoch(self.epoch))

    def choose_epoch(self) -> list[Effect]:
        """Choose an epoch larger than all that a quorum has accepted, and accept it."""
        self.epoch = self.highest_accepted + 1
        effects = self.replica.accept_epoch(self.epoch)
        for learner in self.learners.values():
            effects += learner.channel.send(NewEpoch(self.epoch))
        return [*effects, *self.check_discovery()]

    def on_ack_epoch(self, sender: str, learner: Learner, message: AckEpoch) -> list[Effect]:
        """A follower has accepted the epoch, and tells the end of its history."""
        if message.epoch != self.epoch:
            return []
        learner.last_zxid = message.last_zxid
        if self.is_discovered:
            return self.synchronize(learner, message.last_zxid)
        if message.is_promise:
            self.promises.add(sender)
            own = self.replica.rank(self.replica.current_epoch, self.replica.history.last_zxid)
            if self.replica.rank(message.current_epoch, message.last_zxid) > own:
                self.has_given_up = True
                return []
        return self.check_discovery()

    def check_discovery(self) -> list[Effect]:
        """If a quorum has accepted the epoch, begin with synchronization."""
        if self.is_discovered or len(self.promises) < self.quorum:
            return []
        assert self.epoch is not None
        self.is_discovered = True
        effects = [*self.replica.begin_epoch(self.epoch), Probe("discovered")]
        for learner in self.learners.values():
            if learner.last_zxid is not None:
                effects += self.synchronize(learner, learner.last_zxid)
        return [*effects, *self.check_synchronization()]

    # Phase 2, synchronization

    def synchronize(self, learner: Learner, zxid: Zxid) -> list[Effect]:
        """Send what makes a history that ends in *zxid* the same as the own one."""
        assert self.epoch is not None
        learner.sent = self.replica.history.last_zxid
        return learner.channel.send(self.difference(zxid), NewLeader(self.epoch))

    def difference(self, zxid: Zxid) -> Diff | Trunc | Snap:
        """Return what a history that ends in *zxid* lacks, and has too much."""
        history = self.replica.history
        if zxid < history.base.zxid:
            return Snap(history.base, tuple(history.txns))
        common = history.floor(zxid)
        txns = history.after(common)
        return Diff(txns) if common == zxid else Trunc(common, txns)

    def on_ack_new_leader(self, sender: str, learner: Learner, message: AckNewLeader) -> list[Effect]:
        """A follower has the initial history on its disk, and what was proposed until it was sent."""
        if message.epoch != self.epoch or learner.sent is None:
            return []
        learner.acked = max(learner.acked, learner.sent)
        learner.is_synchronized = True
        self.synchronized.add(sender)
        if not self.is_established:
            return self.check_synchronization()
        return [*learner.channel.send(UpToDate(self.replica.last_delivered)), *self.commit()]

    def check_synchronization(self) -> list[Effect]:
        """If a quorum has the initial history, it is committed."""
        if self.is_established or len(self.synchronized) < self.quorum:
            return []
        self.is_established = True
        effects: list[Effect] = [Probe("established"), *self.replica.deliver(self.replica.history.last_zxid)]
        return [*effects, *self.tell_synchronized(UpToDate(self.replica.last_delivered))]

    def tell_synchronized(self, message: Any) -> list[Effect]:
        """Send *message* to the followers that have the initial history."""
        synchronized = [learner for learner in self.learners.values() if learner.is_synchronized]
        return [effect for learner in synchronized for effect in learner.channel.send(message)]

    # Phase 3, broadcast

    def on_forward(self, sender: str, learner: Learner, message: Forward) -> list[Effect]:
        """A follower's client wants something."""
        return self.propose(message.command)

    def propose(self, command: Command) -> list[Effect]:
        """Give *command* the next place in the order."""
        if not self.is_established:
            return []
        assert self.epoch is not None
        self.counter += 1
        txn = Txn(Zxid(self.epoch, self.counter), command)
        effects: list[Effect] = []
        for learner in self.learners.values():
            if learner.sent is not None:
                effects += learner.channel.send(Propose(txn))
        return [*effects, *self.replica.log(txn), *self.commit()]

    def on_ack(self, sender: str, learner: Learner, message: Ack) -> list[Effect]:
        """A follower has a proposal on its disk."""
        learner.acked = max(learner.acked, message.zxid)
        return self.commit()

    def commit(self) -> list[Effect]:
        """Commit what a quorum has on its disks. Of its own it says so only after its disk has it."""
        ends = sorted([self.replica.history.last_zxid, *(one.acked for one in self.learners.values())], reverse=True)
        zxid = ends[self.quorum - 1] if len(ends) >= self.quorum else ZERO
        if not self.is_established or zxid.epoch != self.epoch or zxid <= self.replica.last_delivered:
            return []
        effects = self.replica.deliver(zxid)
        return [*effects, *self.tell_synchronized(Commit(zxid))]

    # Sync

    def on_sync_request(self, sender: str, learner: Learner, message: SyncRequest) -> list[Effect]:
        """A follower wants to be up to date."""
        return self.sync(sender, message.id)

    def sync(self, server: str, id: int) -> list[Effect]:
        """Tell *server* what is committed now: at once, or when a quorum has confirmed that this is the leader still.

        At once is what ZooKeeper does (Hunt et al. 2010, section 4.4): a leader that has been replaced and does not
        know answers too. A follower that confirms after the sync was asked for has not accepted a newer epoch before,
        so until then nothing was committed that this leader does not know of.
        """
        if not self.is_established:
            return []
        self.round += 1
        self.syncs.append(Sync(server, id, self.replica.last_delivered, self.round))
        if self.replica.settings.reads != QUORUM_SYNC:
            return self.answer_syncs(self.round)
        return [*self.tell_synchronized(Confirm(self.round)), *self.check_confirmed()]

    def on_confirmed(self, sender: str, learner: Learner, message: Confirmed) -> list[Effect]:
        """A follower confirms that it follows."""
        learner.confirmed = max(learner.confirmed, message.round)
        return self.check_confirmed()

    def check_confirmed(self) -> list[Effect]:
        """Answer the syncs since whose beginning a quorum has confirmed."""
        rounds = sorted([self.round, *(one.confirmed for one in self.learners.values())], reverse=True)
        return self.answer_syncs(rounds[self.quorum - 1]) if len(rounds) >= self.quorum else []

    def answer_syncs(self, round: int) -> list[Effect]:
        """Answer the syncs up to *round*."""
        effects: list[Effect] = []
        while self.syncs and self.syncs[0].round <= round:
            one = self.syncs.pop(0)
            if one.server == self.name:
                self.replica.clients.end_sync(one.id, one.zxid)
                effects += self.replica.deliver(self.replica.last_delivered)
            else:
                effects += self.learners[one.server].channel.send(Synced(one.id, one.zxid))
        return effects
