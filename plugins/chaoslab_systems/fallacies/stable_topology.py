"""Topology does not change: the believer finds the fastest way once; the doubter looks for it all the time.

Of a frontend to the store there are two ways: direct, or through the relay, which is the last node.
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab.statemachine import Context, Effect, Effects, Request, Send, SetTimer, reply
from chaoslab_systems.fallacies.frontend import Ask, Frontend

__all__ = ["PROTOCOLS", "Believer", "Doubter"]


@attrs.frozen
class Forward:
    """Please pass this on: *path* is who is still to get it, *back* who had it before."""

    path: tuple[str, ...]
    back: tuple[str, ...]
    message: Any


@attrs.frozen
class Measure:
    """Sent on one way and back, to see how long it takes. Carries what the other way round looks like."""

    round: int
    way: tuple[str, ...]
    returning: bool = False


class Believer(Frontend):
    """Measures both ways when it starts, and takes the faster one ever after.

    Attributes:
        relay: The node that passes on.
        way: Over whom the store is asked.
        round: How often it has measured.
        is_measured: Whether the way is that of this round.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.relay = context.nodes[-1]
        self.way: tuple[str, ...] = (self.store,)
        self.round = 0
        self.is_measured = False

    def start(self) -> Effects:
        return None if self.context.name in (self.store, self.relay) else self.measure()

    def measure(self) -> list[Effect]:
        """Send a message on both ways; the first that comes back shows the faster one."""
        self.round += 1
        self.is_measured = False
        ways = ((self.store,), (self.relay, self.store))
        return [self.along(way, Measure(self.round, way)) for way in ways]

    def along(self, way: tuple[str, ...], message: Any) -> Send:
        """Return the effect that sends *message* on its *way*."""
        return Send(way[0], Forward(way[1:], (self.context.name,), message))

    def ask(self, ask: Ask) -> list[Effect]:
        return [self.along(self.way, ask)]

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Request) and self.context.name == self.relay:
            return [reply(sender, message, error="ask a frontend")]
        if isinstance(message, Request) and self.is_store:
            return [reply(sender, message, self.carry_out(message.body))]  # who stands beside it needs no way to it
        if not isinstance(message, Forward):
            return super().message(sender, message)
        if message.path:
            back = (self.context.name, *message.back)
            return [Send(message.path[0], Forward(message.path[1:], back, message.message))]
        if isinstance(message.message, Measure):
            return self.on_measure(message.back, message.message)
        answers = super().message(sender, message.message)
        if not self.is_store:
            return answers
        return [self.along(message.back, one.message) for one in answers or () if isinstance(one, Send)]

    def on_measure(self, back: tuple[str, ...], measure: Measure) -> Effects:
        if not measure.returning:
            return [self.along(back, attrs.evolve(measure, returning=True))]
        if measure.round == self.round and not self.is_measured:
            self.is_measured = True
            self.way = measure.way
        return None


class Doubter(Believer):
    """Measures again and again.

    Attributes:
        AGAIN_S: Seconds from one measurement to the next.
    """

    AGAIN_S = 0.5

    def measure(self) -> list[Effect]:
        return [*super().measure(), SetTimer("measure", self.AGAIN_S)]

    def timer(self, name: str) -> Effects:
        return self.measure()


PROTOCOLS = tuple(
    Protocol(
        name=f"stable-topology-{belief}",
        summary=summary,
        replica=replica,
        serves=("register", "kv"),
        claims=("linearizable",),
        budget=Budget(down=0),
        nodes=4,
        nodes_min=3,
    )
    for belief, summary, replica in (
        ("believer", "frontends that find the fastest way to their store once, and go it for ever", Believer),
        ("doubter", "frontends that measure again, and take the way that is the fastest now", Doubter),
    )
)
