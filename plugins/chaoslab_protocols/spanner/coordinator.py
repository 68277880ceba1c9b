"""A coordinator: gives transactions their timestamps, waits them out, and reads snapshots.

Rules (Corbett et al. 2012, section 4.1.2 and 4.2):

1. Start: a commit timestamp is no less than ``TT.now().latest`` when all have voted, and than every prepare timestamp.
2. Commit wait: nobody hears of a commit before its timestamp has definitely passed. So a transaction that begins after
   another one has ended has a later timestamp, whatever the clocks show.
3. A transaction that only reads takes no locks: it reads everywhere at one timestamp, ``TT.now().latest``, which is no
   less than that of any transaction that has ended.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from chaoslab.statemachine import Context, Effect, Invocation, Probe, Send, SetTimer
from chaoslab_protocols.spanner.messages import CommitAt, Snapshot, SnapshotRead, VoteAt
from chaoslab_protocols.spanner.settings import Settings
from chaoslab_protocols.spanner.true_time import TrueTime
from chaoslab_protocols.two_phase_commit import operations
from chaoslab_protocols.two_phase_commit.coordinator import Coordinator, Transaction
from chaoslab_protocols.two_phase_commit.messages import Begin, Commit, Inquire, Outcome, TransactionId, Vote

__all__ = ["Reading", "SpannerCoordinator"]


@attrs.define(eq=False)
class Reading:
    """A snapshot that is being read for a client.

    Attributes:
        number: The client's number for it.
        operation: What it asked for.
        asked: Participant to what it was asked, of those that have not answered.
        values: What the others have answered.
    """

    number: int
    operation: Invocation
    asked: dict[str, SnapshotRead]
    values: dict[str, Any] = attrs.field(factory=dict)


class SpannerCoordinator(Coordinator):
    """A coordinator that gives timestamps.

    Probes: those of ``Coordinator``; ``waited out``: a commit timestamp has passed, and nobody knows.

    Attributes:
        true_time: Its clock.
        prepared: The latest prepare timestamp that came with the votes for a transaction.
        waiting: Transactions in commit wait, with the outcome to be told.
        readings: For each client the snapshot that is being read for it.
    """

    def __init__(self, context: Context, settings: Settings, shard_of: Callable[[str], str]) -> None:
        self.true_time = TrueTime(context.wall_time, settings.epsilon_us)
        self.prepared: dict[TransactionId, int] = {}
        self.waiting: dict[TransactionId, Outcome] = {}
        self.readings: dict[str, Reading] = {}
        super().__init__(context, settings, shard_of)

    # Timestamps

    def note_vote(self, transaction: Transaction, message: Vote) -> None:
        """Remember the latest prepare timestamp."""
        assert isinstance(message, VoteAt)
        self.prepared[transaction.id] = max(self.prepared.get(transaction.id, 0), message.timestamp)

    def fail(self, transaction: Transaction, why: str) -> list[Effect]:
        self.prepared.pop(transaction.id, None)
        return super().fail(transaction, why)

    def told(self, transaction: Transaction) -> list[str]:
        """All participants keep their locks until they hear of the commit."""
        return list(transaction.needs)

    def decided_facts(self, transaction: Transaction) -> tuple[Any, ...]:
        return (self.commit_timestamp(self.prepared.pop(transaction.id)),)

    def commit_timestamp(self, prepared: int) -> int:
        """Return the timestamp of a transaction whose latest prepare timestamp is *prepared*."""
        return max(self.true_time.now().latest, prepared)

    def commit_message(self, transaction: TransactionId, facts: tuple[Any, ...]) -> Commit:
        return CommitAt(transaction, facts[0])

    def facts_of(self, transaction: TransactionId) -> tuple[Any, ...]:
        return (self.timestamp_of(transaction),)

    def timestamp_of(self, transaction: TransactionId) -> int:
        """Return the commit timestamp of a transaction that not all have acknowledged."""
        message = self.messages[transaction]
        assert isinstance(message, CommitAt)
        return message.timestamp

    # Commit wait

    def is_past(self, timestamp: int) -> bool:
        """Whether what was committed at *timestamp* may be told."""
        return self.true_time.after(timestamp)

    def announce(self, id: TransactionId, outcome: Outcome) -> list[Effect]:
        """Tell nobody before the timestamp has passed."""
        self.waiting[id] = outcome
        return self.on_commit_wait()

    def on_commit_wait(self) -> list[Effect]:
        """Tell what has been waited out, and wait on for the rest."""
        effects: list[Effect] = []
        for id, outcome in list(self.waiting.items()):
            if self.is_past(self.timestamp_of(id)):
                del self.waiting[id]
                effects += [Probe("waited out"), *super().announce(id, outcome)]
        if self.waiting:
            first = min(map(self.timestamp_of, self.waiting))
            effects.append(SetTimer("commit wait", self.true_time.seconds_until(first)))
        return effects

    def tell(self, id: TransactionId) -> list[Effect]:
        may_be_told = id not in self.waiting and self.is_past(self.timestamp_of(id))
        return super().tell(id) if may_be_told else []

    def on_inquire(self, sender: str, message: Inquire) -> list[Effect]:
        id = message.transaction
        return [] if id in self.committed and not self.tell(id) else super().on_inquire(sender, message)

    def answer_again(self, client: str, outcome: Outcome) -> list[Effect]:
        kind, *_, timestamp = self.last_records[client]
        return super().answer_again(client, outcome) if kind != "commit" or self.is_past(timestamp) else []

    # Transactions that only read

    def begin(self, client: str, message: Begin) -> list[Effect]:
        if not operations.is_read_only(message.operation):
            self.readings.pop(client, None)
            return super().begin(client, message)
        reading = self.readings.get(client)
        if reading is not None and message.number <= reading.number:
            return []
        timestamp = self.read_timestamp()
        keys: dict[str, tuple[str, ...]] = {}
        for key in operations.needs(message.operation):
            shard = self.shard_of(key)
            keys[shard] = (*keys.get(shard, ()), key)
        asked = {shard: SnapshotRead(client, message.number, timestamp, some) for shard, some in keys.items()}
        self.readings[client] = Reading(message.number, message.operation, asked)
        return self.ask_for_snapshot(self.readings[client])

    def read_timestamp(self) -> int:
        """Return the timestamp at which to read: no transaction that has ended is later (section 4.1.4)."""
        return self.true_time.now().latest

    def ask_for_snapshot(self, reading: Reading) -> list[Effect]:
        """Ask the participants that have not answered."""
        return [Send(shard, message) for shard, message in reading.asked.items()]

    def on_snapshot(self, sender: str, message: Snapshot) -> list[Effect]:
        """When all have answered, answer the client.

        What was read at another timestamp is of another snapshot: of one that was begun for the same request before a
        crash, and answered late.
        """
        reading = self.readings.get(message.client)
        if reading is None or sender not in reading.asked:
            return []
        if (reading.number, reading.asked[sender].timestamp) != (message.number, message.timestamp):
            return []
        del reading.asked[sender]
        reading.values.update(message.values)
        if reading.asked:
            return []
        # The reading stays until its client goes on, so that a request that is repeated late is not begun again.
        performed = operations.perform(reading.operation, reading.values, self.settings.balance)
        return [Send(message.client, Outcome(message.number, True, performed.value))]

    def on_tick(self) -> list[Effect]:
        effects = super().on_tick()
        for reading in self.readings.values():
            effects += self.ask_for_snapshot(reading)
        return effects
