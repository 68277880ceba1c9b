"""A cache: entries with a time to live, leases for those who fill it, and marks on what was written just now.

Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013: leases (section 3.2.1), remote markers (section 4.3).

Rules:

1. A miss gives a lease to one who asks, and to nobody else for a while: no stampede to the database.
2. A fill is kept only with the lease of the key, and a delete takes the lease away: what was read before the delete
   cannot come after it (a stale set).
3. What is filled is as old as its lease: it was read from a database after the lease was given. So its age is measured
   on this node's own monotonic clock, and however long the fill was on its way counts.
4. Times to live differ, so that entries that were filled together do not expire together.
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.statemachine import Become, Context, Effects, Probe, Send
from chaoslab_protocols.cache.messages import Delete, Fill, Found, Get, Missed
from chaoslab_protocols.cache.settings import Layout, Settings

__all__ = ["CACHE", "Cache", "Entry", "Lease"]

CACHE = "cache"


@attrs.frozen
class Entry:
    """What is cached of a key: the value, when its lease was given, and how many seconds after that it expires."""

    value: Any
    since: float
    ttl_s: float


@attrs.frozen
class Lease:
    """The right to fill a key: a token, and when it was given."""

    token: int
    at: float


class Cache:
    """A cache, in memory alone.

    Probes: ``stale fill``: a fill came without the lease of its key; ``served stale``: what had expired was given out.

    Attributes:
        LEASE_S: Seconds after which another one may be given the lease of a key.
    """

    LEASE_S = 0.2

    def __init__(self, context: Context, layout: Layout) -> None:
        self.settings: Settings = context.settings or Settings()
        self.context = context
        self.entries: dict[str | None, Entry] = {}
        self.leases: dict[str | None, Lease] = {}
        self.marks: dict[str | None, float] = {}
        self.token = context.random.below(1 << 30) << 20  # a lease of an earlier life fits nothing

    def now(self) -> float:
        """Return seconds on a clock that nobody sets."""
        return self.context.monotonic_time()

    def start(self) -> Effects:
        return [Become(CACHE)]

    def timer(self, name: str) -> Effects:
        return None

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Get):
            return self.on_get(sender, message)
        if isinstance(message, Fill):
            return self.on_fill(message)
        if isinstance(message, Delete):
            return self.on_delete(message)
        return None

    def on_get(self, sender: str, message: Get) -> Effects:
        entry = self.entries.get(message.key)
        if entry is not None and self.age(entry) <= entry.ttl_s:
            return [Send(sender, Found(message.id, entry.value))]
        if message.stale:
            if entry is not None and self.may_serve_stale(entry):
                return [Probe("served stale"), Send(sender, Found(message.id, entry.value))]
            return [Send(sender, Missed(message.id, None))]
        return [Send(sender, Missed(message.id, self.lease(message.key), self.is_marked(message.key)))]

    def age(self, entry: Entry) -> float:
        return self.now() - entry.since

    def may_serve_stale(self, entry: Entry) -> bool:
        """Return whether *entry*, which has expired, may be given out while no database answers (RFC 8767)."""
        return self.age(entry) <= self.settings.ttl_s + self.settings.stale_s

    def lease(self, key: str | None) -> int | None:
        """Return the token of a new lease, None while somebody has one."""
        held = self.leases.get(key)
        if held is not None and self.now() - held.at < self.LEASE_S:
            return None
        self.token += 1
        self.leases[key] = Lease(self.token, self.now())
        return self.token

    def is_marked(self, key: str | None) -> bool:
        """Return whether *key* was written so lately that a replica may answer and lack it."""
        return self.now() <= self.marks.get(key, self.now() - 1)

    def on_fill(self, message: Fill) -> Effects:
        lease = self.leases.get(message.key)
        if lease is None or lease.token != message.token:
            return [Probe("stale fill")]
        del self.leases[message.key]
        self.keep(message.key, message.value, lease.at)
        return None

    def keep(self, key: str | None, value: Any, since: float) -> None:
        """Cache *value*, which was read after *since*."""
        self.entries[key] = Entry(value, since, self.settings.ttl_s * self.context.random.between(0.8, 1.0))

    def on_delete(self, message: Delete) -> Effects:
        self.entries.pop(message.key, None)
        self.leases.pop(message.key, None)
        self.marks[message.key] = self.now() + self.settings.lag_s
        return None
