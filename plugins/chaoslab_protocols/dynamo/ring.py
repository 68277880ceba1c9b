"""The ring: which nodes keep a key, and who stands in for those that cannot be reached.

DeCandia et al., "Dynamo" (SOSP 2007), sections 4.2 and 4.3: a node has several places on a ring of hashes; a key is
kept by the first N distinct nodes clockwise from its own hash, its preference list. The hash is SHA-256: the same
everywhere.
"""

from __future__ import annotations

import bisect
import functools
import hashlib

__all__ = ["Ring", "hash_of"]


@functools.lru_cache(maxsize=4096)
def hash_of(text: str) -> int:
    """Return the place of *text* on the ring, from 0 to 2**64 - 1."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


class Ring:
    """The places of nodes.

    Args:
        nodes: Their names.
        replicas: How many nodes keep a key (N).
        places: How many places each node has.
    """

    def __init__(self, nodes: tuple[str, ...], *, replicas: int, places: int = 16) -> None:
        self.nodes = nodes
        self.replicas = min(replicas, len(nodes))
        self._places = sorted((hash_of(f"{node} {place}"), node) for node in nodes for place in range(places))
        self._walks: dict[str | None, tuple[str, ...]] = {}

    def walk(self, key: str | None) -> tuple[str, ...]:
        """Return all nodes in the order in which they come clockwise from *key*. Cost: O(1) but for the first time."""
        found = self._walks.get(key)
        if found is None:
            start = bisect.bisect(self._places, (hash_of(f"key {key}"), ""))
            clockwise = self._places[start:] + self._places[:start]
            found = self._walks[key] = tuple(dict.fromkeys(node for _, node in clockwise))
        return found

    def preference_list(self, key: str | None) -> tuple[str, ...]:
        """Return the nodes that keep *key*, its first coordinator first."""
        return self.walk(key)[: self.replicas]
