"""A client of SWIM: asks the node beside it whom it sees, and nobody else."""

from __future__ import annotations

from chaoslab.cluster import RequestClient
from chaoslab.statemachine import Complete, Effects

__all__ = ["Client"]


class Client(RequestClient):
    """Another node's view would be an answer to another question, so a client waits for its own."""

    def timer(self, name: str) -> Effects:
        return None if self.invocation is None else self._finish(Complete("fail", error="timed out"))
