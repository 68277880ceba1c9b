"""Says in words why a read of a set, or a look for one element, is wrong."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from chaoslab.history import Operation
from chaoslab.history.values import frozen, thawed
from chaoslab.history.words import in_words, shown
from chaoslab.models.model import Explanation

__all__ = ["about_elements"]


def about_elements(operations: Sequence[Operation], read: Operation) -> Explanation | None:
    """Return the anomaly's name, a sentence and what shows it, if *read* sees an element too many or misses one.

    Args:
        operations: All operations on the set.
        read: One of them that succeeded: ``read``, or ``contains``.

    Cost: O(n) for n operations, and O(n) for each element that *read* does not see.
    """
    happened = [one for one in operations if one.type != "fail"]
    adds: dict[Hashable, list[Operation]] = {}
    for one in happened:
        if one.f == "add":
            adds.setdefault(frozen(one.argument), []).append(one)
    return _too_many(read, adds) or _missing(read, adds, happened)


def _too_many(read: Operation, adds: dict[Hashable, list[Operation]]) -> Explanation | None:
    """Return what is wrong if *read* sees an element that nobody had begun to add."""
    assert read.ret is not None
    for element, sees in _seen(read).items():
        first = min(adds.get(element, ()), key=lambda add: add.call, default=None)
        if sees and first is None:
            return "value out of thin air", f"{in_words(read)}; nobody added {shown(thawed(element))}.", (read,)
        if sees and first is not None and first.call > read.ret:
            sentence = f"{in_words(read)}; {shown(thawed(element))} was only added afterwards: {in_words(first)}."
            return "read from the future", sentence, (read, first)
    return None


def _missing(
    read: Operation, adds: dict[Hashable, list[Operation]], happened: Sequence[Operation]
) -> Explanation | None:
    """Return what is wrong if *read* misses an element that must be there: added, and removed no more."""
    assert read.ret is not None
    seen = _seen(read)
    for element, some in adds.items():
        if seen.get(element, read.f == "contains"):
            continue
        removes = [one for one in happened if one.f == "remove" and frozen(one.argument) == element]
        for add in some:
            stays = all(one.call > read.ret or (one.ret is not None and one.ret < add.call) for one in removes)
            if stays and add.type == "ok" and add.ret is not None and add.ret < read.call:
                found = any(_seen(one).get(element) for one in happened if one.type == "ok")
                nobody = "nobody can have removed it in between" if removes else "nobody removes it"
                sentence = f"{in_words(read)}, although before that {in_words(add)}, and {nobody}"
                return (
                    "stale read" if found else "lost element",
                    f"{sentence}." if found else f"{sentence}; no read ever saw {shown(thawed(element))}.",
                    (add, read),
                )
    return None


def _seen(read: Operation) -> dict[Any, bool]:
    """Return the elements of which *read* says something: whether they are there."""
    if read.f == "contains":
        return {frozen(read.argument): bool(read.value)}
    if read.f != "read":
        return {}
    value = frozen(read.value)
    return dict.fromkeys(value[1], True) if value.__class__ is tuple and value[0] in ("list", "set") else {}
