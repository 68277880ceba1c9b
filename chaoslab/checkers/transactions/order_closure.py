"""What may come before what, as one big int a node: the transitive closure of a graph that grows.

Rules:

1. Node v is bit ``1 << v``. Numbers should follow time roughly: then the lowest bit is the nearest successor, which
   covers most of the others.
2. The closure is made anew after each batch of edges: O(n) unions of ints of n bits each, as only edges that no other
   edge makes superfluous are followed.

This file knows nothing of transactions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

__all__ = ["Closure", "bits", "closure", "cycle_in", "path_in"]


@attrs.frozen
class Closure:
    """The closure of an acyclic graph.

    Attributes:
        after: What comes after each node.
        before: What comes before each node.
        covers: Successors of each node from which all others follow.
    """

    after: Sequence[int]
    before: Sequence[int]
    covers: Sequence[Sequence[int]]


def bits(mask: int) -> Iterator[int]:
    """Yield the positions of the one bits of *mask*, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def closure(direct: Sequence[int]) -> Closure | list[int]:
    """Return the closure of the graph with successors *direct*, or a cycle.

    Cost: O(n) operations on ints of n bits for sparse graphs.
    """
    count = len(direct)
    after = [0] * count
    covers: list[list[int]] = [[] for _ in range(count)]
    finished: list[int] = []
    unvisited = (1 << count) - 1
    on_path = 0
    for root in range(count):
        if not unvisited >> root & 1:
            continue
        path = [root]
        unvisited ^= 1 << root
        on_path = 1 << root
        while path:
            node = path[-1]
            back = direct[node] & on_path
            if back:
                return path[path.index((back & -back).bit_length() - 1) :]
            ahead = direct[node] & unvisited
            if ahead:
                low = ahead & -ahead
                unvisited ^= low
                on_path |= low
                path.append(low.bit_length() - 1)
                continue
            path.pop()
            on_path ^= 1 << node
            finished.append(node)
            rest = reached = direct[node]
            while rest:
                low = rest & -rest
                nearest = low.bit_length() - 1
                covers[node].append(nearest)
                reached |= after[nearest]
                rest &= ~(after[nearest] | low)
            after[node] = reached
    before = [0] * count
    for node in reversed(finished):
        mine = before[node] | 1 << node
        for successor in covers[node]:
            before[successor] |= mine
    return Closure(after, before, covers)


def cycle_in(direct: Sequence[int], cycle: Sequence[int], *, starts_max: int = 16) -> list[int]:
    """Return a cycle no longer than *cycle*: a shortest one through one of its first nodes."""
    best = list(cycle)
    for start in cycle[:starts_max]:
        found = path_in(direct, start, start)
        if found is not None and len(found) - 1 < len(best):
            best = found[:-1]
    return best


def path_in(direct: Sequence[int], start: int, goal: int) -> list[int] | None:
    """Return a shortest path of at least one edge from *start* to *goal*, both included, or None."""
    layers = [1 << start]
    seen = 0
    while layers[-1]:
        following = 0
        for node in bits(layers[-1]):
            following |= direct[node]
        following &= ~seen
        seen |= following
        if following >> goal & 1:
            path = [goal]
            for layer in reversed(layers):
                path.append(next(node for node in bits(layer) if direct[node] >> path[-1] & 1))
            return path[::-1]
        layers.append(following)
    return None
