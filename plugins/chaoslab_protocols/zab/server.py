"""A server: looking, following or leading, and serving clients while it does one of the latter two."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from chaoslab.statemachine import Become, CancelTimer, Context, Effect, Effects, Send, SetTimer
from chaoslab_protocols import store
from chaoslab_protocols.zab.channel import Channel
from chaoslab_protocols.zab.election import Election
from chaoslab_protocols.zab.follower import Follower
from chaoslab_protocols.zab.journal import JOURNAL
from chaoslab_protocols.zab.leader import Leader
from chaoslab_protocols.zab.messages import (
    NOT_SERVING,
    OK,
    REFUSED,
    ZERO,
    ClientReply,
    ClientRequest,
    Forward,
    Frame,
    Notification,
    SyncRequest,
)
from chaoslab_protocols.zab.replica import Replica
from chaoslab_protocols.zab.settings import LOCAL, Settings

__all__ = ["FOLLOWING", "LEADING", "LOOKING", "Server"]

LOOKING: Final = "looking"
FOLLOWING: Final = "following"
LEADING: Final = "leading"


class Server:
    """One server.

    Attributes:
        replica: What it has in every role.
        election: The election it takes part in while it is looking.
        leader: Its leader's part while it is leading, else None.
        follower: Its follower's part while it is following, else None.
    """

    replica_class: ClassVar[type[Replica]] = Replica
    leader_class: ClassVar[type[Leader]] = Leader
    follower_class: ClassVar[type[Follower]] = Follower

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.nodes = context.nodes
        self.settings: Settings = context.settings or Settings()
        self.now = context.monotonic_time
        self.replica = self.replica_class(context.files.get(JOURNAL, b""), self.settings)
        self.election = Election(self.name, self.nodes, self.replica)
        self.leader: Leader | None = None
        self.follower: Follower | None = None
        self.connections = 0

    def start(self) -> Effects:
        if self.replica.is_damaged:
            return None  # silent for ever: see journal, rule 3
        return [*self.replica.start(), *self.look(), SetTimer("tick", self.settings.tick_s)]

    def message(self, sender: str, message: Any) -> Effects:
        if self.replica.is_damaged:
            return None
        if isinstance(message, Frame):
            return [*self.on_frame(sender, message), *self.check()]
        if isinstance(message, Notification):
            return self.on_notification(sender, message)
        if isinstance(message, ClientRequest):
            return self.on_request(sender, message)
        return None

    def timer(self, name: str) -> Effects:
        if name == "decide":
            if self.is_looking:
                self.election.decide()
            return self.after_election()
        return [*self.on_tick(), *self.check(), SetTimer("tick", self.settings.tick_s)]

    # Roles

    @property
    def is_looking(self) -> bool:
        """Whether there is neither a leader to follow nor anybody to lead."""
        return self.leader is None and self.follower is None

    def look(self) -> list[Effect]:
        """Look for a leader."""
        self.leader = self.follower = None
        return [Become(LOOKING), *self.replica.clients.refuse_reads(), *self.election.begin()]

    def after_election(self) -> list[Effect]:
        """Play the role that was decided on, if it was."""
        result = self.election.result
        if not self.is_looking or result is None:
            return []
        if result == self.name:
            self.leader = self.leader_class(self.name, self.nodes, self.replica, self.now())
            return [Become(LEADING), *self.leader.start()]
        self.connections += 1
        channel = Channel(result, self.name, (self.replica.starts, self.connections))
        self.follower = self.follower_class(self.replica, channel, self.now())
        return [CancelTimer("decide"), Become(FOLLOWING), *self.follower.start()]

    def check(self) -> list[Effect]:
        """Look for another leader, if this one's time is over."""
        role = self.leader or self.follower
        return self.look() if role is not None and role.has_given_up else []

    def on_tick(self) -> list[Effect]:
        """Say that this server is there."""
        role = self.leader or self.follower
        return self.election.show() if role is None else role.on_tick(self.now())

    def on_notification(self, sender: str, message: Notification) -> list[Effect]:
        """Look together, or tell a looking server that this one leads."""
        if self.is_looking:
            return [*self.election.on_notification(sender, message), *self.after_election()]
        if self.leader is None or message.is_leading:
            return []
        return [Send(sender, Notification(self.election.round, self.election.own_vote(), is_leading=True))]

    def on_frame(self, sender: str, frame: Frame) -> list[Effect]:
        """Hand a frame to the role that it is for."""
        if frame.follower == sender:
            return [] if self.leader is None else self.leader.on_frame(sender, frame, self.now())
        if self.follower is None or self.follower.leader != sender:
            return []
        return self.follower.on_frame(frame, self.now())

    # Clients

    @property
    def is_serving(self) -> bool:
        """Whether clients are served: not before the initial history is committed."""
        if self.leader is not None:
            return self.leader.is_established
        return self.follower is not None and self.follower.is_up_to_date

    def on_request(self, sender: str, request: ClientRequest) -> list[Effect]:
        """Serve a client, if there is a leader."""
        command = request.command
        state_machine = self.replica.state_machine
        refusal = state_machine.refusal(command.operation)
        if refusal is not None:
            return [Send(sender, ClientReply(command.number, REFUSED, ZERO, refusal))]
        if not self.is_serving:
            return [Send(sender, ClientReply(command.number, NOT_SERVING))]
        if command.operation.f in store.READS:
            return self.read(sender, request)
        if state_machine.has_applied(command):
            reply = ClientReply(command.number, OK, self.replica.last_delivered, state_machine.answer(command))
            return [Send(sender, reply)]
        self.replica.clients.wait(command)
        if self.leader is not None:
            return self.leader.propose(command)
        assert self.follower is not None
        return self.follower.channel.send(Forward(command))

    def read(self, sender: str, request: ClientRequest) -> list[Effect]:
        """Answer from the own state: as it is, or as it will be when it is as recent as the leader's is now."""
        clients = self.replica.clients
        if self.settings.reads == LOCAL:
            clients.read_after(sender, request, ZERO)
            return clients.answer_reads(self.replica.last_delivered, self.replica.state_machine)
        id = clients.begin_sync(sender, request)
        if self.leader is not None:
            return self.leader.sync(self.name, id)
        assert self.follower is not None
        return self.follower.channel.send(SyncRequest(id))
