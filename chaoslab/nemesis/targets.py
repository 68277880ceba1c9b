"""Whom a fault hits: names, roles, zones and counts, resolved when the fault happens.

Rules:

1. A word is the name of a node, a role that the protocol reports, a zone, or a count: a number, or one of ``one``,
   ``third`` (a third of the nodes, at least one), ``minority`` (the most that are still fewer than half), ``majority``
   (the fewest that are more than half), ``all``. In groups also ``rest``; where a fault waits for a condition also
   ``it``, the node at which the condition came true.
2. Names, roles and zones are resolved first, counts are drawn from the nodes that are then left, ``rest`` takes what
   remains.
3. A role that nobody plays at that moment resolves to nobody.
"""

from __future__ import annotations

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.errors import UsageError
from chaoslab.parameters import GROUPS, Unit, split_groups

__all__ = ["COUNTS", "IT", "REST", "Nobody", "count_of", "is_count", "resolve", "resolved"]

COUNTS = ("one", "third", "minority", "majority", "all")
"""Words for a number of nodes, drawn at random."""

REST = "rest"
"""In groups: everybody who is in no other group."""

IT = "it"
"""The node at which the condition that a fault waited for came true."""


class Nobody(Exception):
    """The words mean nobody at this moment."""


def is_count(word: str) -> bool:
    """Return whether *word* is a number of nodes."""
    return word in COUNTS or (word.isascii() and word.isdecimal() and len(word) <= 9)


def count_of(word: str, nodes: int) -> int:
    """Return how many of *nodes* nodes *word* means; ``is_count(word)`` is true."""
    if word not in COUNTS:
        return int(word)
    return {
        "one": 1,
        "third": max(1, nodes // 3),
        "minority": (nodes - 1) // 2,
        "majority": nodes // 2 + 1,
        "all": nodes,
    }[word]


def resolve(target: str, cluster: Cluster, stream: Stream, it: str | None = None) -> tuple[str, ...]:
    """Return the names of the nodes that *target* means now, in order. Empty: nobody.

    Args:
        target: Words separated by spaces.
        cluster: Whose nodes, and whose roles.
        stream: Where counts are drawn.
        it: The node at which a condition came true.
    """
    return _resolve_groups((tuple(target.split()),), cluster, stream, it)[0]


def resolved(unit: Unit, words: str, cluster: Cluster, stream: Stream, it: str | None = None) -> str:
    """Return *words* of a parameter of *unit*, ``NODES`` or ``GROUPS``, as names.

    Raises:
        Nobody: there is nobody of that description, or on one side of the groups.
    """
    groups = split_groups(words) if unit is GROUPS else (tuple(words.split()),)
    names = _resolve_groups(groups, cluster, stream, it)
    if not all(names):
        raise Nobody(f"one side of {words!r} was nobody" if unit is GROUPS else f"{words!r} was nobody")
    return " | ".join(" ".join(group) for group in names)


def _resolve_groups(
    groups: tuple[tuple[str, ...], ...], cluster: Cluster, stream: Stream, it: str | None
) -> tuple[tuple[str, ...], ...]:
    """Return the names that each of *groups* means now; no name stands in two groups."""
    left = list(cluster.nodes)
    found: list[list[str]] = [[] for _ in groups]

    def take(number: int, names: list[str]) -> None:
        for name in names:
            if name in left:
                left.remove(name)
                found[number].append(name)

    words = [(number, word) for number, group in enumerate(groups) for word in group]
    for number, word in words:
        if word in cluster.clients:
            found[number].append(word)
        elif not is_count(word) and word != REST:
            take(number, _named(word, cluster, it))
    for number, word in words:
        if is_count(word):
            count = min(count_of(word, len(cluster.nodes)), len(left))
            take(number, stream.sample(left, count))
    for number, word in words:
        if word == REST:
            take(number, list(left))
    order = {name: position for position, name in enumerate((*cluster.nodes, *cluster.clients))}
    return tuple(tuple(sorted(names, key=order.__getitem__)) for names in found)


def _named(word: str, cluster: Cluster, it: str | None) -> list[str]:
    if word == IT:
        if it is None:
            raise UsageError(f"{IT!r} is the node of a condition: only a fault with when can be aimed at it.")
        return [it]
    if word in cluster.nodes:
        return [word]
    if word in cluster.zones.values():
        return [name for name in cluster.nodes if cluster.zones.get(name) == word]
    return list(cluster.with_role(word))
