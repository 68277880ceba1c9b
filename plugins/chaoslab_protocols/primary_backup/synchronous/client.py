"""Clients of the primary."""

from __future__ import annotations

from chaoslab.statemachine import Invocation
from chaoslab_protocols.seeking_client import SeekingClient

__all__ = ["Client"]


class Client(SeekingClient):
    """A client that asks the primary of the latest view it has heard of."""

    def first_members(self) -> tuple[str, ...]:
        return self.nodes[:2]

    def whom(self, invocation: Invocation) -> str:
        return self.members[0]
