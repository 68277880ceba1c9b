"""What the causal levels show for a valid history; for an invalid one see ``reads_from.evidence``.

Operations are named by the index of their invocation. Sessions are numbered in the order of their first operations.
"""

from __future__ import annotations

import attrs

__all__ = ["CausalOrder", "Readings", "Views"]

Readings = tuple[tuple[int, int | None], ...]
"""For each read that several writes can explain: the read and the write it is taken to have seen, None: no write."""


@attrs.frozen(kw_only=True)
class CausalOrder:
    """Evidence of causal consistency and of causal convergence.

    Attributes:
        order: All operations in an order that keeps to sessions and to reads-from. For causal convergence it is also
            the order in which writes of one key win over each other.
        pasts: For each operation of *order*: how many operations of each session it knew of, its own session left at 0.
        readings: What was assumed where several writes explain a read.
    """

    order: tuple[int, ...]
    pasts: tuple[list[int], ...]
    readings: Readings


@attrs.frozen(kw_only=True)
class Views:
    """Evidence of causal memory and of PRAM.

    Attributes:
        views: For each session its own operations and other sessions' writes, in an order that explains its reads.
            Writes that nothing of the session depends on are left out: they may come last.
        readings: What was assumed where several writes explain a read.
    """

    views: tuple[tuple[int, ...], ...]
    readings: Readings
