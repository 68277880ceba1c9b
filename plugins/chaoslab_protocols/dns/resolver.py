"""A resolver: what clients ask. It asks the root who has authority, then one of those, and remembers what it was told.

Rules:

1. A record is as old as the question: its age is measured from when the authority was first asked, on this node's own
   monotonic clock. However long the answer was on its way counts.
2. An authority that is silent, or whose zone has expired, is passed over for the next one. If none answers, what has
   expired here is given out for a while (RFC 8767), and then nothing.
3. Who has authority changes hardly ever: that is remembered for longer, and for as long as the root is silent.
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.statemachine import Become, CancelTimer, Context, Effect, Effects, Probe, Request, Send, SetTimer, reply
from chaoslab_protocols import store
from chaoslab_protocols.dns.messages import Answer, Query, Referral, Refused
from chaoslab_protocols.dns.settings import Layout, Settings

__all__ = ["RESOLVER", "Entry", "Resolver"]

RESOLVER = "resolver"


@attrs.frozen
class Entry:
    """What a resolver knows of a name, and when it asked, in seconds."""

    value: Any
    since: float


@attrs.define
class Resolution:
    """A question of a client that is being resolved.

    Attributes:
        client: Who asked.
        request: What.
        servers: The authorities that were not asked yet; None: who they are is not known.
        began: When the first of them was asked; None: not yet.
    """

    client: str
    request: Request
    servers: list[str] | None = None
    began: float | None = None


class Resolver:
    """A resolver, in memory alone. Probe: ``served stale``: what had expired was given out.

    Attributes:
        WAIT_S: Seconds that each server is given.
        REFERRAL_S: Seconds for which a referral is used without asking the root again.
    """

    WAIT_S = 0.15
    REFERRAL_S = 3.0

    def __init__(self, context: Context, layout: Layout) -> None:
        self.settings: Settings = context.settings or Settings()
        self.layout = layout
        self.context = context
        self.entries: dict[str | None, Entry] = {}
        self.referral: tuple[str, ...] = ()
        self.referred = 0.0
        self.last_id = context.random.below(1 << 30) << 20  # answers to an earlier life fit nothing
        self.resolutions: dict[int, Resolution] = {}
        self.latest: dict[str, int] = {}

    def now(self) -> float:
        """Return seconds on a clock that nobody sets."""
        return self.context.monotonic_time()

    def start(self) -> Effects:
        return [Become(RESOLVER)]

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Request):
            return self.on_request(sender, message)
        resolution = self.resolutions.get(getattr(message, "id", 0))
        if resolution is None:
            return None  # given up, or answered
        if isinstance(message, Referral):
            return self.on_referral(message, resolution)
        if isinstance(message, Answer):
            return self.on_answer(message, resolution)
        if isinstance(message, Refused) and resolution.servers is not None:
            return self.ask_next(message.id, resolution)
        return None

    def on_request(self, sender: str, request: Request) -> Effects:
        f, name = request.body.f, request.body.key
        if f not in store.READS:
            return [reply(sender, request, error=f"a resolver does not know {f!r}")]
        if request.id <= self.latest.get(sender, 0):
            return None  # it came twice
        self.latest[sender] = request.id
        entry = self.entries.get(name)
        if entry is not None and self.now() - entry.since <= self.settings.ttl_s:
            return [reply(sender, request, entry.value)]
        self.last_id += 1
        resolution = self.resolutions[self.last_id] = Resolution(sender, request)
        if self.referral and self.now() - self.referred <= self.REFERRAL_S:
            return self.ask_authorities(self.last_id, resolution)
        return [Send(self.layout.root, Query(self.last_id, name)), SetTimer(f"wait {self.last_id}", self.WAIT_S)]

    def on_referral(self, message: Referral, resolution: Resolution) -> Effects:
        self.referral, self.referred = message.servers, self.now()
        return self.ask_authorities(message.id, resolution) if resolution.servers is None else None

    def ask_authorities(self, id: int, resolution: Resolution) -> list[Effect]:
        """Ask one authority, then the others if it does not answer; in any order, so that they share the load."""
        resolution.servers = list(self.referral)
        self.context.random.shuffle(resolution.servers)
        resolution.began = self.now()
        return self.ask_next(id, resolution)

    def ask_next(self, id: int, resolution: Resolution) -> list[Effect]:
        """Ask the next authority; if there is none left, answer from what has expired."""
        name = resolution.request.body.key
        if resolution.servers:
            server = resolution.servers.pop(0)
            return [Send(server, Query(id, name)), SetTimer(f"wait {id}", self.WAIT_S)]
        del self.resolutions[id]
        entry = self.entries.get(name)
        if entry is not None and self.may_serve_stale(entry):
            stale = reply(resolution.client, resolution.request, entry.value)
            return [CancelTimer(f"wait {id}"), Probe("served stale"), stale]
        return [CancelTimer(f"wait {id}"), reply(resolution.client, resolution.request, error="no server answers")]

    def may_serve_stale(self, entry: Entry) -> bool:
        """Return whether *entry*, which has expired, may be given out."""
        return self.now() - entry.since <= self.settings.ttl_s + self.settings.stale_s

    def on_answer(self, message: Answer, resolution: Resolution) -> Effects:
        """Remember the record, and answer the client."""
        name, since = resolution.request.body.key, resolution.began
        assert since is not None
        known = self.entries.get(name)
        if known is None or known.since <= since:
            self.entries[name] = Entry(message.value, since)
        del self.resolutions[message.id]
        return [CancelTimer(f"wait {message.id}"), reply(resolution.client, resolution.request, message.value)]

    def timer(self, name: str) -> Effects:
        id = int(name.removeprefix("wait "))
        resolution = self.resolutions.get(id)
        if resolution is None:
            return None
        if resolution.servers is None and self.referral:
            return self.ask_authorities(id, resolution)  # the root is silent
        return self.ask_next(id, resolution)
