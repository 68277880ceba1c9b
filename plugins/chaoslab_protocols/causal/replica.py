"""A replica of a causal store: answers from what it has, and shows nothing before what that depends on.

Lloyd, Freedman, Kaminsky & Andersen, "Don't settle for eventual: scalable causal consistency for wide-area storage with
COPS" (SOSP 2011), sections 3 and 4. A data centre is one node here. What differs from the paper: dependencies are a
vector (how many writes of each replica, as Bayou's) and not a list of keys with versions. So each replica's writes
are committed everywhere in the order of their numbers, and whether a dependency is met can be told exactly, also when
the write in question has been overwritten.

Rules:

1. A write is committed once everything that it depends on is (``dep_check``); until then nobody sees it.
2. Of two writes of a key, the one with the greater Lamport time wins, everywhere: replicas converge. An effect has a
   greater time than its causes.
3. Nobody is told of a write that is not on the disk yet.
4. A replica keeps its own writes until all others have said that they committed them.
5. What every replica has committed, nothing need depend on: such dependencies are dropped (section 4.3, garbage
   collection).
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.statemachine import CancelTimer, Context, Effect, Effects, Probe, Request, Send, SetTimer, reply
from chaoslab_protocols.causal.durable import Durable
from chaoslab_protocols.causal.messages import Digest, Found, Get, PutAfter, Replicate, Vector, Write, covers, joined

__all__ = ["Replica"]


@attrs.frozen
class Waiting:
    """A client's request that waits until the replica knows what it depends on."""

    client: str
    request: Request
    needs: Vector


