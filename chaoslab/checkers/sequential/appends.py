"""Finds the interleaving of a history in which all that ever changes an object are appends, in O(n log n).

The longest read of an object says in which order its entries were appended, and each read says between which two of
them it stands. What nobody saw comes after everything that was seen. These orders, one for each object, and those of
the processes are all there is: if no cycle is in them, any order that keeps them will do.

This file does not say what is wrong where there is a cycle, nor does it know entries that are appended twice.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from graphlib import CycleError, TopologicalSorter

from chaoslab.checkers.entries import appends_only, entries_seen
from chaoslab.checkers.sequential.plan import Lived, key_of
from chaoslab.history import Operation
from chaoslab.history.values import frozen
from chaoslab.models import Model

__all__ = ["order_of_appends"]


def order_of_appends(lived: Sequence[Lived], model: Model) -> list[Operation] | None:
    """Return an order of the n operations *lived*, or None: there is none, or it cannot be told like this."""
    if not appends_only(model) or any(one.f != "append" and one.f not in model.reads for one, _ in lived):
        return None
    if any(one.f == "append" and one.type == "ok" and one.result is not None for one, _ in lived):
        return None  # where an entry was put was told: more is known than reads say
    objects: dict[Hashable, list[int]] = {}
    for node, (operation, _) in enumerate(lived):
        objects.setdefault(key_of(operation, model), []).append(node)
    sorter: TopologicalSorter[int] = TopologicalSorter()
    between = len(lived)  # beside the operations there is a node between each class and the next: fewer edges will do
    sessions: dict[tuple[object, int], list[int]] = {}
    for nodes in objects.values():
        classes = _classes([(node, lived[node][0]) for node in nodes], model)
        if classes is None:
            return None
        for number, members in enumerate(classes):
            for node in members:
                sorter.add(node, *([between] if number else []))
                sessions.setdefault((lived[node][0].process, lived[node][1]), []).append(node)
            between += 1
            sorter.add(between, *members)
    for line in sessions.values():
        for before, after in itertools.pairwise(sorted(line)):
            sorter.add(after, before)
    try:
        return [lived[node][0] for node in sorter.static_order() if node < len(lived)]
    except CycleError:
        return None


def _classes(operations: Sequence[tuple[int, Operation]], model: Model) -> list[list[int]] | None:
    """Return the operations on one object in classes, one after the other; in one class any order will do.

    Infos that nobody saw are left out: they need not have happened.
    """
    appends = {frozen(one.argument): node for node, one in operations if one.f == "append"}
    reads = [(node, one) for node, one in operations if one.f != "append"]
    contents = entries_seen([one.value for _, one in reads], appends, model)
    if contents is None or len(appends) + len(reads) < len(operations):
        return None
    longest = max(contents, key=len, default=[])
    if len(set(longest)) < len(longest) or not appends.keys() >= set(longest):
        return None
    if any(entries != longest[: len(entries)] for entries in contents):
        return None
    empty = [one.value for (_, one), entries in zip(reads, contents, strict=True) if not entries]
    if any(value != model.initial for value in empty if not isinstance(value, list | tuple)):
        return None  # a text that is not there is not one that is empty
    classes: list[list[int]] = [[] for _ in range(2 * len(longest) + 2)]
    for (node, _), entries in zip(reads, contents, strict=True):
        classes[2 * len(entries)].append(node)
    for place, entry in enumerate(longest):
        classes[2 * place + 1].append(appends[entry])
    seen = set(longest)
    classes[-1] = [appends[frozen(one.argument)] for _, one in operations if _is_unseen(one, seen)]
    return [nodes for nodes in classes if nodes]


def _is_unseen(one: Operation, seen: set[Hashable]) -> bool:
    return one.f == "append" and one.type == "ok" and frozen(one.argument) not in seen
