"""A participant: keeps the values of one shard, locks them for transactions, and commits when it is told to.

Rules (Bernstein, Hadzilacos & Goodman 1987, sections 3.2, 7.3 and 7.4; Gray & Lamport 2006, section 3):

1. Strict two-phase locking: a key is locked before it is read, and stays locked until the transaction is prepared (if
   it was only read) or has ended (if it is written). A transaction is prepared only once it has locked all its keys
   everywhere, so what is unlocked then is behind its lock point.
2. A participant that has voted yes has given its freedom away: it may neither commit nor abort by itself, and asks the
   coordinator until it knows. Before that it may abort at any time.
3. What a yes promises is on the disk before the vote: writes are prepared, and survive a crash.
4. Locks do not survive a crash, except those of prepared writes. So a participant counts its incarnations, and does
   not prepare what it had locked in another one.
5. A transaction is over when it has ended here; nothing of it, or of an earlier one of its client, begins again.
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.statemachine import Context, Effect, Probe, Send
from chaoslab_protocols import records
from chaoslab_protocols.records import Record
from chaoslab_protocols.two_phase_commit.journal import (
    PARTICIPANT,
    age_read,
    transaction_read,
    value_read,
    whole_records,
)
from chaoslab_protocols.two_phase_commit.locks import LockTable
from chaoslab_protocols.two_phase_commit.messages import (
    Abort,
    Acknowledge,
    Age,
    Commit,
    Inquire,
    Lock,
    Locked,
    Mode,
    Prepare,
    Refuse,
    TransactionId,
    Vote,
)
from chaoslab_protocols.two_phase_commit.settings import Settings

__all__ = ["Part", "Participant"]


@attrs.define(eq=False)
class Part:
    """A transaction as one participant knows it.

    Attributes:
        transaction: Which one.
        coordinator: Who decides about it.
        age: Its age.
        needs: The keys it locks here, and how.
        since_s: When it came, or when the coordinator was last asked, on the node's monotonic clock.
        has_locks: Whether they are locked; if not, it waits.
        writes: What it will write here, once it is prepared; None before.
    """

    transaction: TransactionId
    coordinator: str
    age: Age
    needs: tuple[tuple[str, Mode], ...]
    since_s: float
    has_locks: bool = False
    writes: tuple[tuple[str, Any], ...] | None = None


class Participant:
    """One participant.

    Probes: ``locked``: a transaction has its locks here; ``prepared``: its writes are durable and the vote is not
    sent; ``died``: a transaction would have had to wait for an older one; ``inquired``: a prepared participant asks;
    ``applied``: a commit is durable here.

    Attributes:
        incarnation: How often it has started. Persistent.
        values: Key to value, committed. Persistent.
        parts: The transactions that have not ended here. Persistent where they are prepared.
        over: For each client its last transaction that has ended here. Persistent where it was prepared.
        is_serving: Whether it may answer: not when its disk has lost what it answered for.
    """

    def __init__(self, context: Context, settings: Settings) -> None:
        self.settings = settings
        self.monotonic_time = context.monotonic_time
        self.incarnation = 1
        self.values: dict[str, Any] = {}
        self.parts: dict[TransactionId, Part] = {}
        self.over: dict[str, TransactionId] = {}
        self.locks: LockTable[TransactionId] = LockTable()
        content = context.files.get(PARTICIPANT, b"")
        written = whole_records(content)
        self.is_new = not content
        self.is_serving = written is not None
        for record in written or ():
            self.replay(record)

    # The disk

    def replay(self, record: Record) -> None:
        """Take over what a record says; see ``journal``."""
        kind, *rest = record
        if kind == "start":
            self.incarnation = rest[0] + 1
        elif kind == "value":
            self.values[rest[0]] = value_read(rest[1])
        elif kind == "over":
            self.end(transaction_read(rest))
        elif kind == "prepare":
            self.replay_prepare(transaction_read(rest), rest[4:])
        elif kind == "commit":
            part = self.parts[transaction_read(rest)]
            self.apply(part, rest[4:])
            self.end(part.transaction)
        else:
            self.end(transaction_read(rest))

    def replay_prepare(self, transaction: TransactionId, rest: Any) -> None:
        """Be prepared again, with the writes locked."""
        coordinator, age, written = rest[:3]
        writes = tuple((key, value_read(value)) for key, value in written)
        needs = tuple((key, True) for key, _ in writes)
        now_s = self.monotonic_time()
        self.parts[transaction] = Part(transaction, coordinator, age_read(age), needs, now_s, True, writes)
        self.locks.acquire(transaction, needs)

    def start(self) -> list[Effect]:
        """Begin a new incarnation, with a journal that ends in a whole record."""
        if not self.is_serving:
            return []
        beginning = ("start", self.incarnation)
        if self.is_new:
            return [records.append(PARTICIPANT, [beginning])]
        return records.replace(PARTICIPANT, [*self.written(), beginning])

    def written(self) -> list[Record]:
        """Return the records that say what this participant knows."""
        values: list[Record] = [("value", key, value) for key, value in self.values.items()]
        over: list[Record] = [("over", *transaction) for transaction in self.over.values()]
        prepared = [self.prepare_record(part) for part in self.parts.values() if part.writes is not None]
        return [*values, *over, *prepared]

    def prepare_record(self, part: Part) -> Record:
        """Return the record of a transaction that is prepared."""
        return ("prepare", *part.transaction, part.coordinator, part.age, part.writes)

    # Locks

    def on_lock(self, sender: str, message: Lock) -> list[Effect]:
        """Lock the keys, wait for them, or refuse."""
        transaction = message.transaction
        part = self.parts.get(transaction)
        if part is not None:
            return self.granted(part) if part.has_locks and part.writes is None else []
        if self.is_over(transaction):
            return []  # it arrives late
        part = Part(transaction, sender, message.age, message.needs, self.monotonic_time())
        self.parts[transaction] = part
        return self.try_to_lock(part)

    def is_over(self, transaction: TransactionId) -> bool:
        """Whether *transaction*, or a later one of its client, has ended here."""
        last = self.over.get(transaction.client)
        return last is not None and not transaction.is_after(last)

    def try_to_lock(self, part: Part) -> list[Effect]:
        """Lock what *part* needs; else wait, if only younger ones are in the way; else die."""
        conflicts = self.conflicts(part)
        if not conflicts:
            self.locks.acquire(part.transaction, part.needs)
            part.has_locks = True
            return [Probe("locked"), *self.granted(part)]
        if all(part.age < self.parts[other].age for other in conflicts):
            return []
        return [Probe("died"), *self.refuse(part)]

    def conflicts(self, part: Part) -> list[TransactionId]:
        """Return the transactions that have locked what *part* needs."""
        return self.locks.conflicts(part.needs)

    def granted(self, part: Part) -> list[Effect]:
        """Tell the coordinator what the locked keys hold."""
        values = tuple((key, self.read(key)) for key, _ in part.needs)
        return [Send(part.coordinator, Locked(part.transaction, self.incarnation, values))]

    def read(self, key: str) -> Any:
        """Return what *key* holds: what was committed last."""
        return self.values.get(key)

    def refuse(self, part: Part) -> list[Effect]:
        """Abort *part*, which is not prepared, and tell the coordinator."""
        self.end(part.transaction)
        return [Send(part.coordinator, Refuse(part.transaction)), *self.wake()]

    def wake(self) -> list[Effect]:
        """Locks were released: let those that wait try again, the oldest first."""
        effects: list[Effect] = []
        for part in sorted(self.parts.values(), key=lambda part: part.age):
            if not part.has_locks and part.transaction in self.parts:
                effects += self.try_to_lock(part)
        return effects

    # The commit protocol

    def on_prepare(self, sender: str, message: Prepare) -> list[Effect]:
        """Vote: yes once the writes are durable, no if the locks were not kept."""
        part = self.find(message.transaction)
        if part is None or not self.has_kept_locks(part, message):
            return [Send(sender, Vote(message.transaction, False))]
        if part.writes is not None:
            return [self.vote(part)]
        if not self.has_second_phase(message):
            # Nothing to undo or redo: a reader needs no second phase.
            self.end(part.transaction)
            return [self.vote(part), *self.wake()]
        part.writes = message.writes
        part.since_s = self.monotonic_time()
        return [*self.save_prepared(part), Probe("prepared"), self.vote(part), *self.unlock_reads(part)]

    def has_second_phase(self, message: Prepare) -> bool:
        """Whether this participant has to hear of the decision."""
        return bool(message.writes)

    def find(self, transaction: TransactionId) -> Part | None:
        """Return what this participant knows of *transaction*: of exactly that one."""
        return self.parts.get(transaction)

    def has_kept_locks(self, part: Part, message: Prepare) -> bool:
        """Whether *part* is prepared, or was locked in this incarnation and still is."""
        return part.writes is not None or (part.has_locks and message.incarnation == self.incarnation)

    def save_prepared(self, part: Part) -> list[Effect]:
        """Make what a yes promises durable."""
        return [records.append(PARTICIPANT, [self.prepare_record(part)])]

    def vote(self, part: Part) -> Send:
        """Return the vote for *part*: yes."""
        return Send(part.coordinator, Vote(part.transaction, True))

    def unlock_reads(self, part: Part) -> list[Effect]:
        """Unlock what a prepared transaction has only read: it is behind its lock point."""
        self.locks.release_shared(part.transaction)
        return self.wake()

    def on_commit(self, sender: str, message: Commit) -> list[Effect]:
        """Write what was prepared, and acknowledge when that is durable."""
        part = self.find(message.transaction)
        if part is None:
            return [Send(sender, Acknowledge(message.transaction))]
        if part.writes is None:
            return []
        facts = self.facts(message)
        saved = records.append(PARTICIPANT, [("commit", *part.transaction, *facts)])
        self.apply(part, facts)
        self.end(part.transaction)
        return [saved, Probe("applied"), Send(sender, Acknowledge(message.transaction)), *self.wake()]

    def facts(self, message: Commit) -> tuple[Any, ...]:
        """Return what a commit says beyond that it is one."""
        return ()

    def apply(self, part: Part, facts: Any) -> None:
        """Let the writes of *part* be values."""
        self.values.update(part.writes or ())

    def on_abort(self, sender: str, message: Abort) -> list[Effect]:
        """Forget the transaction."""
        part = self.find(message.transaction)
        if part is None:
            self.end(message.transaction)
            return []
        return self.abort(part)

    def abort(self, part: Part) -> list[Effect]:
        """Undo *part*: nothing was written yet. Only what is prepared is on the disk."""
        was_prepared = part.writes is not None
        self.end(part.transaction)
        saved = [records.append(PARTICIPANT, [("abort", *part.transaction)])] if was_prepared else []
        return [*saved, *self.wake()]

    def end(self, transaction: TransactionId) -> None:
        """*transaction* has ended here."""
        self.parts.pop(transaction, None)
        self.locks.release(transaction)
        last = self.over.get(transaction.client)
        if last is None or transaction.is_after(last):
            self.over[transaction.client] = transaction

    # Time

    def on_tick(self) -> list[Effect]:
        """Give up what may be given up and takes too long; ask about what is prepared."""
        effects: list[Effect] = []
        now_s = self.monotonic_time()
        for part in list(self.parts.values()):
            if part.transaction not in self.parts or now_s - part.since_s < self.limit_s(part):
                continue
            effects += self.on_uncertain(part) if part.writes is not None else self.refuse(part)
        return effects

    def limit_s(self, part: Part) -> float:
        """Return after how long something is done about *part*."""
        return self.settings.tick_s if part.writes is not None else self.settings.patience_s

    def on_uncertain(self, part: Part) -> list[Effect]:
        """A prepared transaction was not decided yet: ask, and go on waiting (Bernstein et al., section 7.4)."""
        return [Probe("inquired"), Send(part.coordinator, Inquire(part.transaction))]
