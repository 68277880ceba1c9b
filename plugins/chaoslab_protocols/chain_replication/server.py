"""A server of a chain, and what it does when the chain changes.

Van Renesse & Schneider, "Chain replication for supporting high throughput and availability" (OSDI 2004), sections 2
and 3.

Updates enter at the head and travel to the tail, which answers them; queries are answered by the tail. So the history
of a server is a prefix of its predecessor's (the update propagation invariant), and what the tail has, all have.

Where this differs from the paper, which assumes that servers stop and that this is detected without mistakes:

1. Messages may be lost, repeated and reordered: updates carry their position, and ``sent`` goes out again until the
   tail has acknowledged it.
2. A server may be taken for failed and live. Messages of another configuration are refused, which stops updates
   through a removed server; and a tail answers queries under a lease that ends before the master gives it up.
3. Servers have disks: an update is durable before it is passed on, and a server that restarts before anybody noticed
   goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chaoslab.statemachine import Become, Context, Effect, Effects, Probe, Send, SetTimer
from chaoslab_protocols import store
from chaoslab_protocols.chain_replication.journal import Journal
from chaoslab_protocols.chain_replication.messages import (
    Acknowledge,
    Answer,
    Configuration,
    Fetch,
    Forward,
    Ping,
    State,
)
from chaoslab_protocols.seeking_client import NOT_HERE, OK, REFUSED, ClientReply, ClientRequest
from chaoslab_protocols.session_store import Update

__all__ = ["Server"]


class Server(Journal):
    """Head, middle or tail of the chain, or outside of it.

    Probes: ``recorded``: an update is durable here and nobody after this server knows it; ``committed``: it is durable
    at the tail, nobody has been told; ``configured``: a new configuration is durable; ``transferred``: a new tail has
    the state.

    Attributes:
        PING_S: Seconds between pings to the master.
        LEASE_S: Seconds after the sending of a ping for which its answer lets a tail answer queries. Shorter than the
            master's ``DEAD_S``, even when the clocks of both run at rates that differ by what the budget allows.
        RESEND_S: Seconds after which what was not acknowledged is sent again.
        BATCH_MAX: How many updates go into one message.
    """

    PING_S = 0.1
    LEASE_S = 0.5
    RESEND_S = 0.05
    BATCH_MAX = 100

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.name = context.name
        self.master = context.nodes[-1]
        self.now = context.monotonic_time
        self.started_at = self.now()
        self.lease_until = self.started_at
        self.handlers: dict[type, Callable[[str, Any], Effects]] = {
            Acknowledge: self.on_acknowledge,
            Answer: self.on_answer,
            ClientRequest: self.on_request,
            Fetch: self.on_fetch,
            Forward: self.on_forward,
            State: self.on_state,
        }

    # Places in the chain

    @property
    def place(self) -> int | None:
        """Its index in the chain, 0 at the head; None outside of it."""
        chain = self.configuration.chain
        return chain.index(self.name) if self.name in chain else None

    @property
    def predecessor(self) -> str | None:
        """The server before this one."""
        place = self.place
        return self.configuration.chain[place - 1] if place else None

    @property
    def successor(self) -> str | None:
        """The server after this one."""
        place = self.place
        after = () if place is None else self.configuration.chain[place + 1 :]
        return after[0] if after else None

    @property
    def is_head(self) -> bool:
        """Whether updates enter here."""
        return self.place == 0 and self.in_sync

    @property
    def is_tail(self) -> bool:
        """Whether updates end here."""
        return self.place is not None and self.successor is None

    @property
    def in_sync(self) -> bool:
        """Whether it has all of the state: it was in the chain before, or has been given the state since it is."""
        return self.configuration.joining != self.name or self.installed_in == self.configuration.number

    def role(self) -> str:
        """Return what it is in the chain."""
        if self.place is None:
            return "outside"
        return "head" if self.place == 0 else "tail" if self.is_tail else "middle"

    # Events

    def start(self) -> Effects:
        return [*self.put_in_order(), Become(self.role()), *self.ping(), *self.connect()]

    def message(self, sender: str, message: Any) -> Effects:
        handler = self.handlers.get(type(message))
        return handler(sender, message) if handler else None

    def timer(self, name: str) -> Effects:
        return self.ping() if name == "ping" else self.connect()

    # The master

    def ping(self) -> list[Effect]:
        """Tell the master that this server lives."""
        ping = Ping(self.now(), self.configuration.number, self.in_sync)
        return [Send(self.master, ping), SetTimer("ping", self.PING_S)]

    def on_answer(self, sender: str, answer: Answer) -> Effects:
        # The lease counts from the ping, when the master may have heard of this server last. A ping that was sent
        # before a crash counts for nothing.
        if answer.sent_at is not None and answer.sent_at >= self.started_at:
            self.lease_until = max(self.lease_until, answer.sent_at + self.LEASE_S)
        if answer.configuration.number <= self.configuration.number:
            return None
        return self.adopt(answer.configuration)

    def adopt(self, configuration: Configuration) -> list[Effect]:
        """Move to *configuration*; from now on messages of earlier ones are refused."""
        self.configuration = configuration
        return [self.record_place(), Become(self.role()), Probe("configured"), *self.connect()]

    def connect(self) -> list[Effect]:
        """Bring the successor up to date (section 3.2: it is sent what is in Sent), or be brought up to date."""
        if not self.in_sync:
            assert self.predecessor is not None
            return [Send(self.predecessor, Fetch(self.configuration.number)), SetTimer("resend", self.RESEND_S)]
        if self.is_tail:  # what the tail has is committed, also if it has become the tail just now (section 3.1)
            return self.acknowledge()
        return self.forward()

    # Updates

    def forward(self) -> list[Effect]:
        """Send the successor what the tail has not acknowledged."""
        if self.successor is None or not self.sent:
            return []
        updates = tuple(self.sent)[: self.BATCH_MAX]
        return [Send(self.successor, Forward(self.configuration.number, updates)), SetTimer("resend", self.RESEND_S)]

    def on_forward(self, sender: str, forward: Forward) -> Effects:
        if forward.number != self.configuration.number or sender != self.predecessor or not self.in_sync:
            return None
        effects: list[Effect] = []
        fresh = [update for update in forward.updates if update.position > self.store.position]
        if fresh and fresh[0].position == self.store.position + 1:
            effects += [self.record(fresh), Probe("recorded")]
            replies = [self.answer(update) for update in fresh]
            effects += [Probe("committed"), *replies] if self.is_tail else self.forward()
        return [*effects, *self.acknowledge()]

    def acknowledge(self) -> list[Effect]:
        """Tell the predecessor up to where the tail has everything."""
        if self.is_tail:
            self.settle(self.store.position)
        if self.predecessor is None:
            return []
        return [Send(self.predecessor, Acknowledge(self.configuration.number, self.acked))]

    def on_acknowledge(self, sender: str, acknowledge: Acknowledge) -> Effects:
        if acknowledge.number != self.configuration.number or sender != self.successor:
            return None
        if acknowledge.position <= self.acked:
            return None
        self.settle(acknowledge.position)
        return self.acknowledge()

    # Clients

    def on_request(self, sender: str, request: ClientRequest) -> Effects:
        if request.invocation.f in store.READS:
            return self.on_query(sender, request)
        return self.on_update(sender, request) if self.is_head else [self.elsewhere(sender, request)]

    def on_query(self, sender: str, request: ClientRequest) -> list[Effect]:
        """The tail answers from its state."""
        if not self.may_answer_queries():
            return [self.elsewhere(sender, request)]
        return [Send(sender, ClientReply(request.sequence, OK, self.store.read(request.invocation)))]

    def may_answer_queries(self) -> bool:
        """Whether it is the tail, has everything, and cannot have been removed without knowing."""
        return self.is_tail and self.in_sync and self.has_lease()

    def has_lease(self) -> bool:
        """Whether the master cannot have given this server up yet."""
        return self.now() < self.lease_until

    def on_update(self, sender: str, request: ClientRequest) -> list[Effect]:
        """The head puts it in order, or, if it has done so already, answers once the tail has it."""
        session = self.store.sessions.get(sender)
        if session is not None and request.sequence <= session.sequence:
            is_done = request.sequence == session.sequence and session.position <= self.acked
            return [Send(sender, ClientReply(request.sequence, OK, session.answer))] if is_done else []
        update = Update(self.store.position + 1, sender, request.sequence, request.invocation)
        try:
            recorded = self.record([update])
        except store.Refused as refused:
            return [Send(sender, ClientReply(request.sequence, REFUSED, str(refused)))]
        if not self.is_tail:
            return [recorded, Probe("recorded"), *self.forward()]
        self.settle(update.position)
        return [recorded, Probe("recorded"), Probe("committed"), self.answer(update)]

    def answer(self, update: Update) -> Send:
        """Tell the client of *update* that it is done."""
        answer = self.store.sessions[update.client].answer
        return Send(update.client, ClientReply(update.sequence, OK, answer))

    def elsewhere(self, sender: str, request: ClientRequest) -> Send:
        """Tell a client which configuration this server knows."""
        known = self.configuration
        return Send(sender, ClientReply(request.sequence, NOT_HERE, None, known.number, known.chain))

    # A new tail

    def on_fetch(self, sender: str, fetch: Fetch) -> Effects:
        if fetch.number != self.configuration.number or sender != self.successor or not self.in_sync:
            return None
        return [Send(sender, State(fetch.number, self.store.snapshot()))]

    def on_state(self, sender: str, state: State) -> Effects:
        if state.number != self.configuration.number or sender != self.predecessor or self.in_sync:
            return None
        return [*self.install(state.number, state.snapshot), Probe("transferred"), *self.ping(), *self.acknowledge()]
