"""Whom a fault hits: names, roles and counts, resolved when the fault happens.

Rules:

1. A word is the name of a node, a role that the protocol reports, or one of ``one``, ``minority`` (the most that are
   still fewer than half), ``majority`` (the fewest that are more than half), ``all``; in groups also ``rest``.
2. Names and roles are resolved first, counts are drawn from the nodes that are then left, ``rest`` takes what remains.
3. A role that nobody plays at that moment resolves to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.faults import split_groups

__all__ = ["COUNTS", "REST", "count_of", "resolve", "resolve_groups"]

COUNTS = ("one", "minority", "majority", "all")
"""Words for a number of nodes, drawn at random."""

REST = "rest"
"""In the groups of a partition: everybody who is in no other group."""


def count_of(word: str, nodes: int) -> int:
    """Return how many of *nodes* nodes *word* means; *word* is one of ``COUNTS``."""
    counts: Mapping[str, int] = {
        "one": 1,
        "minority": (nodes - 1) // 2,
        "majority": nodes // 2 + 1,
        "all": nodes,
    }
    return counts[word]


def resolve(target: str, cluster: Cluster, stream: Stream) -> tuple[str, ...]:
    """Return the names of the nodes that *target* means now, in order. Empty: nobody.

    Args:
        target: Words separated by spaces.
        cluster: Whose nodes, and whose roles.
        stream: Where counts are drawn.
    """
    return resolve_groups((tuple(target.split()),), cluster, stream)[0]


def resolve_groups(
    groups: tuple[tuple[str, ...], ...], cluster: Cluster, stream: Stream
) -> tuple[tuple[str, ...], ...]:
    """Return the names that each of *groups* means now; no name stands in two groups."""
    left = list(cluster.nodes)
    resolved: list[list[str]] = [[] for _ in groups]

    def take(number: int, names: list[str]) -> None:
        for name in names:
            if name in left:
                left.remove(name)
                resolved[number].append(name)

    words = [(number, word) for number, group in enumerate(groups) for word in group]
    for number, word in words:
        if word in cluster.clients:
            resolved[number].append(word)
        elif word not in COUNTS and word != REST:
            take(number, [word] if word in cluster.nodes else list(cluster.with_role(word)))
    for number, word in words:
        if word in COUNTS:
            count = min(count_of(word, len(cluster.nodes)), len(left))
            take(number, stream.sample(left, count))
    for number, word in words:
        if word == REST:
            take(number, list(left))
    order = {name: position for position, name in enumerate((*cluster.nodes, *cluster.clients))}
    return tuple(tuple(sorted(names, key=order.__getitem__)) for names in resolved)


def group_words(groups: str) -> tuple[str, ...]:
    """Return every word of the groups text, in order."""
    return tuple(word for group in split_groups(groups) for word in group)
