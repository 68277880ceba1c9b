"""Places on the ring: identifiers of members and keys, and what lies between what.

Stoica, Morris, Karger, Kaashoek & Balakrishnan, "Chord: A scalable peer-to-peer lookup service for internet
applications" (SIGCOMM 2001), section 4.2: consistent hashing.
"""

from __future__ import annotations

import functools
import hashlib

__all__ = ["BITS", "between", "identifier"]

BITS = 32
"""How long an identifier is. Two of a few thousand names having the same one is not provided for."""


@functools.lru_cache(maxsize=100_000)
def identifier(name: str) -> int:
    """Return the identifier of a member or a key: the first bits of the hash of its name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[: BITS // 8], "big")


def between(low: int, middle: int, high: int) -> bool:
    """Return whether, going round from *low*, *middle* comes before *high*, and is neither of them.

    If *low* is *high*, the way round is the whole ring.
    """
    if low < high:
        return low < middle < high
    return middle > low or middle < high
