"""A client of Percolator: drives its transactions, and cleans up after others (figures 4 and 6).

Rules:

1. A transaction reads at ``start_ts``, which it is given first, and buffers what it writes until it commits.
2. It prewrites its primary, then its secondaries. It is given ``commit_ts`` after all of them are locked.
3. It is committed when the write record of the primary is there, and not before. Its secondaries are told once, and
   nobody waits for that: whoever meets a lock that is left asks the primary, and rolls it forward.
4. One that finds a conflict is rolled back by its client, primary first, and tried again at another ``start_ts``.
5. Who meets a lock backs off while its owner may live. When the primary says what became of the transaction, the lock
   is rolled forward or back (``BackoffAndMaybeCleanupLock``).

A client that gives up is dead as far as others can tell: it leaves its locks behind. Until the commit of its primary
was asked for, its transaction cannot have happened, and that is what it says; after that nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import attrs

from chaoslab.statemachine import CancelTimer, Complete, Context, Effect, Effects, Invocation, Send, SetTimer
from chaoslab_protocols.percolator.messages import (
    Cleaned,
    Cleanup,
    Commit,
    Committed,
    Erase,
    Get,
    GetTimestamp,
    Lock,
    Locked,
    Prewrite,
    Prewritten,
    Timestamp,
    Value,
)
from chaoslab_protocols.percolator.placement import Placement
from chaoslab_protocols.percolator.settings import Settings
from chaoslab_protocols.two_phase_commit import operations
from chaoslab_protocols.two_phase_commit.operations import Performed

__all__ = ["Client", "Phase", "Transaction"]

Handler = Callable[[str, "Transaction", Any], Effects]


class Phase(Enum):
    """How far a transaction is: what its client waits for."""

    START_TS = "start_ts"
    READ = "read"
    PREWRITE_PRIMARY = "prewrite the primary"
    PREWRITE_SECONDARIES = "prewrite the secondaries"
    COMMIT_TS = "commit_ts"
    COMMIT_PRIMARY = "commit the primary"


@attrs.define(eq=False)
class Transaction:
    """One attempt.

    Attributes:
        phase: How far it is.
        start_ts: Its snapshot, and its name; 0 before the oracle has answered.
        commit_ts: When it is visible; 0 before the oracle has answered.
        values: What the rows hold that were read, at start_ts.
        performed: What came of the operation, once all is read.
        writes: Key to what is to be written. The first key is the primary.
        prewritten: The keys that are locked; a dict, for its order.
        met: The locks that are in the way of reading, by key.
    """

    phase: Phase = Phase.START_TS
    start_ts: int = 0
    commit_ts: int = 0
    values: dict[str, Any] = attrs.field(factory=dict)
    performed: Performed | None = None
    writes: dict[str, Any] = attrs.field(factory=dict)
    prewritten: dict[str, None] = attrs.field(factory=dict)
    met: dict[str, Lock] = attrs.field(factory=dict)

    @property
    def primary(self) -> str:
        """The row whose lock decides."""
        return next(iter(self.writes))


class Client:
    """One client, with one transaction at a time.

    Attributes:
        TRY_S: Seconds after which a call that was not answered is sent again.
        BACKOFF_S: Seconds, drawn from a range, after which it looks again at a lock, or tries an aborted transaction
            again.
        TIMEOUT_S: Seconds after which it gives up.
    """

    TRY_S = 0.1
    BACKOFF_S = (0.01, 0.04)
    TIMEOUT_S = 3.0

    def __init__(self, context: Context) -> None:
        self.settings: Settings = context.settings or Settings()
        self.placement = Placement(context.nodes)
        self.number = 0
        self.attempt = 0
        self.invocation: Invocation | None = None
        self.transaction: Transaction | None = None
        self.why = ""
        self.handlers: dict[type, Handler] = {
            Timestamp: self.on_timestamp,
            Value: self.on_value,
            Locked: self.on_locked,
            Cleaned: self.on_cleaned,
            Prewritten: self.on_prewritten,
            Committed: self.on_committed,
        }

    def start(self) -> Effects:
        return None

    def invoke(self, invocation: Invocation) -> Effects:
        refusal = operations.refusal(invocation)
        if refusal is not None:
            return [Complete("fail", error=refusal)]
        self.invocation = invocation
        self.attempt = 0
        return [SetTimer("timeout", self.TIMEOUT_S), *self.begin()]

    def begin(self) -> list[Effect]:
        """Begin an attempt."""
        self.attempt += 1
        self.transaction = Transaction()
        return self.enter(Phase.START_TS)

    def message(self, sender: str, message: Any) -> Effects:
        handler = self.handlers.get(message.__class__)
        if self.invocation is None or self.transaction is None or handler is None:
            return None
        return handler(sender, self.transaction, message)

    def timer(self, name: str) -> Effects:
        if self.invocation is None:
            return None
        if name == "timeout":
            return self.give_up()
        if self.transaction is None:
            return self.begin()
        return [*self.ask(self.transaction), SetTimer("try", self.TRY_S)]

    # Calls

    def enter(self, phase: Phase) -> list[Effect]:
        """Begin a phase of the attempt."""
        assert self.transaction is not None
        self.transaction.phase = phase
        if phase in (Phase.START_TS, Phase.COMMIT_TS):
            self.number += 1
        return [*self.ask(self.transaction), SetTimer("try", self.TRY_S)]

    def ask(self, transaction: Transaction) -> list[Effect]:
        """Make the calls of the phase that are not answered."""
        phase, start_ts = transaction.phase, transaction.start_ts
        if phase in (Phase.START_TS, Phase.COMMIT_TS):
            return [Send(self.placement.oracle, GetTimestamp(self.number))]
        if phase is Phase.READ:
            return [self.call(Get(start_ts, key)) for key in self.keys() if key not in transaction.values]
        primary = transaction.primary
        if phase is Phase.COMMIT_PRIMARY:
            return [self.call(Commit(start_ts, primary, transaction.commit_ts))]
        keys = [primary] if phase is Phase.PREWRITE_PRIMARY else list(transaction.writes)
        waiting = [key for key in keys if key not in transaction.prewritten]
        return [self.call(Prewrite(start_ts, key, transaction.writes[key], primary)) for key in waiting]

    def call(self, message: Get | Prewrite | Commit | Cleanup | Erase) -> Send:
        """Send a call to the shard that keeps its row."""
        return Send(self.placement.shard_of(message.key), message)

    def keys(self) -> list[str]:
        """Return the rows that the transaction reads: all that it is about, as an append keeps what is there."""
        assert self.invocation is not None
        return list(operations.needs(self.invocation))

    def on_timestamp(self, sender: str, transaction: Transaction, message: Timestamp) -> Effects:
        """The oracle has answered: take the snapshot, or commit."""
        if message.number != self.number:
            return None  # an answer to an earlier call, or a second one
        if transaction.phase is Phase.START_TS:
            transaction.start_ts = message.timestamp
            return self.enter(Phase.READ)
        if transaction.phase is Phase.COMMIT_TS:
            transaction.commit_ts = message.timestamp
            return self.enter(Phase.COMMIT_PRIMARY)
        return None

    # Reading

    def on_value(self, sender: str, transaction: Transaction, message: Value) -> Effects:
        """When all is read, do the work; what only reads has then ended."""
        if transaction.phase is not Phase.READ or message.start_ts != transaction.start_ts:
            return None
        transaction.values[message.key] = message.value
        transaction.met.pop(message.key, None)
        if len(transaction.values) < len(self.keys()):
            return None
        assert self.invocation is not None
        transaction.performed = operations.perform(self.invocation, transaction.values, self.settings.balance)
        transaction.writes = dict(transaction.performed.writes)
        return self.enter(Phase.PREWRITE_PRIMARY) if transaction.writes else self.succeed(sender, transaction)

    def on_locked(self, sender: str, transaction: Transaction, message: Locked) -> Effects:
        """BackoffAndMaybeCleanupLock: ask the primary what became of the lock's owner, and look again after a while."""
        if transaction.phase is not Phase.READ or message.start_ts != transaction.start_ts:
            return None
        transaction.met[message.key] = message.lock
        return [self.judge(message.key, message.lock), SetTimer("try", self.BACKOFF_S)]

    def judge(self, key: str, lock: Lock) -> Send:
        """Ask what became of the owner of *lock*, which is on the row *key*: its primary knows."""
        return self.call(Cleanup(lock.start_ts, lock.primary))

    def on_cleaned(self, sender: str, transaction: Transaction, message: Cleaned) -> Effects:
        """What became of a transaction is known: roll its locks forward or back, and read again what they hid."""
        if message.outcome == "alive":
            return None
        effects: list[Effect] = []
        for key, lock in list(transaction.met.items()):
            if lock.start_ts == message.start_ts:
                del transaction.met[key]
                effects += self.clean(key, message)
        return effects

    def clean(self, key: str, message: Cleaned) -> list[Effect]:
        """Roll the lock on *key* forward or back, and read the row again, which comes behind it."""
        assert self.transaction is not None
        again = self.call(Get(self.transaction.start_ts, key))
        if message.outcome == "committed":
            return [self.call(Commit(message.start_ts, key, message.commit_ts)), again]
        return [self.call(Erase(message.start_ts, key)), again]

    # Committing

    def on_prewritten(self, sender: str, transaction: Transaction, message: Prewritten) -> Effects:
        """Go on when all that was asked for is locked; abort at the first refusal."""
        is_asked = transaction.phase in (Phase.PREWRITE_PRIMARY, Phase.PREWRITE_SECONDARIES)
        if not is_asked or message.start_ts != transaction.start_ts:
            return None
        if message.why_not is not None:
            return self.abort(transaction, f"{sender} refused {message.key}: {message.why_not}")
        transaction.prewritten[message.key] = None
        if len(transaction.prewritten) == len(transaction.writes):
            return self.enter(Phase.COMMIT_TS)
        if transaction.phase is Phase.PREWRITE_PRIMARY:
            return self.enter(Phase.PREWRITE_SECONDARIES)
        return None

    def on_committed(self, sender: str, transaction: Transaction, message: Committed) -> Effects:
        """The primary has decided: tell the client and the secondaries, or begin anew."""
        if (
            transaction.phase is not Phase.COMMIT_PRIMARY
            or message.start_ts != transaction.start_ts
            or message.key != transaction.primary
        ):
            return None
        if not message.is_committed:
            return self.abort(transaction, f"{sender} has no lock of it any more: its owner was taken for dead")
        secondaries = [key for key in transaction.writes if key != transaction.primary]
        told = [self.call(Commit(transaction.start_ts, key, transaction.commit_ts)) for key in secondaries]
        return [*told, *self.succeed(sender, transaction)]

    # Ends

    def abort(self, transaction: Transaction, why: str) -> list[Effect]:
        """Roll this attempt back, and try again, if there is to be another one."""
        asked = list(transaction.writes) if transaction.phase is not Phase.PREWRITE_PRIMARY else [transaction.primary]
        erased: list[Effect] = [self.call(Erase(transaction.start_ts, key)) for key in asked]
        self.transaction = None
        if self.attempt >= self.settings.attempts:
            return [*erased, *self.end(Complete("fail", error=why))]
        return [*erased, SetTimer("try", self.BACKOFF_S)]

    def succeed(self, sender: str, transaction: Transaction) -> list[Effect]:
        """The transaction is committed."""
        assert transaction.performed is not None
        return self.end(Complete("ok", transaction.performed.value, transaction.performed.result, node=sender))

    def give_up(self) -> list[Effect]:
        """Too much time has passed: leave everything as it is."""
        transaction = self.transaction
        if transaction is not None and transaction.phase is Phase.COMMIT_PRIMARY:
            return self.end(Complete("info", error="the shard of its primary did not say whether it committed"))
        return self.end(Complete("fail", error="the commit of its primary was not asked for in time"))

    def end(self, completion: Complete) -> list[Effect]:
        """The operation has ended."""
        self.invocation = self.transaction = None
        return [CancelTimer("try"), CancelTimer("timeout"), completion]
