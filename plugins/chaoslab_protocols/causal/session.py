"""A session's token: what one client has read and written, which goes with it wherever it moves.

Terry, Demers, Petersen, Spreitzer, Theimer & Welch, "Session guarantees for weakly consistent replicated data" (PDIS
1994), sections 4 and 5.1: a read set and a write set, kept as vectors, and each guarantee demands that one of them be
known at a replica before a read or before a write:

=====================  ======================  ==============
guarantee              set                     demanded on
=====================  ======================  ==============
read your writes       what was written        reads
monotonic reads        what was read           reads
writes follow reads    what was read           writes
monotonic writes       what was written        writes
=====================  ======================  ==============
"""

from __future__ import annotations

from chaoslab_protocols.causal.messages import Vector, joined

__all__ = ["Session"]


class Session:
    """What has been read and written since the session began.

    Args:
        replicas: How many replicas there are.

    Attributes:
        read: The writes that were seen; each stands for all that it depends on.
        written: The writes that were made.
    """

    def __init__(self, replicas: int) -> None:
        self.read: Vector = (0,) * replicas
        self.written: Vector = (0,) * replicas

    def has_read(self, seen: Vector) -> None:
        """A read has seen these writes."""
        self.read = joined(self.read, seen)

    def has_written(self, written: Vector) -> None:
        """A write has been made."""
        self.written = joined(self.written, written)

    def floor(self) -> Vector:
        """Return what a replica must know to answer a read."""
        return joined(self.read, self.written)

    def dependencies(self) -> Vector:
        """Return what must be known wherever the next write is seen."""
        return joined(self.read, self.written)
