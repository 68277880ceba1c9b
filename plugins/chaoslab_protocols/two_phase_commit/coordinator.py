"""The coordinator: carries transactions out on the values of shards, and decides about them in two phases.

Rules (Bernstein, Hadzilacos & Goodman 1987, sections 7.3 to 7.5; Gray & Lamport 2006, section 3):

1. It prepares a transaction when every participant has locked what it needs, and commits it when every one of them has
   voted yes.
2. The decision to commit is on the disk before anybody is told. An abort needs no record: what is not known to be
   committed was aborted ("presumed abort", Mohan, Lindsay & Obermarck 1986).
3. A committed transaction is told to its participants until all have acknowledged it.
4. A request is carried out at most once: the answer is part of the decision, and given again to who asks again. An
   attempt that fails is followed by another one, under another epoch; a client that is told of an abort is told so when
   it is on the disk that this request will not be tried again.
5. While it is down, nobody else decides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from chaoslab.statemachine import Context, Effect, Invocation, Probe, Send, Write
from chaoslab_protocols import records
from chaoslab_protocols.records import Record
from chaoslab_protocols.two_phase_commit import operations
from chaoslab_protocols.two_phase_commit.journal import DECISIONS, transaction_read, whole_records
from chaoslab_protocols.two_phase_commit.messages import (
    Abort,
    Acknowledge,
    Age,
    Begin,
    Commit,
    Inquire,
    Lock,
    Locked,
    Outcome,
    Prepare,
    Refuse,
    TransactionId,
    Vote,
)
from chaoslab_protocols.two_phase_commit.operations import Performed
from chaoslab_protocols.two_phase_commit.settings import Settings

__all__ = ["Coordinator", "Transaction"]


@attrs.define(eq=False)
class Transaction:
    """A request that is under way.

    Attributes:
        id: The attempt that is made now, or was made last.
        age: Its age, the same for all attempts.
        operation: What is to be done.
        needs: Participant to the keys there, and how they are locked.
        since_s: When this attempt began, or ended.
        asked_s: When participants were last asked for something.
        is_tried: Whether an attempt is being made; if not, the next one follows.
        locked: Participant to its answer, of those that have locked.
        performed: What came of the operation; None until all have locked.
        writes: Participant to what is written there.
        yes: The participants that voted yes.
        why: Why the last attempt failed.
    """

    id: TransactionId
    age: Age
    operation: Invocation
    needs: dict[str, tuple[tuple[str, bool], ...]]
    since_s: float
    asked_s: float = 0.0
    is_tried: bool = False
    locked: dict[str, Locked] = attrs.field(factory=dict)
    performed: Performed | None = None
    writes: dict[str, tuple[tuple[str, Any], ...]] = attrs.field(factory=dict)
    yes: list[str] = attrs.field(factory=list)
    why: str = ""


class Coordinator:
    """One coordinator.

    Probes: ``decided``: a commit is durable and nobody knows; ``aborted``: an attempt failed; ``gave up``: a request
    will not be tried again; ``repeated``: a client that asked again was given the same answer.

    Args:
        context: Where it runs.
        settings: The settings.
        shard_of: The participant that keeps a key.

    Attributes:
        incarnation: How often it has started. Persistent.
        sessions: For each client the outcome of its last request that has ended. Persistent.
        last_records: For each client the record of that.
        open: For each client the request of it that is under way.
        committed: Committed transactions, with the participants that have not acknowledged. Persistent.
        messages: What these are told.
        old: Those of them that were committed before the last tick.
        is_serving: Whether it may answer: not when its disk has lost what it answered for.
    """

    def __init__(self, context: Context, settings: Settings, shard_of: Callable[[str], str]) -> None:
        self.name = context.name
        self.settings = settings
        self.shard_of = shard_of
        self.monotonic_time = context.monotonic_time
        self.incarnation = 1
        self.serial = 0
        self.sessions: dict[str, Outcome] = {}
        self.last_records: dict[str, Record] = {}
        self.open: dict[str, Transaction] = {}
        self.committed: dict[TransactionId, list[str]] = {}
        self.messages: dict[TransactionId, Commit] = {}
        content = context.files.get(DECISIONS, b"")
        written = whole_records(content)
        self.is_new = not content
        self.is_serving = written is not None
        for record in written or ():
            self.replay(record)
        self.old = frozenset(self.committed)

    # The disk

    def replay(self, record: Record) -> None:
        """Take over what a record says; see ``journal``."""
        kind, *rest = record
        if kind == "start":
            self.incarnation = rest[0] + 1
        elif kind == "commit":
            transaction = transaction_read(rest)
            participants, value, result, *facts = rest[4:]
            self.remember(record, Outcome(transaction.number, True, value, result))
            self.take_commit(transaction, participants, tuple(facts))
        elif kind == "end":
            self.forget(transaction_read(rest))
        else:
            _, number, why = rest
            self.remember(record, Outcome(number, False, why=why))

    def take_commit(self, transaction: TransactionId, participants: list[str], facts: tuple[Any, ...]) -> None:
        """A transaction was committed, and its participants may not know."""
        self.committed[transaction] = list(participants)
        self.messages[transaction] = self.commit_message(transaction, facts)

    def commit_message(self, transaction: TransactionId, facts: tuple[Any, ...]) -> Commit:
        """Return what participants are told; *facts* is what the record of the decision says beyond it."""
        return Commit(transaction)

    def remember(self, record: Record, outcome: Outcome) -> None:
        """The last request of a client has ended so."""
        client = record[1]
        if client not in self.sessions or outcome.number >= self.sessions[client].number:
            self.sessions[client] = outcome
            self.last_records[client] = record

    def start(self) -> list[Effect]:
        """Begin a new incarnation, with a journal that ends in a whole record; tell what was decided."""
        if not self.is_serving:
            return []
        beginning = ("start", self.incarnation)
        if self.is_new:
            return [records.append(DECISIONS, [beginning])]
        told = [effect for id in self.committed for effect in self.tell(id)]
        return [*records.replace(DECISIONS, [*self.written(), beginning]), *told]

    def written(self) -> list[Record]:
        """Return the records that say what this coordinator knows."""
        kept = list(self.last_records.values())
        done: list[Record] = [
            ("end", *transaction_read(record[1:]))
            for record in kept
            if record[0] == "commit" and transaction_read(record[1:]) not in self.committed
        ]
        known = [transaction_read(record[1:]) for record in kept if record[0] == "commit"]
        older: list[Record] = [
            ("commit", *transaction, participants, None, None, *self.facts_of(transaction))
            for transaction, participants in self.committed.items()
            if transaction not in known
        ]
        return [*older, *kept, *done]

    def facts_of(self, transaction: TransactionId) -> tuple[Any, ...]:
        """Return what the record of a commit says beyond it."""
        return ()

    # A client asks

    def on_begin(self, sender: str, message: Begin) -> list[Effect]:
        """Carry the request out, unless it is under way, has ended, or is of the past."""
        refusal = operations.refusal(message.operation)
        if refusal is not None:
            return [Send(sender, Outcome(message.number, False, why=refusal))]
        session, under_way = self.sessions.get(sender), self.open.get(sender)
        if session is not None and message.number <= session.number:
            return self.answer_again(sender, session) if message.number == session.number else []
        effects: list[Effect] = []
        if under_way is not None:
            if message.number <= under_way.id.number:
                return []
            effects = self.abort(under_way, "its client has given it up")
        return [*effects, *self.begin(sender, message)]

    def answer_again(self, client: str, outcome: Outcome) -> list[Effect]:
        """A client asks again for what has ended: the answer is the same."""
        return [Probe("repeated"), Send(client, outcome)]

    def begin(self, client: str, message: Begin) -> list[Effect]:
        """Begin to carry a new request out."""
        transaction = self.new_transaction(client, message)
        self.open[client] = transaction
        return self.attempt(transaction)

    def new_transaction(self, client: str, message: Begin) -> Transaction:
        """Return the transaction for a request, before its first attempt."""
        self.serial += 1
        needs: dict[str, tuple[tuple[str, bool], ...]] = {}
        for key, exclusive in operations.needs(message.operation).items():
            shard = self.shard_of(key)
            needs[shard] = (*needs.get(shard, ()), (key, exclusive))
        id = TransactionId(client, message.number, self.incarnation, 0)
        age = Age(self.incarnation, self.serial, self.name)
        return Transaction(id, age, message.operation, needs, self.monotonic_time())

    # Phase zero: the work

    def attempt(self, transaction: Transaction) -> list[Effect]:
        """Begin a new attempt: let the participants lock what is needed."""
        transaction.id = transaction.id._replace(attempt=transaction.id.attempt + 1)
        transaction.is_tried = True
        transaction.since_s = self.monotonic_time()
        transaction.locked, transaction.performed, transaction.yes = {}, None, []
        return self.ask(transaction)

    def ask(self, transaction: Transaction) -> list[Effect]:
        """Ask the participants that have not answered for what is needed of them now."""
        transaction.asked_s = self.monotonic_time()
        if transaction.performed is None:
            return [
                Send(shard, Lock(transaction.id, transaction.age, needs))
                for shard, needs in transaction.needs.items()
                if shard not in transaction.locked
            ]
        return [
            Send(shard, Prepare(transaction.id, transaction.locked[shard].incarnation, transaction.writes[shard]))
            for shard in transaction.needs
            if shard not in transaction.yes
        ]

    def current(self, id: TransactionId) -> Transaction | None:
        """Return the transaction that is being tried as *id*, if it is."""
        transaction = self.open.get(id.client)
        return transaction if transaction is not None and transaction.is_tried and transaction.id == id else None

    def on_locked(self, sender: str, message: Locked) -> list[Effect]:
        """When all have locked, do the work and begin the first phase."""
        transaction = self.current(message.transaction)
        if transaction is None or transaction.performed is not None:
            return []
        transaction.locked.setdefault(sender, message)
        if len(transaction.locked) < len(transaction.needs):
            return []
        values = {key: value for locked in transaction.locked.values() for key, value in locked.values}
        performed = operations.perform(transaction.operation, values, self.settings.balance)
        transaction.performed = performed
        transaction.writes = {
            shard: tuple((key, value) for key, value in performed.writes if self.shard_of(key) == shard)
            for shard in transaction.needs
        }
        return self.ask(transaction)

    def on_refuse(self, sender: str, message: Refuse) -> list[Effect]:
        """A participant could not lock: this attempt has failed."""
        transaction = self.current(message.transaction)
        return [] if transaction is None else self.fail(transaction, f"{sender} could not lock what it needed")

    # The two phases

    def on_vote(self, sender: str, message: Vote) -> list[Effect]:
        """When all have voted yes, commit; at the first no, abort."""
        transaction = self.current(message.transaction)
        if transaction is None or transaction.performed is None:
            return []
        if not message.yes:
            return self.fail(transaction, f"{sender} voted no")
        if sender not in transaction.yes:
            transaction.yes.append(sender)
            self.note_vote(transaction, message)
        return self.commit(transaction) if len(transaction.yes) == len(transaction.needs) else []

    def note_vote(self, transaction: Transaction, message: Vote) -> None:
        """Take notice of what a vote says beyond yes."""

    def commit(self, transaction: Transaction) -> list[Effect]:
        """Decide to commit: first the disk, then the client and the participants that write."""
        performed = transaction.performed
        assert performed is not None
        del self.open[transaction.id.client]
        told = self.told(transaction)
        facts = self.decided_facts(transaction)
        record = ("commit", *transaction.id, told, performed.value, performed.result, *facts)
        outcome = Outcome(transaction.id.number, True, performed.value, performed.result)
        self.remember(record, outcome)
        if not told:
            return [Send(transaction.id.client, outcome)]
        self.take_commit(transaction.id, told, facts)
        return [*self.save_decision(record), Probe("decided"), *self.announce(transaction.id, outcome)]

    def told(self, transaction: Transaction) -> list[str]:
        """Return the participants for which a commit has a second phase: those that write."""
        return [shard for shard in transaction.needs if transaction.writes[shard]]

    def decided_facts(self, transaction: Transaction) -> tuple[Any, ...]:
        """Return what the record of the decision says beyond it."""
        return ()

    def save_decision(self, record: Record) -> list[Effect]:
        """Make the decision durable before anybody is told."""
        return [records.append(DECISIONS, [record])]

    def announce(self, id: TransactionId, outcome: Outcome) -> list[Effect]:
        """Tell the client, and the participants."""
        return [Send(id.client, outcome), *self.tell(id)]

    def tell(self, id: TransactionId) -> list[Effect]:
        """Tell the participants that have not acknowledged that *id* is committed."""
        return [Send(shard, self.messages[id]) for shard in self.committed[id]]

    def on_acknowledge(self, sender: str, message: Acknowledge) -> list[Effect]:
        """When all have acknowledged, nobody will ask any more. That is worth a record, but no waiting for it."""
        waiting = self.committed.get(message.transaction)
        if waiting is None or sender not in waiting:
            return []
        waiting.remove(sender)
        if waiting:
            return []
        self.forget(message.transaction)
        ended = records.append(DECISIONS, [("end", *message.transaction)])
        return [Write(ended.path, ended.data, append=True)]

    def forget(self, id: TransactionId) -> None:
        """Nobody will ask about *id* any more."""
        self.committed.pop(id, None)
        self.messages.pop(id, None)

    def on_inquire(self, sender: str, message: Inquire) -> list[Effect]:
        """Tell a prepared participant what became of the transaction, if that is decided."""
        id = message.transaction
        if id in self.committed:
            return [Send(sender, self.messages[id])]
        return [] if self.current(id) is not None else [Send(sender, Abort(id))]

    # Failure

    def fail(self, transaction: Transaction, why: str) -> list[Effect]:
        """This attempt has failed; the next one is made at some tick, if there is to be one."""
        transaction.is_tried = False
        transaction.since_s = self.monotonic_time()
        transaction.why = why
        return [Probe("aborted"), *(Send(shard, Abort(transaction.id)) for shard in transaction.needs)]

    def abort(self, transaction: Transaction, why: str) -> list[Effect]:
        """End a request without an answer."""
        del self.open[transaction.id.client]
        return self.fail(transaction, why) if transaction.is_tried else []

    def give_up(self, transaction: Transaction) -> list[Effect]:
        """Answer that it failed, once the disk says that it will not be tried again."""
        client, number = transaction.id.client, transaction.id.number
        del self.open[client]
        record = ("given-up", client, number, transaction.why)
        outcome = Outcome(number, False, why=transaction.why)
        self.remember(record, outcome)
        return [records.append(DECISIONS, [record]), Probe("gave up"), Send(client, outcome)]

    def on_tick(self) -> list[Effect]:
        """Send again what was not answered; end attempts that take too long; begin those that are due."""
        effects: list[Effect] = []
        now_s = self.monotonic_time()
        for transaction in list(self.open.values()):
            if not transaction.is_tried:
                is_last = transaction.id.attempt >= self.settings.attempts
                effects += self.give_up(transaction) if is_last else self.attempt(transaction)
            elif now_s - transaction.since_s >= self.settings.patience_s:
                effects += self.fail(transaction, "a participant did not answer in time")
            elif now_s - transaction.asked_s >= self.settings.tick_s:
                effects += self.ask(transaction)
        for id in self.committed:
            effects += self.tell(id) if id in self.old else []
        self.old = frozenset(self.committed)
        return effects
