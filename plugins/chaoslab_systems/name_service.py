"""DNS: a name is changed in one place, copied to a second, and remembered by resolvers until its time to live is over.

What a resolver says may be old, but no older than a bound; in the end all say the same. Who has just changed a name and
asks a resolver gets the old answer.
"""

import attrs

from chaoslab_protocols import dns

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    attrs.evolve(
        dns.PROTOCOLS[0],
        name="name-service",
        summary="DNS: resolvers remember answers for their time to live; eventual, stale within a bound",
    ),
)
