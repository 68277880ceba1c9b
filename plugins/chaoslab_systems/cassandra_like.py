"""A Cassandra-like store: ONE, QUORUM or ALL replicas answer, and the newest timestamp wins.

Replicas come to agree. Which of two writes stays is for the clocks of the nodes to say: the write of a node whose clock
is behind is acknowledged and gone.
"""

import attrs

from chaoslab_protocols import last_write_wins

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    attrs.evolve(
        last_write_wins.PROTOCOLS[0],
        name="cassandra-like",
        summary="the newest timestamp wins, at ONE, QUORUM or ALL: eventual, and a clock that is behind loses writes",
    ),
)
