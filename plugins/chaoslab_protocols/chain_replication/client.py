"""Clients of a chain: updates go to the head, queries to the tail; with apportioned queries, to any server."""

from __future__ import annotations

from chaoslab.statemachine import Invocation
from chaoslab_protocols import store
from chaoslab_protocols.seeking_client import SeekingClient

__all__ = ["Client", "CraqClient"]


class Client(SeekingClient):
    """A client of a chain (section 2)."""

    def whom(self, invocation: Invocation) -> str:
        return self.members[-1] if invocation.f in store.READS else self.members[0]


class CraqClient(SeekingClient):
    """A client that reads at the server beside which it stands, or at one of the others."""

    def whom(self, invocation: Invocation) -> str:
        if invocation.f not in store.READS:
            return self.members[0]
        return self.home if self.home in self.members else self.members[self.sequence % len(self.members)]
