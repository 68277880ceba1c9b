"""Peer to peer: nobody is in charge. Who is there, by gossip; and who has a key, by a ring.

``peer-membership``: everybody probes somebody now and then and passes on what it heard. What each believes may be old;
in the end all see all. A peer that is slow to answer looks like one that is gone.

``peer-ring``: a key belongs to the next member on a ring, so that anybody can find its owner without a list of all. The
ring is right in the end, not always. By its rules alone, two rings that a partition has made stay two.
"""

from __future__ import annotations

import attrs

from chaoslab_protocols import chord, swim

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    attrs.evolve(
        swim.PROTOCOLS[0],
        name="peer-membership",
        summary="peers that find out by gossip who is there: who is down is found, in the end all see all",
    ),
    attrs.evolve(
        chord.PROTOCOLS[0],
        name="peer-ring",
        summary="peers in a ring, where anybody finds who has a key: in the end one ring, in order, of all",
    ),
)
