"""A bank: money moves between accounts that different servers keep, by two-phase commit.

Whoever looks sees all of the money, whatever fails. The price: while the coordinator is down nobody may decide, so
accounts that a transfer has touched are locked until it is back.
"""

import attrs

from chaoslab_protocols import two_phase_commit

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    attrs.evolve(
        two_phase_commit.PROTOCOLS[0],
        name="bank-transfers",
        summary="transfers between accounts on different servers: no money is made or lost, and it may have to wait",
        serves=("bank", "list-append"),
    ),
)
