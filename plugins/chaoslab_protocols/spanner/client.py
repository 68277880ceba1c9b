"""A client of Spanner: asks the node beside it, and for its next transaction the next node if that did not answer."""

from __future__ import annotations

from chaoslab.statemachine import Context, Effects
from chaoslab_protocols.two_phase_commit.client import Client

__all__ = ["SpannerClient"]


class SpannerClient(Client):
    """One client, with one transaction at a time. Of one transaction only one node is ever asked: it is done once."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        if context.home in context.nodes:
            self.coordinator = context.home

    def timer(self, name: str) -> Effects:
        if name == "timeout" and self.invocation is not None:
            self.coordinator = self.nodes[(self.nodes.index(self.coordinator) + 1) % len(self.nodes)]
        return super().timer(name)
