"""The databases: a primary with its disk, and a replica that pulls from it. Both work on one request at a time.

Rules:

1. Requests wait in a queue of bounded length; what does not fit is refused at once, so that what waits is answered
   while somebody still waits for the answer (Bronson et al., "Metastable failures in distributed systems", HotOS 2021,
   section 4: load shedding).
2. The primary carries a client's write out once: a late copy of an earlier one changes nothing.
3. The replica knows how far behind it may be (see ``chaoslab_protocols.freshness``), and beyond the lag it refuses.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from chaoslab.statemachine import Become, Context, Effect, Effects, Probe, Send, SetTimer
from chaoslab_protocols import records
from chaoslab_protocols.cache.messages import Pull, Read, ReadReply, Refused, Updates, Version, Write, WriteReply
from chaoslab_protocols.cache.settings import Layout, Settings
from chaoslab_protocols.freshness import Freshness

__all__ = ["PRIMARY", "REPLICA", "Database", "Primary", "Replica"]

PRIMARY = "primary"
REPLICA = "replica"

NOTHING = Version(0, None)


class Database:
    """What both have: versions, and a queue of requests.

    Probes: ``shed``: a request did not fit into the queue.

    Attributes:
        versions: The newest version of each key.
        last: The number of the last write that is here.
    """

    role = ""

    def __init__(self, context: Context, layout: Layout) -> None:
        self.settings: Settings = context.settings or Settings()
        self.layout = layout
        self.versions: dict[str | None, Version] = {}
        self.last = 0
        self.queue: deque[tuple[str, Any]] = deque()

    def start(self) -> Effects:
        return [Become(self.role)]

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, Read | Write):
            return None
        if len(self.queue) >= self.settings.queue:
            shed: list[Effect] = [Probe("shed")]  # a write is not refused: an earlier copy of it may be in the queue
            return [Send(sender, Refused(message.id)), *shed] if isinstance(message, Read) else shed
        self.queue.append((sender, message))
        return [SetTimer("serve", self.settings.service_s)] if len(self.queue) == 1 else None

    def timer(self, name: str) -> Effects:
        sender, message = self.queue.popleft()
        effects = self.serve(sender, message)
        return [*effects, SetTimer("serve", self.settings.service_s)] if self.queue else effects

    def serve(self, sender: str, message: Any) -> list[Effect]:
        """Carry a request out."""
        if not isinstance(message, Read):
            return []
        return [Send(sender, ReadReply(message.id, self.versions.get(message.key, NOTHING).value))]


class Primary(Database):
    """Takes writes. Probe: ``written``: a write is durable and nobody knows it yet."""

    role = PRIMARY
    JOURNAL = "journal"

    def __init__(self, context: Context, layout: Layout) -> None:
        super().__init__(context, layout)
        self.numbers: dict[str, int] = {}
        """The number of the last request of each client that was carried out."""
        self.kept = [record for record in records.read(context.files.get(self.JOURNAL, b"")) if record is not None]
        for key, value, client, number in self.kept:
            self.take(key, value, client, number)

    def take(self, key: str | None, value: Any, client: str, number: int) -> None:
        """Let a write take effect."""
        self.last += 1
        self.versions[key] = Version(self.last, value)
        self.numbers[client] = number

    def start(self) -> Effects:
        """Begin with a journal that ends in a whole record."""
        return [*(records.replace(self.JOURNAL, self.kept) if self.kept else ()), Become(self.role)]

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Pull):
            newer = tuple((key, one) for key, one in self.versions.items() if one.number > message.since)
            return [Send(sender, Updates(message.id, self.last, newer))]
        return super().message(sender, message)

    def serve(self, sender: str, message: Any) -> list[Effect]:
        if not isinstance(message, Write):
            return super().serve(sender, message)
        last = self.numbers.get(message.client, 0)
        if message.number < last:
            return []
        answer = Send(sender, WriteReply(message.id))
        if message.number == last:
            return [answer]
        self.take(message.key, message.value, message.client, message.number)
        record = (message.key, message.value, message.client, message.number)
        return [records.append(self.JOURNAL, [record]), Probe("written"), answer]


class Replica(Database):
    """Pulls what the primary has. Probe: ``too far behind``: it refused to answer.

    Attributes:
        freshness: How far behind the primary it may be.
    """

    role = REPLICA

    def __init__(self, context: Context, layout: Layout) -> None:
        super().__init__(context, layout)
        self.freshness = Freshness(context.monotonic_time, context.random.below(1 << 30) << 20)

    def start(self) -> Effects:
        return [Become(self.role), *self.pull()]

    def pull(self) -> list[Effect]:
        """Ask for what is new, several times within the lag."""
        again = SetTimer("pull", self.settings.lag_s / 5)
        return [Send(self.layout.primary, Pull(self.freshness.ask(), self.last)), again]

    def timer(self, name: str) -> Effects:
        return self.pull() if name == "pull" else super().timer(name)

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Updates):
            return self.on_updates(message)
        return super().message(sender, message)

    def on_updates(self, message: Updates) -> Effects:
        """Take over what is newer. Answers may overtake each other."""
        if not self.freshness.answered(message.id):
            return None
        for key, version in message.versions:
            if version.number > self.versions.get(key, NOTHING).number:
                self.versions[key] = version
        self.last = max(self.last, message.last)
        return None

    def serve(self, sender: str, message: Any) -> list[Effect]:
        if not self.is_near():
            return [Probe("too far behind"), Send(sender, Refused(message.id))]
        return super().serve(sender, message)

    def is_near(self) -> bool:
        """Return whether what is here is as new as the primary was within the lag."""
        return self.freshness.is_within(self.settings.lag_s)
