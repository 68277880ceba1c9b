"""A shop's cart: nothing that was put in disappears, though it may be filled on two sides of a partition.

``shop-cart`` joins the versions that it finds, as Dynamo's did. ``shop-cart-whole`` keeps the cart as one value of
which the last write wins: two tabs, one cart, and one of the two items is gone.
"""

import attrs

from chaoslab_protocols import dynamo, last_write_wins
from chaoslab_systems.additions import additions
from chaoslab_systems.whole_value_client import WholeValueClient

__all__ = ["PROTOCOLS", "WORKLOADS"]

WORKLOADS = (additions("cart", "people put things into carts that they share, take them out, and look"),)

PROTOCOLS = (
    attrs.evolve(
        dynamo.PROTOCOLS[1],
        name="shop-cart",
        summary="carts whose versions are joined: nothing put in disappears (what was taken out may come back)",
        serves=("cart", "converging-set"),
    ),
    attrs.evolve(
        last_write_wins.PROTOCOLS[0],
        name="shop-cart-whole",
        summary="carts kept as one value, the last write wins: of two things put in at once, one disappears",
        client=WholeValueClient,
        serves=("cart",),
        claims=(),
    ),
)
