"""A Spanner-like database: transactions over shards, in one order all over the world that real time agrees with.

A transaction waits until its timestamp is certainly past before anybody sees it (commit wait), so it needs clocks of
which somebody says how wrong they are at most. What breaks it is a clock that is more wrong than was said.
"""

import attrs

from chaoslab_protocols import spanner

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    attrs.evolve(
        spanner.PROTOCOLS[0],
        name="spanner-like",
        summary="transactions all over the world in one order, by clocks with known error: strictly serializable",
    ),
)
