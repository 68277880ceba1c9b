"""A Dynamo-like store: always writeable; where writes met it keeps both and lets its reader choose.

No acknowledged write is lost, and in the end every node shows the same. Meanwhile a read may miss a write that was
acknowledged, and show two versions where its user expects one.
"""

import attrs

from chaoslab_protocols import dynamo

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    attrs.evolve(
        dynamo.PROTOCOLS[0],
        name="dynamo-like",
        summary="always writeable, keeps both of two versions: eventual, and no acknowledged write is lost",
    ),
)
