"""Merkle trees over the keys that two nodes both keep.

DeCandia et al. 2007, section 4.7: two nodes compare roots and then only the branches that differ, so what is sent grows
with how much they differ and not with how much they have.
"""

from __future__ import annotations

from collections.abc import Iterable

from chaoslab_protocols.dynamo.ring import hash_of
from chaoslab_protocols.dynamo.versions import Object

__all__ = ["DEPTH", "Merkle", "leaf_of"]

DEPTH = 3
"""Levels below the root."""

_LEAVES = 1 << DEPTH


def leaf_of(key: str | None) -> int:
    """Return the vertex of the leaf in which *key* is."""
    return _LEAVES + (hash_of(f"key {key}") >> (64 - DEPTH))


class Merkle:
    """A tree of hashes.

    Args:
        objects: Keys with what is kept of them; the order does not matter.
    """

    def __init__(self, objects: Iterable[tuple[str | None, Object]]) -> None:
        content: dict[int, list[str]] = {leaf: [] for leaf in range(_LEAVES, 2 * _LEAVES)}
        for key, one in objects:
            content[leaf_of(key)].append(f"{key!r} {one.clock!r} {one.siblings!r}")
        self.hashes = {leaf: hash_of("\n".join(sorted(lines))) if lines else 0 for leaf, lines in content.items()}
        for vertex in reversed(range(1, _LEAVES)):
            left, right = self.hashes[2 * vertex], self.hashes[2 * vertex + 1]
            self.hashes[vertex] = hash_of(f"{left} {right}") if left or right else 0

    def differing(self, hashes: Iterable[tuple[int, int]]) -> list[int]:
        """Return the vertices in *hashes*, another tree's, that have another hash here."""
        return [vertex for vertex, hash in hashes if self.hashes.get(vertex) != hash]

    @staticmethod
    def is_leaf(vertex: int) -> bool:
        """Return whether *vertex* has no children."""
        return vertex >= _LEAVES
