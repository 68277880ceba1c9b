"""A participant: keeps the versions of each key, with the timestamps at which they were committed.

Rules (Corbett et al. 2012, sections 4.1 and 4.2):

1. A prepare timestamp is later than any timestamp that this participant has given out or has served a read at.
2. All locks, of reads too, are kept until the commit is told, which is after commit wait. So whoever writes next what a
   transaction has read commits at a later timestamp.
3. A snapshot is read at a timestamp that is safe: no write can still come at or before it. One that is prepared at or
   before it may, and is waited for.
4. What reads a participant has served is forgotten in a crash. After one it takes it that they were of the latest
   timestamp that any clock can have shown, which is two epsilon after the end of its own interval.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from chaoslab.statemachine import Context, Effect, Probe, Send
from chaoslab_protocols.records import Record
from chaoslab_protocols.spanner.messages import CommitAt, Snapshot, SnapshotRead, VoteAt
from chaoslab_protocols.spanner.settings import Settings
from chaoslab_protocols.spanner.true_time import TrueTime
from chaoslab_protocols.two_phase_commit.journal import value_read
from chaoslab_protocols.two_phase_commit.messages import Commit, Prepare, TransactionId
from chaoslab_protocols.two_phase_commit.participant import Part, Participant

__all__ = ["SnapshotParticipant"]


class SnapshotParticipant(Participant):
    """A participant whose past can be read.

    Probes: those of ``Participant``; ``snapshot``: a read was served; ``unsafe``: one waits for a prepared write.

    Attributes:
        VERSIONS_MAX: How many versions of a key are kept; reads are of the present, so few are enough.
        true_time: Its clock.
        versions: Key to (timestamp, value), committed, in the order of timestamps. Persistent.
        prepared_at: The prepare timestamp of each transaction that is prepared. Persistent.
        floor: No later prepare timestamp is at or before this one.
        parked: Reads that wait until their timestamp is safe, by who asked and the client they are for.
    """

    VERSIONS_MAX = 100

    def __init__(self, context: Context, settings: Settings) -> None:
        self.true_time = TrueTime(context.wall_time, settings.epsilon_us)
        self.versions: dict[str, list[tuple[int, Any]]] = {}
        self.prepared_at: dict[TransactionId, int] = {}
        self.floor = 0
        self.parked: dict[tuple[str, str], SnapshotRead] = {}
        super().__init__(context, settings)
        if not self.is_new:
            self.floor = max(self.floor, self.true_time.now().latest + 2 * settings.epsilon_us)

    # The disk

    def replay(self, record: Record) -> None:
        if record[0] == "version":
            _, key, timestamp, value = record
            self.add_version(key, timestamp, value_read(value))
        else:
            super().replay(record)

    def replay_prepare(self, transaction: TransactionId, rest: Any) -> None:
        super().replay_prepare(transaction, rest)
        timestamp, needs = rest[3:]
        part = self.parts[transaction]
        part.needs = tuple((key, exclusive) for key, exclusive in needs)
        self.locks.acquire(transaction, part.needs)
        self.prepared_at[transaction] = timestamp
        self.floor = max(self.floor, timestamp)

    def written(self) -> list[Record]:
        versions: list[Record] = [
            ("version", key, timestamp, value) for key, kept in self.versions.items() for timestamp, value in kept
        ]
        return [*versions, *(record for record in super().written() if record[0] != "value")]

    def prepare_record(self, part: Part) -> Record:
        return (*super().prepare_record(part), self.prepared_at[part.transaction], part.needs)

    # Transactions that write

    def has_second_phase(self, message: Prepare) -> bool:
        """What was only read stays locked until the commit, too."""
        return True

    def save_prepared(self, part: Part) -> list[Effect]:
        self.floor = self.prepared_at[part.transaction] = max(self.true_time.now().latest, self.floor + 1)
        return super().save_prepared(part)

    def vote(self, part: Part) -> Send:
        return Send(part.coordinator, VoteAt(part.transaction, True, self.prepared_at[part.transaction]))

    def unlock_reads(self, part: Part) -> list[Effect]:
        return []

    def facts(self, message: Commit) -> tuple[Any, ...]:
        assert isinstance(message, CommitAt)
        return (message.timestamp,)

    def apply(self, part: Part, facts: Any) -> None:
        """Let the writes of *part* be the versions from its commit timestamp on."""
        (timestamp,) = facts
        for key, value in part.writes or ():
            self.add_version(key, timestamp, value)
        self.floor = max(self.floor, timestamp)

    def add_version(self, key: str, timestamp: int, value: Any) -> None:
        """*key* holds *value* from *timestamp* on."""
        kept = self.versions.setdefault(key, [])
        kept.append((timestamp, value))
        kept.sort(key=lambda version: version[0])
        del kept[: -self.VERSIONS_MAX]
        self.values[key] = value
        self.floor = max(self.floor, timestamp)

    def end(self, transaction: TransactionId) -> None:
        super().end(transaction)
        self.prepared_at.pop(transaction, None)

    # Snapshots

    def on_snapshot_read(self, sender: str, message: SnapshotRead) -> list[Effect]:
        """Tell what the keys held at the timestamp, once that is safe."""
        self.floor = max(self.floor, message.timestamp)
        if self.is_safe(message):
            self.parked.pop((sender, message.client), None)
            values = tuple((key, self.value_at(key, message.timestamp)) for key in message.keys)
            answer = Snapshot(message.client, message.number, message.timestamp, values)
            return [Probe("snapshot"), Send(sender, answer)]
        self.parked[sender, message.client] = message
        return [Probe("unsafe")]

    def is_safe(self, message: SnapshotRead) -> bool:
        """Whether nothing that is prepared may still commit at or before the timestamp (section 4.1.3)."""
        return not any(
            timestamp <= message.timestamp and any(key in message.keys for key, _ in self.parts[prepared].writes or ())
            for prepared, timestamp in self.prepared_at.items()
        )

    def value_at(self, key: str, timestamp: int) -> Any:
        """Return what *key* held at *timestamp*: the latest version that is not after it."""
        kept = self.versions.get(key, [])
        position = bisect_right(kept, timestamp, key=lambda version: version[0])
        return kept[position - 1][1] if position else None

    def wake(self) -> list[Effect]:
        """Transactions have ended: let those that wait for locks, and reads, try again."""
        effects = super().wake()
        for (sender, _), message in list(self.parked.items()):
            if self.is_safe(message):
                effects += self.on_snapshot_read(sender, message)
        return effects
