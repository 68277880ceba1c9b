"""Which nodes form which group. The first group coordinates, the others keep a shard each; one alone does both."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["groups_of"]


def groups_of(nodes: Sequence[str], size: int) -> dict[str, tuple[str, ...]]:
    """Return the members of each group, g1, g2, ...: *size* each, the last one with what is left over."""
    count = max(1, len(nodes) // size)
    ends = [*range(size, count * size, size), len(nodes)]
    begins = [0, *ends[:-1]]
    return {
        f"g{number}": tuple(nodes[begin:end])
        for number, (begin, end) in enumerate(zip(begins, ends, strict=True), start=1)
    }
