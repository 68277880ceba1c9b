"""What a log store keeps: topics, each a log of entries with a consumer, and what each client was answered last.

A topic is a log of entries, numbered from 0 by their *offsets*, and a queue at the same time: its consumer takes the
entry at its own offset and moves on by one. Entries that the consumer has passed are not needed any more.

Commands are carried out exactly once: the answer to a client's last command is kept with the effect of that command,
so that a client that asks again is answered and nothing happens twice (Birrell & Nelson 1984, "Implementing remote
procedure calls", section 3.3). This file knows no disk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import attrs

from chaoslab.statemachine import Invocation

__all__ = ["COMMANDS", "READS", "Command", "Topic", "Topics"]

COMMANDS = ("append", "enqueue", "dequeue")
"""The operations that change something: these are logged."""

READS = ("read",)


@attrs.frozen
class Command:
    """What a client asks for; *number* is the client's own, and counts up."""

    client: str
    number: int
    operation: Invocation


@attrs.define
class Topic:
    """One topic.

    Attributes:
        consumed: The consumer's offset: how many entries it has taken.
        entries: The entries from there on, each with the number of the segment in which it stands.
    """

    consumed: int = 0
    entries: deque[tuple[int, Any]] = attrs.field(factory=deque)

    @property
    def end(self) -> int:
        """The offset of the next entry."""
        return self.consumed + len(self.entries)


class Topics:
    """All topics of a node, and the sessions of its clients.

    Attributes:
        topics: The topics by name.
        sessions: For each client the number of its last command and the answer.
    """

    def __init__(self) -> None:
        self.topics: dict[str, Topic] = {}
        self.sessions: dict[str, tuple[int, Any]] = {}

    def last(self, client: str) -> int:
        """Return the number of the last command of *client* that was carried out."""
        number, _ = self.sessions.get(client, (0, None))
        return number

    def apply(self, command: Command, segment: int) -> Any:
        """Carry *command* out, and keep its answer with the effect; return the answer.

        Args:
            command: What to do. It stands in the log, and only once.
            segment: The number of the segment in which it stands.
        """
        answer = self.carry_out(command.operation, segment)
        self.remember(command, answer)
        return answer

    def remember(self, command: Command, answer: Any) -> None:
        """Keep the *answer* to *command*, in case it is asked for again."""
        self.sessions[command.client] = (command.number, answer)

    def answered(self, client: str) -> Any:
        """Return what was answered to the last command of *client*."""
        return self.sessions[client][1]

    def carry_out(self, operation: Invocation, segment: int) -> Any:
        """Carry *operation* out and return its answer: an offset, or the entry that was taken."""
        topic = self.topics.setdefault(operation.key, Topic())
        if operation.f == "dequeue":
            if not topic.entries:
                return None
            topic.consumed += 1
            return topic.entries.popleft()[1]
        offset = topic.end
        topic.entries.append((segment, operation.value))
        return offset

    def read(self, key: str) -> tuple[Any, ...]:
        """Return the entries of the topic *key* that its consumer has not taken."""
        topic = self.topics.get(key, Topic())
        return tuple(value for _, value in topic.entries)

    # Checkpoints: what a segment begins with

    def oldest(self, newest: int) -> int:
        """Return the number of the oldest segment with an entry that is needed; *newest* if none is."""
        return min((topic.entries[0][0] for topic in self.topics.values() if topic.entries), default=newest)

    def checkpoint(self) -> list[Any]:
        """Return everything but the entries, as JSON can hold it."""
        topics = [[key, topic.consumed, topic.end] for key, topic in self.topics.items()]
        return [topics, [[client, *session] for client, session in self.sessions.items()]]

    @classmethod
    def restored(
        cls, first: Sequence[Any], older: Iterable[tuple[int, Command]], newest: Sequence[Any]
    ) -> Topics | None:
        """Return the topics as they were at a checkpoint, None if entries are missing.

        Args:
            first: The checkpoint of the oldest segment that is needed.
            older: The commands since then, each with the number of its segment.
            newest: The checkpoint.
        """
        restored = cls()
        consumed, sessions = newest
        restored.sessions = {client: (number, answer) for client, number, answer in sessions}
        restored.topics = {key: Topic(offset) for key, offset, _ in consumed}
        ends = {key: end for key, _, end in first[0]}
        for segment, command in older:
            key = command.operation.key
            if command.operation.f != "dequeue":
                ends[key] = ends.get(key, 0) + 1
                if ends[key] > restored.topics[key].consumed:
                    restored.topics[key].entries.append((segment, command.operation.value))
        return restored if all(restored.topics[key].end == end for key, _, end in consumed) else None
