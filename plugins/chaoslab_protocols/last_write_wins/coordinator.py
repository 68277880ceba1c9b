"""A node of a last-write-wins store: a replica that also coordinates what clients ask it.

A write is stamped with the coordinator's wall clock and sent to every replica; a read asks every replica and returns
the newest cell. The client is answered when as many replicas have answered as the setting ``consistency`` asks for. A
read at more than one replica first brings the newest cell to that many ("blocking read repair"), as otherwise the next
read could miss it.

A replica that has not acknowledged a write in time is left a hint: the coordinator sends it the cell again until it
does (hinted handoff). A hint counts for nothing. Hints are kept in memory: the cell itself is on the coordinator's
disk, and what a crash forgets anti-entropy finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from chaoslab.statemachine import CancelTimer, Context, Effect, Effects, Probe, Request, Send, SetTimer, reply
from chaoslab_protocols import store
from chaoslab_protocols.last_write_wins.messages import (
    Cell,
    Mutation,
    MutationReply,
    ReadReply,
    ReadRequest,
    Timestamp,
)
from chaoslab_protocols.last_write_wins.replica import NOTHING, Replica

__all__ = ["Coordinator", "Operation"]


@attrs.define
class Operation:
    """An operation under way.

    Attributes:
        client: Who asked.
        request: What for.
        reads: Whether it is a read that still asks replicas for their cells.
        newest: The newest cell seen, or the one to write.
        have: The replicas that have ``newest``; while it reads, those that have answered, each with its timestamp.
    """

    client: str
    request: Request
    reads: bool
    newest: Cell = NOTHING
    have: dict[str, Timestamp] = attrs.field(factory=dict)


class Coordinator(Replica):
    """A node.

    Probes: ``hinted``: a replica did not acknowledge in time; ``read-repair``: replicas of a read did not agree.

    Attributes:
        WAIT_S: Seconds after which replicas that have not acknowledged are left a hint, and the client no answer.
    """

    WAIT_S = 0.4

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.wall_time = context.wall_time
        self.needed = self.settings.needed(len(context.nodes))
        self.last_id = (
            context.random.below(1 << 30) << 20
        )  # so that answers to what it asked before a crash fit nothing
        self.last_microseconds = max((cell.timestamp[0] for cell in self.cells.values()), default=0)
        self.operations: dict[int, Operation] = {}
        self.hints: dict[str, dict[str | None, Timestamp]] = {peer: {} for peer in self.peers}

    def start(self) -> Effects:
        return [*(super().start() or ()), SetTimer("hints", self.settings.hints_s)]

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Request):
            return self.on_request(sender, message)
        if isinstance(message, MutationReply):
            return self.on_mutation_reply(sender, message)
        if isinstance(message, ReadReply):
            return self.on_read_reply(sender, message)
        return super().message(sender, message)

    def timer(self, name: str) -> Effects:
        if name == "hints":
            return [*self.hand_over(), SetTimer("hints", self.settings.hints_s)]
        if name == "anti-entropy":
            return super().timer(name)
        return self.give_up(int(name.removeprefix("operation ")))

    # What clients ask

    def on_request(self, sender: str, request: Request) -> Effects:
        f, key = request.body.f, request.body.key
        if f not in (*store.READS, "write", "put"):
            return [reply(sender, request, error=f"a last-write-wins store does not know {f!r}")]
        if request.id <= self.latest.get(sender, 0):
            return None  # it came twice; stamped once more, it would win against what was written since
        self.latest[sender] = request.id
        self.last_id += 1
        operation = Operation(sender, request, reads=f in store.READS)
        self.operations[self.last_id] = operation
        wait = SetTimer(f"operation {self.last_id}", self.WAIT_S)
        if operation.reads:
            asked = [Send(peer, ReadRequest(self.last_id, key)) for peer in self.peers]
            return [wait, *asked, *self.on_read(self.last_id, self.name, self.cell(key))]
        operation.newest = Cell(self.now(), request.body.value)
        return [wait, *self.write(self.last_id, self.peers, own=True)]

    def now(self) -> Timestamp:
        """Return the timestamp of a write: what the wall clock says, but never the same again."""
        self.last_microseconds = max(int(self.wall_time() * 1_000_000), self.last_microseconds + 1)
        return self.last_microseconds, self.name

    def write(self, id: int, replicas: Sequence[str], *, own: bool) -> list[Effect]:
        """Send the newest cell of operation *id* to *replicas*, and, with *own*, store it here."""
        operation = self.operations[id]
        key = operation.request.body.key
        sent = [Send(replica, Mutation(id, key, operation.newest)) for replica in replicas]
        if not own:
            return [*sent]
        return [*sent, *self.store(key, operation.newest), *self.have(id, self.name)]

    def have(self, id: int, replica: str) -> list[Effect]:
        """Take notice that *replica* has what operation *id* writes; answer the client when enough of them have."""
        operation = self.operations[id]
        operation.have[replica] = operation.newest.timestamp
        if len(operation.have) == self.needed:
            return self.answer(operation)
        return []

    def answer(self, operation: Operation) -> list[Effect]:
        value = operation.newest.value if operation.request.body.f in store.READS else None
        return [reply(operation.client, operation.request, value)]

    # What replicas answer

    def on_read_reply(self, sender: str, message: ReadReply) -> Effects:
        return self.on_read(message.id, sender, message.cell)

    def on_read(self, id: int, replica: str, cell: Cell) -> list[Effect]:
        """*replica* has answered the read *id* with *cell*."""
        operation = self.operations.get(id)
        if operation is None or not operation.reads:
            return []  # enough others have answered
        operation.have[replica] = cell.timestamp
        operation.newest = max(operation.newest, cell, key=lambda one: one.timestamp)
        if len(operation.have) < self.needed:
            return []
        operation.reads = False
        return self.read_repair(id)

    def read_repair(self, id: int) -> list[Effect]:
        """Answer the read *id* if all that answered agree; else bring the newest cell to those that lack it first."""
        operation = self.operations[id]
        behind = [name for name, timestamp in operation.have.items() if timestamp < operation.newest.timestamp]
        if not behind:
            del self.operations[id]
            return [CancelTimer(f"operation {id}"), *self.answer(operation)]
        operation.have = {name: at for name, at in operation.have.items() if name not in behind}
        others = [replica for replica in self.peers if replica not in operation.have]
        return [Probe("read-repair"), *self.write(id, others, own=self.name in behind)]

    def on_mutation_reply(self, sender: str, message: MutationReply) -> Effects:
        hints = self.hints.get(sender, {})
        if message.key in hints and hints[message.key] <= message.timestamp:
            del hints[message.key]
        operation = self.operations.get(message.id)
        if operation is None or operation.reads or sender in operation.have:
            return None
        effects = self.have(message.id, sender)
        if len(operation.have) > len(self.peers):
            del self.operations[message.id]
            effects.append(CancelTimer(f"operation {message.id}"))
        return effects

    # Hinted handoff

    def give_up(self, id: int) -> list[Effect]:
        """Wait no longer for operation *id*; leave a hint for each replica that has not acknowledged."""
        operation = self.operations.pop(id, None)
        if operation is None:
            return []  # it ended while the cancellation of this timer waited for the disk
        late = [] if operation.reads else [peer for peer in self.peers if peer not in operation.have]
        for peer in late:
            self.hints[peer][operation.request.body.key] = operation.newest.timestamp
        return [Probe("hinted")] if late else []

    def hand_over(self) -> list[Effect]:
        """Send the cells for which there are hints."""
        return [Send(peer, Mutation(0, key, self.cell(key))) for peer, keys in self.hints.items() for key in keys]
