"""The rule that changes nothing and counts everything: how many messages are sent, and how many bytes they have.

A message counts when it is sent, once, whatever becomes of it on the way; what a node sends to itself does not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from chaoslab.net.sizes import size_bytes

if TYPE_CHECKING:
    from chaoslab.net.network import Copies, Link, Network

__all__ = ["Weighing"]


class Weighing:
    """Counts what is sent while it is in force.

    Attributes:
        hits: How many messages.
        bytes: How many bytes they have together, as ``size_bytes`` estimates.
    """

    guarding: ClassVar[bool] = False

    def __init__(self) -> None:
        self.hits = 0
        self.bytes = 0

    def covers(self, source: str, target: str) -> bool:
        """Return whether a message from *source* to *target* goes over a network at all."""
        return source != target

    def send(self, link: Link, copies: Copies, network: Network) -> None:
        """Count the message; its copies are as they were."""
        for _, message in copies:
            self.hits += 1
            self.bytes += size_bytes(message)

    def arrive(self, link: Link, message: Any, network: Network) -> bool:
        """Let it in."""
        return True
