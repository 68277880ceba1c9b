"""The client library of a causal store: it carries the session's token, and moves between replicas.

Lloyd, Freedman, Kaminsky & Andersen, "Don't settle for eventual" (SOSP 2011), section 4.1: the library keeps a context
and adds to it with every operation, so that ``get`` and ``put_after`` say what they depend on. A client stays at one
replica until that one refuses or does not answer; with the setting ``moves`` it also moves for no reason, as behind a
load balancer.
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Complete, Context, Effect, Effects, Invocation, Request, Response, Send, SetTimer
from chaoslab_protocols import store
from chaoslab_protocols.causal.messages import Found, Get, PutAfter
from chaoslab_protocols.causal.session import Session
from chaoslab_protocols.causal.settings import Settings

__all__ = ["Client"]


class Client:
    """One client, which is one session.

    Attributes:
        TIMEOUT_S: Seconds to wait for an answer.
    """

    TIMEOUT_S = 1.0

    def __init__(self, context: Context) -> None:
        self.replicas = context.nodes
        self.random = context.random
        self.settings: Settings = context.settings or Settings()
        self.at = self.replicas.index(context.home)
        self.session = self.new_session()
        self.request = 0
        self.refusals = 0
        self.invocation: Invocation | None = None

    def new_session(self) -> Session:
        """Return the token of a session that has neither read nor written."""
        return Session(len(self.replicas))

    def start(self) -> Effects:
        return None

    def invoke(self, invocation: Invocation) -> Effects:
        if self.random.chance(self.settings.moves):
            self.move(1 + self.random.below(len(self.replicas)))
        self.invocation = invocation
        self.refusals = 0
        return [*self.ask(), SetTimer("timeout", self.TIMEOUT_S)]

    def move(self, steps: int = 1) -> None:
        """Go to another replica. The token goes along."""
        self.at = (self.at + steps) % len(self.replicas)

    def ask(self) -> list[Effect]:
        """Send the open operation to the replica at which the client is."""
        assert self.invocation is not None
        self.request += 1
        return [Send(self.replicas[self.at], Request(self.request, self.body(self.invocation)))]

    def body(self, invocation: Invocation) -> Any:
        """Return *invocation* as replicas know it, with what it depends on."""
        if invocation.f in store.READS:
            return Get(invocation.key, self.session.floor())
        if invocation.f in ("write", "put"):
            return PutAfter(invocation.key, invocation.value, self.session.dependencies())
        return invocation  # replicas refuse it, in words

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, Response) or message.id != self.request or self.invocation is None:
            return None  # an answer to something given up
        if message.error is not None:
            return self.refused(sender, message.error)
        found: Found = message.body
        if self.invocation.f in store.READS:
            self.session.has_read(found.seen)
            return self.end(Complete("ok", found.value, node=sender))
        self.session.has_written(found.seen)
        return self.end(Complete("ok", node=sender))

    def refused(self, sender: str, error: str) -> Effects:
        """Ask the next replica; give up when all have refused."""
        self.move()
        self.refusals += 1
        if self.refusals < len(self.replicas):
            return self.ask()
        return self.end(Complete("fail", node=sender, error=error))

    def timer(self, name: str) -> Effects:
        if self.invocation is None:
            return None
        self.move()
        return self.end(Complete("fail" if self.invocation.f in store.READS else "info", error="timed out"))

    def end(self, completion: Complete) -> Effects:
        self.invocation = None
        self.request += 1  # whatever still arrives for this operation is late
        return [completion]
