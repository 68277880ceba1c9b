"""A photo feed: a cache in front of a database, so that looking is quick and goes on when the database is far away.

What is shown may be old within a bound. In the end everybody sees the same.
"""

import attrs

from chaoslab_protocols import cache

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    attrs.evolve(
        cache.PROTOCOLS[0],
        name="photo-feed",
        summary="photos behind a cache: quick to look at, stale within a bound, the same for all in the end",
    ),
)
