"""A member of a Chord ring: joins, stabilizes, rectifies, and looks keys up.

Stoica et al., "Chord" (SIGCOMM 2001; figure 6 and section 5.2 are join, stabilize and notify), with the rules of Zave,
"Reasoning about identifier spaces: How to make Chord correct" (IEEE TSE 43(12), 2017): whoever joins takes
the whole successor list over, whoever is adopted as successor is asked first, and so is a predecessor before it is
replaced.

Rules:

1. A ring begins as that of its base: the first r + 1 nodes, which know each other from the start. Everybody else joins.
   A node that was down comes back as one that joins.
2. Who is no member does not answer, so others take it for dead until it has joined.
3. A successor list never skips a member that is there for good: it is always somebody's first successor and that one's
   own list, cut to r.

Added: a member asks one of those with whom the cluster began, now and then, for its place. A partition longer than a
few periods makes two rings, and nothing in the paper ever brings them together again.
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Become, Context, Effect, Effects, Persist, Probe, Request, Send, SetTimer, reply
from chaoslab.units import NS_PER_S
from chaoslab_protocols.chord.identifiers import between, identifier
from chaoslab_protocols.chord.messages import Find, Found, Notify, Query, State
from chaoslab_protocols.chord.questions import Question
from chaoslab_protocols.chord.settings import Settings

__all__ = ["NOT_A_MEMBER", "Member"]

NOT_A_MEMBER = "not a member of the ring"
_FILE = "started"
_HOPS_MAX = 64
_LOOKUPS_MAX = 64


class Member:
    """One node.

    Probes: ``joined``; ``dropped``: the first successor is dead; ``alone``: all of them are.

    Attributes:
        is_member: Whether it is in the ring, as far as it knows.
        successors: The successor list, the nearest first, without itself; empty if it is alone.
        predecessor: Who notified it and was the nearest, or None.
        lookups: For whom this node is looking a key up, by number.
    """

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.id = identifier(context.name)
        self.peers = context.peers
        self.random = context.random
        self.settings: Settings = context.settings or Settings()
        self.is_new = _FILE not in context.files
        self.base = context.nodes[: self.settings.successors + 1]
        self.is_member = False
        self.successors: tuple[str, ...] = ()
        self.predecessor: str | None = None
        self.number = 0
        self.place = 0  # the number of the latest question for this node's own place
        self.lookups: dict[int, tuple[str, Request]] = {}
        patience = (self.settings.timeout_ns / NS_PER_S, self.settings.attempts, self.next_number)
        self.successor_question = Question("successor", *patience)
        self.predecessor_question = Question("predecessor", *patience)

    def next_number(self) -> int:
        """Return a number that no question had before."""
        self.number += 1
        return self.number

    def start(self) -> Effects:
        effects: list[Effect] = [SetTimer("period", (0.0, self.settings.period_ns / NS_PER_S))]
        if self.settings.contact_ns:
            effects.append(SetTimer("contact", self.settings.contact_ns / NS_PER_S))
        if not self.is_new:
            return effects
        if self.name in self.base:
            ring = sorted(self.base, key=identifier)
            place = ring.index(self.name)
            self.successors = (*ring[place + 1 :], *ring[:place])[: self.settings.successors]
            self.predecessor = ring[place - 1] if len(ring) > 1 else None
            self.is_member = True
            effects.append(Become("member"))
        return [Persist(_FILE, b"yes"), *effects]

    def message(self, sender: str, message: Any) -> Effects:
        match message:
            case Query() if self.is_member:
                return [Send(sender, State(message.number, self.predecessor, self.successors))]
            case State():
                return [*self.successor_question.on_state(message), *self.predecessor_question.on_state(message)]
            case Notify() if self.is_member:
                return self.rectify(sender)
            case Find() if self.is_member:
                return self.find(message)
            case Found():
                return self.on_found(sender, message)
            case Request():
                return self.on_request(sender, message)
        return None

    def timer(self, name: str) -> Effects:
        if name == "successor":
            return self.successor_question.again()
        if name == "predecessor":
            return self.predecessor_question.again()
        if name == "contact":
            contact = self.ask_for_place() if self.is_member else []
            return [*contact, SetTimer("contact", self.settings.contact_ns / NS_PER_S)]
        effects = self.stabilize() if self.is_member else self.ask_for_place()
        return [*effects, SetTimer("period", self.settings.period_ns / NS_PER_S)]

    # Looking up (Stoica et al., section 4.3, with successor lists in place of fingers)

    def find(self, find: Find) -> list[Effect]:
        """Answer if it lies just behind this member, else ask one that is nearer to it."""
        following = self.following() if self.successors else find.identifier
        if find.identifier == following or between(self.id, find.identifier, following):
            return [Send(find.origin, Found(find.number, self.successors))]
        return self.pass_on(find)

    def following(self) -> int:
        """Return the identifier of the first successor."""
        return identifier(self.successors[0])

    def pass_on(self, find: Find) -> list[Effect]:
        """Ask one of the successors before it: any, as some may be dead, and whoever looks up will try again."""
        nearer = [name for name in self.successors if between(self.id, identifier(name), find.identifier)]
        if not nearer or find.hops >= _HOPS_MAX:
            return []
        return [Send(self.random.pick(nearer), Find(find.identifier, find.origin, find.number, find.hops + 1))]

    def on_found(self, sender: str, found: Found) -> list[Effect]:
        """A lookup has come to its end: one for a client, or one for this node's own place."""
        if found.number == self.place:
            self.place = 0
            return self.on_place(sender, found.successors)
        client, request = self.lookups.pop(found.number, ("", None))
        if request is None:
            return []
        owner = found.successors[0] if found.successors else sender
        return [reply(client, request, (identifier(request.body.key), owner))]

    def on_request(self, sender: str, request: Request) -> list[Effect]:
        """A client asks for the owner of a key, or for what this member knows."""
        if not self.is_member:
            return [reply(sender, request, error=NOT_A_MEMBER)]
        if request.body.f == "read":
            return [reply(sender, request, (self.id, self.predecessor, self.successors))]
        number = self.next_number()
        self.lookups[number] = (sender, request)
        while len(self.lookups) > _LOOKUPS_MAX:  # those nobody waits for any more
            del self.lookups[next(iter(self.lookups))]
        return self.find(Find(identifier(request.body.key), self.name, number))

    # Joining, and finding back

    def ask_for_place(self) -> list[Effect]:
        """Ask two of those with whom the cluster began between which members this node lies; one may be dead."""
        self.place = self.next_number()
        question = Find(self.id, self.name, self.place)
        return [Send(peer, question) for peer in self.random.sample(self.peers, min(2, len(self.peers)))]

    def on_place(self, predecessor: str, successors: tuple[str, ...]) -> list[Effect]:
        """This node lies between *predecessor* and the first of its *successors*: join, or go there if that is nearer.

        The one before may still list this node itself, from an earlier life.
        """
        if predecessor == self.name:
            return []
        others = self.shortened(successors) or (predecessor,)
        if not self.is_member:
            return self.join(predecessor, others)
        nearest = others[0]
        if not self.successors or between(self.id, identifier(nearest), self.following()):
            return self.adopt_if_alive(nearest)
        return []

    def join(self, predecessor: str, successors: tuple[str, ...]) -> list[Effect]:
        """Become a member with the successor list of *predecessor*, as all of it is (Zave, the Join operation)."""
        self.successors = successors
        self.predecessor = predecessor
        self.is_member = True
        return [Become("member"), Probe("joined")]

    def shortened(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return *names* as a successor list: up to this member itself, and not longer than r."""
        if self.name in names[1:]:
            names = names[: names.index(self.name, 1)]
        return tuple(name for name in dict.fromkeys(names) if name != self.name)[: self.settings.successors]

    # Stabilizing (Zave, StabilizeFromSuccessor and StabilizeFromPredecessor)

    def stabilize(self) -> list[Effect]:
        """Ask the first successor whom it knows."""
        if self.successor_question.asked is not None:
            return []  # the last time is not over yet
        if not self.successors:
            return [] if self.predecessor is None else self.adopt_if_alive(self.predecessor)
        return self.successor_question.ask(self.successors[0], self.on_successor, self.drop_successor)

    def on_successor(self, state: State) -> list[Effect]:
        """The successor is alive: its list is the rest of this one; whoever it knows before it may be nearer."""
        self.successors = self.shortened((self.successors[0], *state.successors))
        nearer = state.predecessor
        if nearer is not None and between(self.id, identifier(nearer), self.following()):
            return self.adopt_if_alive(nearer)
        return [Send(self.successors[0], Notify())]

    def drop_successor(self) -> list[Effect]:
        """The first successor is dead: go on with the next one, at once."""
        self.successors = self.successors[1:]
        if self.successors:
            return [Probe("dropped"), *self.stabilize()]
        return [Probe("alone")]

    def adopt_if_alive(self, nearer: str) -> list[Effect]:
        """Take *nearer* as the first successor, with its list, if it answers; else all stays as it is."""

        def alive(state: State) -> list[Effect]:
            self.successors = self.shortened((nearer, *state.successors))
            return [Send(nearer, Notify())]

        def dead() -> list[Effect]:
            return [Send(self.successors[0], Notify())] if self.successors else []

        return self.successor_question.ask(nearer, alive, dead)

    # Rectifying (Zave, the Rectify operation)

    def rectify(self, notifier: str) -> list[Effect]:
        """Take *notifier* as predecessor if it is nearer than the one that is known, or that one is dead."""
        before = self.predecessor
        if before is None or between(identifier(before), identifier(notifier), self.id):
            self.predecessor = notifier
            return []
        if before == notifier or self.predecessor_question.asked is not None:
            return []

        def dead() -> list[Effect]:
            if self.predecessor == before:
                self.predecessor = notifier
            return []

        return self.predecessor_question.ask(before, lambda state: [], dead)
