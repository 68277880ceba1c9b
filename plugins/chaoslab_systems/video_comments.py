"""Comments below a video: written at once on whichever replica is near, and seen by everybody some time later.

Nobody minds a comment that comes late. Everybody would mind a button that does not work: this is where availability is
worth more than consistency.
"""

import attrs

from chaoslab_protocols import crdt
from chaoslab_systems.additions import additions

__all__ = ["PROTOCOLS", "WORKLOADS"]

WORKLOADS = (additions("comments", "people comment on videos, take own comments back, and read all of them"),)

PROTOCOLS = (
    attrs.evolve(
        crdt.PROTOCOLS[1],
        name="video-comments",
        summary="comments on gossiping replicas: taken at once, also under a partition, and seen by all in the end",
        serves=("comments", "converging-set"),
    ),
)
