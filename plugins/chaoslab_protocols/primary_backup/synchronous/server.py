"""Primary, backup and spare servers.

Alsberg & Day, "A principle for resilient sharing of distributed resources" (ICSE 1976): the primary answers when the
backup has the update. The views are those of the second exercise of MIT 6.824, and with them the fence: a server takes
messages of its own view only, so that a primary that has been replaced cannot act.

1. The primary answers an update when it is durable at the backup, too; without a backup, when it is durable here.
2. It answers a read when the backup has confirmed, after the read came, that the view is still its own; and when all
   that the read saw is at the backup. Without a backup nobody can have replaced it, and it answers at once.
3. It says that it is ready, so that the backup may take over, when the backup has all of the state, not before.

4. It tells the service when its backup does not answer: the service may hear both, and they not each other.

No clock is trusted: neither the service's timeouts nor those of servers can break anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from chaoslab.statemachine import Become, Context, Effect, Effects, Probe, Send, SetTimer
from chaoslab_protocols import store
from chaoslab_protocols.primary_backup.synchronous.journal import Journal
from chaoslab_protocols.primary_backup.synchronous.messages import (
    Announcement,
    Forward,
    ForwardReply,
    Ping,
    ReadId,
    Transfer,
    TransferReply,
    View,
)
from chaoslab_protocols.seeking_client import NOT_HERE, OK, REFUSED, ClientReply, ClientRequest
from chaoslab_protocols.session_store import Update

__all__ = ["PendingRead", "Server"]


@attrs.define
class PendingRead:
    """A read that saw the state at *position*; it is confirmed when the backup has confirmed the view after it came."""

    answer: Any
    position: int
    is_confirmed: bool = False


class Server(Journal):
    """Primary, backup or neither.

    Probes: ``recorded``: an update is durable at the primary, the backup does not know it; ``replicated``: it is
    durable at the backup, nobody knows that; ``transferred``: a new backup has the state; ``adopted``: a view is
    durable.

    Attributes:
        PING_S: Seconds between pings to the view service.
        RESEND_S: Seconds after which what was not confirmed is sent again.
        SILENT_S: Seconds for which a primary waits for its backup before it tells the view service.
        BATCH_MAX: How many updates go into one message.
    """

    PING_S = 0.1
    RESEND_S = 0.05
    SILENT_S = 0.3
    BATCH_MAX = 100

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.name = context.name
        self.service = context.nodes[-1]
        self.now = context.monotonic_time
        self.waiting_since: float | None = None  # since when the backup has owed an answer
        self.pending_reads: dict[ReadId, PendingRead] = {}
        self.transferred_in = 1  # the first view's backup starts with the same state as its primary: none
        self.handlers: dict[type, Callable[[str, Any], Effects]] = {
            Announcement: self.on_announcement,
            ClientRequest: self.on_request,
            Forward: self.on_forward,
            ForwardReply: self.on_forward_reply,
            Transfer: self.on_transfer,
            TransferReply: self.on_transfer_reply,
        }

    @property
    def is_primary(self) -> bool:
        """Whether it is the primary of the view that it knows."""
        return self.view.primary == self.name

    @property
    def is_ready(self) -> bool:
        """Whether, as primary, its backup has all of the state, or there is none."""
        return self.view.backup is None or self.transferred_in == self.view.number

    @property
    def is_backup_silent(self) -> bool:
        """Whether, as primary, it has waited too long for an answer of its backup."""
        return self.waiting_since is not None and self.now() - self.waiting_since > self.SILENT_S

    def role(self) -> str:
        """Return what it is in the view."""
        return "primary" if self.is_primary else "backup" if self.view.backup == self.name else "spare"

    # Events

    def start(self) -> Effects:
        return [*self.put_in_order(), Become(self.role()), *self.ping(), *self.replicate()]

    def message(self, sender: str, message: Any) -> Effects:
        handler = self.handlers.get(type(message))
        return handler(sender, message) if handler else None

    def timer(self, name: str) -> Effects:
        return self.ping() if name == "ping" else self.replicate()

    # Views

    def ping(self) -> list[Effect]:
        """Tell the view service that this server lives."""
        ping = Ping(self.view.number, self.is_primary and self.is_ready, self.is_backup_silent)
        return [Send(self.service, ping), SetTimer("ping", self.PING_S)]

    def on_announcement(self, sender: str, announcement: Announcement) -> Effects:
        if announcement.view.number <= self.view.number:
            return None
        return self.adopt(announcement.view)

    def adopt(self, view: View) -> list[Effect]:
        """Move to *view*; from now on messages of earlier ones are refused."""
        self.view = view
        self.waiting_since = None
        self.pending_reads.clear()  # their clients ask again
        return [self.record_place(), Become(self.role()), Probe("adopted"), *self.ping(), *self.replicate()]

    # The primary

    def replicate(self) -> list[Effect]:
        """Send the backup what it needs: all of the state if it is new, else what it has not confirmed."""
        if not self.is_primary:
            return []
        number, backup = self.view.number, self.view.backup
        if backup is None:
            self.settle(self.store.position)  # clients whose updates that settles ask again
            return []
        again = SetTimer("resend", self.RESEND_S)
        if not self.is_ready:
            self.wait()
            return [Send(backup, Transfer(number, self.store.snapshot())), again]
        waiting = tuple(id for id, read in self.pending_reads.items() if not read.is_confirmed)
        if not self.sent and not waiting:
            return []
        self.wait()
        return [Send(backup, Forward(number, tuple(self.sent)[: self.BATCH_MAX], waiting)), again]

    def wait(self) -> None:
        """Begin to wait for the backup, unless it is waited for already."""
        if self.waiting_since is None:
            self.waiting_since = self.now()

    def on_request(self, sender: str, request: ClientRequest) -> Effects:
        if not self.is_primary:
            known = self.view
            return [Send(sender, ClientReply(request.sequence, NOT_HERE, None, known.number, known.members))]
        if request.invocation.f in store.READS:
            return self.on_read(sender, request)
        return self.on_update(sender, request)

    def on_update(self, sender: str, request: ClientRequest) -> list[Effect]:
        """Put it in order; if that is done already, answer once the backup has it."""
        session = self.store.sessions.get(sender)
        if session is not None and request.sequence <= session.sequence:
            is_done = request.sequence == session.sequence and session.position <= self.acked
            return [Send(sender, ClientReply(request.sequence, OK, session.answer))] if is_done else []
        update = Update(self.store.position + 1, sender, request.sequence, request.invocation)
        try:
            recorded = self.record([update])
        except store.Refused as refused:
            return [Send(sender, ClientReply(request.sequence, REFUSED, str(refused)))]
        return [recorded, Probe("recorded"), *self.after_recording(update)]

    def after_recording(self, update: Update) -> list[Effect]:
        """The update is on this disk: now on the backup's, or, without a backup, the client is told."""
        if self.view.backup is None:
            return self.answer(self.settle(update.position))
        return self.replicate()

    def on_read(self, sender: str, request: ClientRequest) -> list[Effect]:
        """Read the state as it is, and hold the answer back until it is known to be the state of the service."""
        answer = self.store.read(request.invocation)
        if self.view.backup is None:
            return [Send(sender, ClientReply(request.sequence, OK, answer))]
        self.pending_reads = {id: read for id, read in self.pending_reads.items() if id[0] != sender}
        self.pending_reads[sender, request.sequence] = PendingRead(answer, self.store.position)
        return self.replicate()

    def on_forward_reply(self, sender: str, reply: ForwardReply) -> Effects:
        if not self.is_primary or not self.is_of_this_view(reply.number):
            return None
        self.waiting_since = None
        for id in reply.reads:
            if id in self.pending_reads:
                self.pending_reads[id].is_confirmed = True
        return [*self.answer(self.settle(reply.position)), *self.answer_reads()]

    def answer(self, updates: list[Update]) -> list[Effect]:
        """Tell the clients of *updates* that they are done."""
        sessions = self.store.sessions
        current = [update for update in updates if sessions[update.client].sequence == update.sequence]
        return [
            Send(update.client, ClientReply(update.sequence, OK, sessions[update.client].answer)) for update in current
        ]

    def answer_reads(self) -> list[Effect]:
        """Answer the reads that need not wait any longer."""
        ready = [
            (id, read) for id, read in self.pending_reads.items() if read.is_confirmed and read.position <= self.acked
        ]
        for id, _ in ready:
            del self.pending_reads[id]
        return [Send(client, ClientReply(sequence, OK, read.answer)) for (client, sequence), read in ready]

    def on_transfer_reply(self, sender: str, reply: TransferReply) -> Effects:
        if not self.is_primary or reply.number != self.view.number or self.is_ready:
            return None
        self.waiting_since = None
        self.transferred_in = reply.number
        return [*self.ping(), *self.answer(self.settle(reply.position)), *self.replicate()]

    # The backup

    def is_of_this_view(self, number: int) -> bool:
        """Whether a message of view *number* may be taken: the fence."""
        return number == self.view.number

    def on_forward(self, sender: str, forward: Forward) -> Effects:
        if not self.is_of_this_view(forward.number) or (self.installed_in != forward.number and forward.number > 1):
            return None
        effects: list[Effect] = []
        fresh = [update for update in forward.updates if update.position > self.store.position]
        if fresh and fresh[0].position == self.store.position + 1:
            effects += [self.record(fresh), Probe("replicated")]
        return [*effects, Send(sender, ForwardReply(forward.number, self.store.position, forward.reads))]

    def on_transfer(self, sender: str, transfer: Transfer) -> Effects:
        if self.view.backup != self.name or not self.is_of_this_view(transfer.number):
            return None
        effects: list[Effect] = []
        if self.installed_in != transfer.number:  # a late copy of it must not undo what came since
            effects += [*self.install(transfer.number, transfer.snapshot), Probe("transferred")]
        return [*effects, Send(sender, TransferReply(transfer.number, self.store.position))]
