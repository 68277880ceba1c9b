"""Leader election: looking servers agree on the most recent history among a quorum (Medeiros 2012, section 4.1).

Every looking server shows its vote and takes over a better one: the later epoch, then the later zxid, then the larger
name. When a quorum has shown one vote for a while, who is voted for leads and the others follow. Nothing depends on
its being right: two servers may both think that they are elected, and the epochs of discovery see to it that at most
one of them gets anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaoslab.statemachine import CancelTimer, Effect, Send, SetTimer
from chaoslab_protocols.zab.messages import Notification, Vote
from chaoslab_protocols.zab.replica import Replica

__all__ = ["Election"]


class Election:
    """The election as one server sees it.

    Attributes:
        DECIDE_S: How long a quorum must have shown one vote. Somebody with a better one may be about to.
        round: Counts elections, so that votes of an earlier one are not counted in a later one.
        vote: The best vote of this round so far.
        votes: What each server showed last in this round.
        result: Whom this server follows now that it is decided; itself to lead; None: not yet.
    """

    DECIDE_S = (0.02, 0.04)

    def __init__(self, name: str, nodes: Sequence[str], replica: Replica) -> None:
        self.name = name
        self.peers = [node for node in nodes if node != name]
        self.quorum = len(nodes) // 2 + 1
        self.replica = replica
        self.round = 0
        self.vote = self.own_vote()
        self.votes: dict[str, Vote] = {}
        self.result: str | None = None

    def own_vote(self) -> Vote:
        """Return the vote for oneself."""
        return Vote(self.replica.current_epoch, self.replica.history.last_zxid, self.name)

    def rank(self, vote: Vote) -> Any:
        """Return what votes are compared by."""
        return self.replica.rank(vote.epoch, vote.zxid), vote.server

    def begin(self) -> list[Effect]:
        """Begin another round."""
        self.round += 1
        self.result = None
        self.vote = self.own_vote()
        self.votes = {self.name: self.vote}
        return [*self.show(), *self.consider()]

    def show(self) -> list[Effect]:
        """Show the vote to everybody."""
        return [Send(peer, Notification(self.round, self.vote)) for peer in self.peers]

    def on_notification(self, sender: str, message: Notification) -> list[Effect]:
        """Take another server's vote into account."""
        if message.is_leading:
            self.result = sender
            return [CancelTimer("decide")]
        if message.round < self.round:
            return [Send(sender, Notification(self.round, self.vote))]
        before, before_support = (self.round, self.vote), self.supporters()
        if message.round > self.round:
            self.round = message.round
            self.vote = max(self.own_vote(), message.vote, key=self.rank)
            self.votes = {}
        elif self.rank(message.vote) > self.rank(self.vote):
            self.vote = message.vote
        self.votes[sender] = message.vote
        self.votes[self.name] = self.vote
        if (self.round, self.vote) == before:
            return self.consider() if before_support < self.quorum else []
        return [CancelTimer("decide"), *self.show(), *self.consider()]

    def supporters(self) -> int:
        """Return how many servers have shown this server's vote."""
        return sum(vote == self.vote for vote in self.votes.values())

    def consider(self) -> list[Effect]:
        """If a quorum has shown one vote, decide in a while."""
        return [SetTimer("decide", self.DECIDE_S)] if self.supporters() >= self.quorum else []

    def decide(self) -> None:
        """Follow the vote, if a quorum still shows it."""
        if self.supporters() >= self.quorum:
            self.result = self.vote.server
