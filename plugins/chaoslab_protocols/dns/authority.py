"""The servers with authority: the root, the primary with the zone on its disk, and the secondary with a copy of it.

Rules:

1. A record names the plan that it was set by, and says what that plan says. The primary sets it only by a newer plan
   than that: it compares when it sets, as nothing that anybody saw before is true by then.
2. So a plan older than the one that is current for its name is needed by nobody, and may be deleted.
3. Each change raises the zone's serial. The secondary asks for the zone when it is told of a change, and now and then.
   It knows how far behind it may be, and when that is too far its zone has expired.
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Become, Context, Effect, Effects, Persist, Probe, Send, SetTimer
from chaoslab_protocols import records
from chaoslab_protocols.dns.messages import (
    Answer,
    Cleanup,
    Current,
    Enact,
    Enacted,
    Inspect,
    Notify,
    Plan,
    Query,
    Record,
    Referral,
    Refused,
    Transfer,
    Zone,
)
from chaoslab_protocols.dns.settings import Layout, Settings
from chaoslab_protocols.freshness import Freshness

__all__ = ["PRIMARY", "ROOT", "SECONDARY", "Primary", "Root", "Secondary"]

ROOT = "root"
PRIMARY = "primary"
SECONDARY = "secondary"

EMPTY = Record(0, None)


class Root:
    """Knows who has authority over the zone."""

    def __init__(self, context: Context, layout: Layout) -> None:
        self.servers = (layout.primary, layout.secondary)

    def start(self) -> Effects:
        return [Become(ROOT)]

    def message(self, sender: str, message: Any) -> Effects:
        return [Send(sender, Referral(message.id, self.servers))] if isinstance(message, Query) else None

    def timer(self, name: str) -> Effects:
        return None


class Primary:
    """The server at which the zone is changed.

    Probes: ``enacted``: a record was set, and nobody knows it yet; ``outdated plan``: a plan came too late.

    Attributes:
        records: The zone.
        serial: How often it was changed.
    """

    JOURNAL = "journal"

    def __init__(self, context: Context, layout: Layout) -> None:
        self.layout = layout
        self.records: dict[str | None, Record] = {}
        self.serial = 0
        self.kept = [line for line in records.read(context.files.get(self.JOURNAL, b"")) if line is not None]
        for name, version, value in self.kept:
            self.set(name, Record(version, value))

    def start(self) -> Effects:
        """Begin with a journal that ends in a whole record."""
        return [*(records.replace(self.JOURNAL, self.kept) if self.kept else ()), Become(PRIMARY)]

    def timer(self, name: str) -> Effects:
        return None

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Query):
            return [Send(sender, Answer(message.id, self.record(message.name).value))]
        if isinstance(message, Transfer):
            changed = tuple(self.records.items()) if message.serial < self.serial else None
            return [Send(sender, Zone(message.id, self.serial, changed))]
        if isinstance(message, Inspect):
            return [Send(sender, Current(message.name, self.record(message.name).version))]
        if isinstance(message, Enact):
            return self.on_enact(sender, message.plan)
        if isinstance(message, Cleanup):
            return self.on_cleanup(message)
        return None

    def record(self, name: str | None) -> Record:
        """Return the record of *name*."""
        return self.records.get(name, EMPTY)

    def on_enact(self, sender: str, plan: Plan) -> Effects:
        """Set the record as *plan* says, unless a newer one has."""
        if not self.is_news(plan):
            return [Probe("outdated plan"), Send(sender, Enacted(plan.name, self.record(plan.name).version))]
        changed = self.change(plan.name, Record(plan.version, plan.value))
        return [*changed, Probe("enacted"), Send(sender, Enacted(plan.name, plan.version))]

    def is_news(self, plan: Plan) -> bool:
        """Return whether *plan* is newer than the one that is current."""
        return plan.version > self.record(plan.name).version

    def on_cleanup(self, message: Cleanup) -> Effects:
        """Delete the plans before that of the cleanup: a record that one of them has set would be empty."""
        current = self.record(message.name)
        if current.version >= message.version or current.value is None:
            return None
        return [*self.change(message.name, Record(current.version, None)), Probe("record emptied")]

    def change(self, name: str | None, record: Record) -> list[Effect]:
        """Return the effects that change a record: on the disk, then the secondary is told."""
        self.set(name, record)
        saved: Persist = records.append(self.JOURNAL, [(name, record.version, record.value)])
        return [saved, Send(self.layout.secondary, Notify())]

    def set(self, name: str | None, record: Record) -> None:
        self.records[name] = record
        self.serial += 1


class Secondary:
    """A server with a copy of the zone, in memory. Probes: ``transferred``: a newer zone; ``expired``: it refused.

    Attributes:
        freshness: How far behind the primary it may be.
    """

    def __init__(self, context: Context, layout: Layout) -> None:
        self.settings: Settings = context.settings or Settings()
        self.layout = layout
        self.records: dict[str | None, Record] = {}
        self.serial = 0
        self.freshness = Freshness(context.monotonic_time, context.random.below(1 << 30) << 20)

    def start(self) -> Effects:
        return [Become(SECONDARY), *self.refresh()]

    def refresh(self) -> list[Effect]:
        """Ask for the zone, several times before it expires."""
        question = Transfer(self.freshness.ask(), self.serial)
        return [Send(self.layout.primary, question), SetTimer("refresh", self.settings.expire_s / 5)]

    def timer(self, name: str) -> Effects:
        return self.refresh()

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Query):
            return self.on_query(sender, message)
        if isinstance(message, Notify):
            return self.refresh()
        if isinstance(message, Zone):
            return self.on_zone(message)
        return None

    def on_query(self, sender: str, message: Query) -> Effects:
        if not self.freshness.is_within(self.settings.expire_s):
            return [Probe("expired"), Send(sender, Refused(message.id))]
        return [Send(sender, Answer(message.id, self.records.get(message.name, EMPTY).value))]

    def on_zone(self, message: Zone) -> Effects:
        """Take over a zone with a higher serial. Answers may overtake each other."""
        if not self.freshness.answered(message.id) or message.records is None or message.serial <= self.serial:
            return None
        self.serial = message.serial
        self.records = dict(message.records)
        return [Probe("transferred")]
