"""A client of a Chord ring: asks the node beside it, and nobody else."""

from __future__ import annotations

from chaoslab.cluster import RequestClient
from chaoslab.statemachine import Context

__all__ = ["Client"]


class Client(RequestClient):
    """Another node would look up from another place of the ring, which is another question."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.nodes = (context.home,)
        self.favourite = 0
