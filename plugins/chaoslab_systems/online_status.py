"""Who is online: each user's app says so now and then, and friends see what came last, a little late.

Kept at whichever replica is near, and the newest word wins. A status that is some seconds old is no harm.
"""

import attrs

from chaoslab_protocols import last_write_wins
from chaoslab_systems.authors import authors

__all__ = ["PROTOCOLS", "WORKLOADS"]

WORKLOADS = (authors("statuses", "people say where they are, and look where others are", sees_own=False),)

PROTOCOLS = (
    attrs.evolve(
        last_write_wins.PROTOCOLS[0],
        name="online-status",
        summary="who is online, at whichever replica is near: always there, a little late, the same for all in the end",
        serves=("statuses", "converging-register"),
    ),
)
