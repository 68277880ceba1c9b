"""What a server has in every role: its epochs, its history, and the state as far as transactions are delivered.

Names: acceptedEpoch is the paper's f.p, currentEpoch its f.a (section IV). Each change that somebody is told of stands
behind its record on the disk (see ``journal``).
"""

from __future__ import annotations

from typing import Any, ClassVar

from chaoslab.statemachine import Effect, Probe
from chaoslab_protocols.zab import journal
from chaoslab_protocols.zab.clients import Clients
from chaoslab_protocols.zab.history import History
from chaoslab_protocols.zab.messages import Diff, Snap, Snapshot, Trunc, Txn, Zxid
from chaoslab_protocols.zab.settings import Settings
from chaoslab_protocols.zab.state_machine import StateMachine

__all__ = ["Replica"]


class Replica:
    """The state of one server.

    Probes: ``synchronizing``: an initial history has arrived and is on its way to the disk; ``synchronized``: it is
    there, and nobody knows.

    Attributes:
        accepted_epoch: The last epoch it accepted. Persistent.
        current_epoch: The last epoch whose initial history it has. Persistent.
        history: What it accepted. Persistent.
        state_machine: What came of the transactions that were delivered.
        last_delivered: The last of these.
        clients: Who waits for answers.
    """

    state_machine_class: ClassVar[type[StateMachine]] = StateMachine

    def __init__(self, content: bytes, settings: Settings) -> None:
        recovered = journal.recover(content)
        self.settings = settings
        self.starts = recovered.starts + 1
        self.accepted_epoch = recovered.accepted_epoch
        self.current_epoch = recovered.current_epoch
        self.history = recovered.history
        self.is_torn, self.is_damaged = recovered.torn, recovered.damaged
        # What the disk has is accepted. Only a leader knows what of it is committed.
        self.state_machine = self.state_machine_class(self.history.base.state)
        self.last_delivered = self.history.base.zxid
        self.clients = Clients()

    def start(self) -> list[Effect]:
        """Count the start, in a journal that ends in a whole record."""
        return self.replace_journal() if self.is_torn else [journal.save(journal.start_record(self.starts))]

    def rank(self, current_epoch: int, last_zxid: Zxid) -> Any:
        """Return how recent a history is: by its epoch, then by its end (Medeiros 2012, section 4, "postdicate")."""
        return current_epoch, last_zxid

    # Epochs

    def accept_epoch(self, epoch: int) -> list[Effect]:
        """Promise never to follow a leader of an older epoch."""
        self.accepted_epoch = epoch
        return [journal.save(journal.accepted_record(epoch))]

    def begin_epoch(self, epoch: int) -> list[Effect]:
        """Make the own history the initial history of *epoch*: for its leader."""
        self.current_epoch = epoch
        return [journal.save(journal.current_record(epoch))]

    def adopt(self, epoch: int, sync: Diff | Trunc | Snap) -> list[Effect]:
        """Make a leader's history the own one, and its epoch current: both at once."""
        if isinstance(sync, Snap):
            self.history = History(sync.snapshot, sync.txns)
            self.restore(sync.snapshot)
            saved = self.saved_snapshot(epoch)
        else:
            zxid = sync.zxid if isinstance(sync, Trunc) else self.history.last_zxid
            self.history.truncate(zxid)
            self.history.append(sync.txns)
            saved = self.saved_sync(epoch, zxid, sync.txns)
        return [Probe("synchronizing"), *saved, Probe("synchronized")]

    def saved_sync(self, epoch: int, zxid: Zxid, txns: tuple[Txn, ...]) -> list[Effect]:
        """Make epoch and history durable, in one record."""
        self.current_epoch = epoch
        return [journal.save(journal.sync_record(epoch, zxid, txns))]

    def saved_snapshot(self, epoch: int) -> list[Effect]:
        """Make epoch and history durable, in one file that takes the place of the old one."""
        self.current_epoch = epoch
        return self.replace_journal()

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a leader's state, if it is ahead of the own one."""
        if snapshot.zxid > self.last_delivered:
            self.state_machine = self.state_machine_class(snapshot.state)
            self.last_delivered = snapshot.zxid

    # Transactions

    def log(self, txn: Txn) -> list[Effect]:
        """Append *txn* to the history; what follows waits until it is durable."""
        self.history.append([txn])
        return [journal.save(journal.txn_record(txn))]

    def deliver(self, zxid: Zxid) -> list[Effect]:
        """Deliver what is committed, up to *zxid*, and answer who waited for it."""
        effects: list[Effect] = []
        for txn in self.history.between(self.last_delivered, zxid):
            self.state_machine.apply(txn.command)
            self.last_delivered = txn.zxid
            effects += self.clients.on_delivered(txn.command, self.last_delivered, self.state_machine)
        effects += self.clients.answer_reads(self.last_delivered, self.state_machine)
        return [*effects, *self.compact()]

    def compact(self) -> list[Effect]:
        """Let a snapshot take the place of what was delivered, if that is much."""
        delivered = self.history.between(self.history.base.zxid, self.last_delivered)
        if len(delivered) < self.settings.snapshot_threshold:
            return []
        snapshot = Snapshot(self.last_delivered, self.state_machine.written())
        self.history = History(snapshot, self.history.after(self.last_delivered))
        return self.replace_journal()

    def replace_journal(self) -> list[Effect]:
        """Write the journal anew, with what the server knows now."""
        now = journal.Recovered(
            starts=self.starts,
            accepted_epoch=self.accepted_epoch,
            current_epoch=self.current_epoch,
            history=self.history,
        )
        return journal.replace(now.records())