class Replica(Durable):
    """A replica.

    Probes: ``committed``: a client's write is durable here and nowhere else; ``early``: a write came before what it
    depends on; ``behind``: a client knows more than the replica.

    Attributes:
        PENDING_MAX: How many writes of one replica are kept at most before they can be committed.
        BATCH: How many writes are sent at once.
    """

    PENDING_MAX = 500
    BATCH = 50

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.peers = context.peers
        self.pending: dict[tuple[int, int], Write] = {}
        self.waiting: dict[int, Waiting] = {}
        self.tickets = 0
        self.known: dict[str, Vector] = {peer: (0,) * len(self.replicas) for peer in self.peers}
        """What each of the others has said that it committed."""

    def start(self) -> Effects:
        return [SetTimer("anti-entropy", self.settings.anti_entropy_s)]

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Request):
            return self.on_request(sender, message)
        if isinstance(message, Replicate):
            return self.on_replicate(message)
        if isinstance(message, Digest):
            return self.on_digest(sender, message)
        return None

    def timer(self, name: str) -> Effects:
        if name == "anti-entropy":
            digests = [Send(peer, Digest(self.committed)) for peer in self.peers]
            return [*digests, SetTimer("anti-entropy", self.settings.anti_entropy_s)]
        return self.refuse(int(name.removeprefix("waiting ")))

    # What clients ask

    def on_request(self, sender: str, request: Request) -> Effects:
        """Answer if everything is here that the client depends on; else let it wait."""
        if isinstance(request.body, Get):
            needs = request.body.floor
        elif isinstance(request.body, PutAfter):
            if request.id <= self.latest.get(sender, 0):
                return None  # it came twice: as a second write it would win against what was written since
            self.latest[sender] = request.id
            needs = request.body.dependencies
        else:
            return [reply(sender, request, error=f"a causal store does not know {request.body.f!r}")]
        if covers(self.committed, needs):
            return self.answer(sender, request)
        self.tickets += 1
        self.waiting[self.tickets] = Waiting(sender, request, needs)
        return [Probe("behind"), SetTimer(f"waiting {self.tickets}", self.settings.patience_s)]

    def answer(self, client: str, request: Request) -> list[Effect]:
        body = request.body
        if isinstance(body, Get):
            return [reply(client, request, self.get(body.key))]
        return self.put_after(client, request, body)

    def get(self, key: str | None) -> Found:
        """Return the value of *key* and the write it is from. What that depends on is committed wherever it is."""
        cell = self.cells.get(key)
        return Found(None, (0,) * len(self.replicas)) if cell is None else Found(cell.value, self.alone(cell))

    def alone(self, write: Write) -> Vector:
        """Return the vector of *write*: as its origin's writes are committed in order, it means all before it too."""
        return tuple(write.number if place == write.origin else 0 for place in range(len(self.replicas)))

    def put_after(self, client: str, request: Request, body: PutAfter) -> list[Effect]:
        """Commit a client's write here, answer, and pass it on."""
        number = self.committed[self.place] + 1
        version = (self.time + 1, self.place)
        needs = self.still_needed(body.dependencies)
        write = Write(body.key, body.value, version, self.place, number, needs)
        self.own[number] = write
        saved = self.commit(write)
        answer = reply(client, request, Found(None, self.alone(write)))
        passed = [Send(peer, Replicate((write,))) for peer in self.peers]
        return [*saved, Probe("committed"), answer, *passed, *self.go_on()]

    def refuse(self, ticket: int) -> Effects:
        """Let a client wait no longer. That its write was refused is remembered, or it could still be carried out."""
        waiting = self.waiting.pop(ticket, None)
        if waiting is None:
            return None
        saved = self.save_latest(waiting.client) if isinstance(waiting.request.body, PutAfter) else []
        return [*saved, reply(waiting.client, waiting.request, error=f"{self.name} is behind")]

    def go_on(self) -> list[Effect]:
        """Answer the clients that need not wait any longer."""
        effects: list[Effect] = []
        for ticket in tuple(self.waiting):
            waiting = self.waiting.get(ticket)  # what one client writes may let the next go on before its turn
            if waiting is not None and covers(self.committed, waiting.needs):
                del self.waiting[ticket]
                effects += [CancelTimer(f"waiting {ticket}"), *self.answer(waiting.client, waiting.request)]
        return effects

    # What other replicas tell

    def on_replicate(self, message: Replicate) -> Effects:
        """Keep new writes, and commit whatever can be."""
        for write in message.writes:
            ahead = write.number - self.committed[write.origin]
            if 0 < ahead <= self.PENDING_MAX:
                self.pending[write.origin, write.number] = write
        committed = self.commit_pending()
        early = [Probe("early")] if self.pending else []
        return [*committed, *early, *(self.go_on() if committed else [])]

    def commit_pending(self) -> list[Effect]:
        """Commit writes until none is left whose dependencies are met."""
        effects: list[Effect] = []
        progress = True
        while progress:
            progress = False
            for place in range(len(self.replicas)):
                write = self.pending.get((place, self.committed[place] + 1))
                if write is not None and self.dep_check(write):
                    del self.pending[place, write.number]
                    effects += self.commit(write)
                    progress = True
        return effects

    def dep_check(self, write: Write) -> bool:
        """Return whether everything that *write* depends on has been committed here."""
        return covers(self.committed, write.dependencies)

    def on_digest(self, sender: str, digest: Digest) -> Effects:
        """Send what the sender lacks of the writes made here; drop those that all others have."""
        self.known[sender] = joined(self.known[sender], digest.committed)
        everywhere = min(vector[self.place] for vector in self.known.values())
        self.own = {number: write for number, write in self.own.items() if number > everywhere}
        lacking = [write for number, write in self.own.items() if number > digest.committed[self.place]]
        return [Send(sender, Replicate(tuple(lacking[: self.BATCH])))] if lacking else None

    # Garbage collection of dependencies

    def stable(self) -> Vector:
        """Return the writes that every replica is known to have committed."""
        vectors = [self.committed, *self.known.values()]
        return tuple(min(counts) for counts in zip(*vectors, strict=True))

    def still_needed(self, dependencies: Vector) -> Vector:
        """Return *dependencies* without those that are met everywhere."""
        pairs = zip(dependencies, self.stable(), strict=True)
        return tuple(0 if needed <= stable else needed for needed, stable in pairs)
