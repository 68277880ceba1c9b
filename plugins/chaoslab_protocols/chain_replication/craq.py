"""CRAQ, chain replication with apportioned queries.

Terrace & Freedman, "Object storage on CRAQ" (USENIX ATC 2009), section 2.3.

Every server answers reads. A value of which the tail is known to have it is clean, and is returned at once; where an
update of the key is on its way, the server asks the tail what is committed, and returns that version.

Versions here are positions in the order of all updates, not numbers of each object. As servers may be removed by
mistake (see ``server``), all of them need the lease that a tail needs. Eventual and bounded consistency are left out.
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Context, Effect, Effects, Probe, Send
from chaoslab_protocols.chain_replication.messages import VersionQuery, VersionReply
from chaoslab_protocols.chain_replication.server import Server
from chaoslab_protocols.seeking_client import OK, ClientReply, ClientRequest
from chaoslab_protocols.session_store import Snapshot, Update

__all__ = ["CraqServer"]


class CraqServer(Server):
    """A server that answers reads wherever it stands.

    Probes: those of a chain, and ``apportioned``: a version that is not the latest here is about to be returned.

    Attributes:
        clean: The values after the updates that the tail is known to have.
        versions: What each later update made of its key, by position.
    """

    def __init__(self, context: Context) -> None:
        self.clean: dict[str | None, Any] = {}
        self.versions: dict[int, Any] = {}
        super().__init__(context)
        self.handlers[VersionQuery] = self.on_version_query
        self.handlers[VersionReply] = self.on_version_reply

    # Versions

    def add(self, update: Update) -> None:
        super().add(update)
        self.versions[update.position] = self.store.values.get(update.invocation.key)

    def take(self, number: int, snapshot: Snapshot) -> None:
        super().take(number, snapshot)
        self.clean = dict(self.store.values)
        self.versions.clear()

    def settle(self, position: int) -> list[Update]:
        for update in self.sent:
            if update.position <= position:
                self.clean[update.invocation.key] = self.versions.pop(update.position)
        return super().settle(position)

    def dirty(self, key: str | None) -> list[int]:
        """Return the positions of the updates of *key* that the tail is not known to have, in order."""
        return [update.position for update in self.sent if update.invocation.key == key]

    def version(self, key: str | None, position: int) -> Any:
        """Return the value of *key* as of *position*, or a later one that the tail is known to have."""
        until = [dirty for dirty in self.dirty(key) if dirty <= position]
        return self.versions[until[-1]] if until else self.clean.get(key)

    # Reads

    def may_answer_queries(self) -> bool:
        return self.place is not None and self.in_sync and self.has_lease()

    def on_query(self, sender: str, request: ClientRequest) -> list[Effect]:
        key = request.invocation.key
        if not self.may_answer_queries() or self.is_tail or not self.dirty(key):
            return super().on_query(sender, request)
        query = VersionQuery(self.configuration.number, sender, request.sequence, key)
        return [Send(self.configuration.chain[-1], query)]

    def on_version_query(self, sender: str, query: VersionQuery) -> Effects:
        if query.number != self.configuration.number or not self.is_tail or not self.may_answer_queries():
            return None
        position = self.store.position
        return [Send(sender, VersionReply(query.number, query.client, query.sequence, query.key, position))]

    def on_version_reply(self, sender: str, reply: VersionReply) -> Effects:
        if reply.number != self.configuration.number or not self.in_sync:
            return None
        value = self.version(reply.key, reply.position)
        return [Probe("apportioned"), Send(reply.client, ClientReply(reply.sequence, OK, value))]
