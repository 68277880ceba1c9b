"""The timestamp oracle: hands out timestamps in strictly increasing order, over restarts too (section 2.3).

Rules:

1. It allocates a block of timestamps by writing the highest of them to its disk, and hands out those of the block from
   memory.
2. When it starts it begins behind the highest that was ever allocated: some are skipped, none is handed out twice.
"""

from __future__ import annotations

from chaoslab.statemachine import Context, Effect, Probe, Send
from chaoslab_protocols import records
from chaoslab_protocols.percolator.messages import GetTimestamp, Timestamp
from chaoslab_protocols.percolator.settings import Settings
from chaoslab_protocols.two_phase_commit.journal import whole_records

__all__ = ["ALLOCATED", "TimestampOracle"]

ALLOCATED = "allocated"


class TimestampOracle:
    """One oracle.

    Probes: ``allocated``: a block is durable.

    Attributes:
        allocated: The highest timestamp that is allocated. Persistent.
        last: The highest that was handed out, or might have been.
        is_serving: Whether it may answer: not when its disk has lost what it answered for.
    """

    def __init__(self, context: Context, settings: Settings) -> None:
        self.settings = settings
        content = context.files.get(ALLOCATED, b"")
        written = whole_records(content)
        self.is_new = not content
        self.is_serving = written is not None
        self.allocated = max((int(record[0]) for record in written or ()), default=0)
        self.last = self.first_of_an_incarnation()

    def first_of_an_incarnation(self) -> int:
        """Return the timestamp behind which a new incarnation begins."""
        return self.allocated

    def start(self) -> list[Effect]:
        """Let the file end in a whole record."""
        return [] if self.is_new or not self.is_serving else records.replace(ALLOCATED, [(self.allocated,)])

    def on_get_timestamp(self, sender: str, message: GetTimestamp) -> list[Effect]:
        """Hand the next timestamp out, behind the record of its block."""
        effects: list[Effect] = []
        if self.last >= self.allocated:
            self.allocated = self.last + self.settings.block
            effects = [records.append(ALLOCATED, [(self.allocated,)]), Probe("allocated")]
        self.last += 1
        return [*effects, Send(sender, Timestamp(message.number, self.last))]
