"""The shapes of partitions: who still hears whom.

Rules:

1. Nodes are put into a random order, those of the target first; the shape takes its special nodes from the front.
2. A shape with two sides may cut one way only: from the first side to the second.
3. A node always hears itself. Whoever is in no shape (a group that was not named) hears everybody.

Source: the grudges of Jepsen's ``jepsen.nemesis`` (halves, isolated node, bridge, majorities ring).

This file does not know messages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import attrs

__all__ = ["SHAPES", "Cut", "Shape", "Sides", "shaped"]


class Cut(Protocol):
    """Who does not hear whom."""

    def knows(self, name: str) -> bool:
        """Return whether *name* has a place in it."""

    def separates(self, source: str, target: str) -> bool:
        """Return whether what *source* sends to *target*, another node, is lost."""

    def describe(self) -> str:
        """Say who is cut off from whom."""


class Sides:
    """Groups that are cut off from each other.

    Args:
        groups: The names in each.
        one_way: Only from an earlier group to a later one.
    """

    def __init__(self, groups: Sequence[Sequence[str]], one_way: bool) -> None:
        self._groups = groups
        self._group = {name: number for number, group in enumerate(groups) for name in group}
        self._one_way = one_way

    def knows(self, name: str) -> bool:
        return name in self._group

    def separates(self, source: str, target: str) -> bool:
        here, there = self._group.get(source), self._group.get(target)
        if here is None or there is None:
            return False
        return here < there if self._one_way else here != there

    def describe(self) -> str:
        return " | ".join(" ".join(group) for group in self._groups)


class _Star:
    def __init__(self, order: Sequence[str]) -> None:
        self._hub = order[0]
        self._nodes = frozenset(order)  # asked only what is in it

    def knows(self, name: str) -> bool:
        return name in self._nodes

    def separates(self, source: str, target: str) -> bool:
        return source != target and self._hub not in (source, target)

    def describe(self) -> str:
        return f"all by way of {self._hub}"


class _Ring:
    """Each node hears a majority, itself in the middle; no two hear the same one."""

    def __init__(self, order: Sequence[str]) -> None:
        majority = len(order) // 2 + 1
        before = majority // 2
        self._hears = {
            name: [order[(at - before + step) % len(order)] for step in range(majority)]
            for at, name in enumerate(order)
        }

    def knows(self, name: str) -> bool:
        return name in self._hears

    def separates(self, source: str, target: str) -> bool:
        return target in self._hears and source in self._hears and source not in self._hears[target]

    def describe(self) -> str:
        return ", ".join(f"{name} hears {' '.join(heard)}" for name, heard in self._hears.items())


@attrs.frozen(kw_only=True)
class Shape:
    """A shape.

    Attributes:
        nodes_min: How many nodes it takes.
        sides: It has two sides: it may cut one way only.
        cut: From the nodes in a random order, and whether to cut one way, to the cut.
    """

    nodes_min: int
    sides: bool
    cut: Callable[[Sequence[str], bool], Cut]


def _first(count: Callable[[int], int], nodes_min: int = 2) -> Shape:
    """Return the shape with the first ``count(nodes)`` nodes on one side, and the rest on the other."""

    def cut(order: Sequence[str], one_way: bool) -> Cut:
        many = count(len(order))
        return Sides((order[:many], order[many:]), one_way)

    return Shape(nodes_min=nodes_min, sides=True, cut=cut)


def _bridge(order: Sequence[str], one_way: bool) -> Cut:
    _, *others = order
    half = len(others) // 2
    return Sides((others[:half], others[half:]), one_way)


SHAPES: Final[Mapping[str, Shape]] = {
    "halves": _first(lambda nodes: nodes // 2),
    "isolate-one": _first(lambda nodes: 1),
    "third": _first(lambda nodes: max(1, nodes // 3)),
    "minority": _first(lambda nodes: (nodes - 1) // 2, nodes_min=3),
    "majority": _first(lambda nodes: nodes // 2 + 1, nodes_min=3),
    "bridge": Shape(nodes_min=3, sides=True, cut=_bridge),
    "star": Shape(nodes_min=3, sides=False, cut=lambda order, one_way: _Star(order)),
    "majorities-ring": Shape(nodes_min=3, sides=False, cut=lambda order, one_way: _Ring(order)),
}
"""By name. ``bridge``: two halves, and one node that both hear; ``star``: everybody hears one node only."""


def shaped(shape: str, order: Sequence[str], one_way: bool) -> Cut:
    """Return the cut of this *shape* through the nodes in *order*."""
    return SHAPES[shape].cut(order, one_way)
