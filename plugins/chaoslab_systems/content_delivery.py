"""A cache in front, as content delivery networks have it: edges answer from what they have, and rarely ask the origin.

What an edge has is given out until its time to live is over, and for a while longer when the origin cannot be reached:
so looking goes on without the origin. The price is age. Who changes something purges the edges, once; what tells how
old an answer is at most is the time to live, not the purge.
"""

from __future__ import annotations

import attrs

from chaoslab_protocols import cache

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    attrs.evolve(
        cache.PROTOCOLS[0],
        name="content-delivery",
        summary="edges that answer for an origin: they go on when it is away, and are stale within a bound",
    ),
)
