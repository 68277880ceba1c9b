"""Says in words why a read of a set, or a look for one element, is wrong."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from chaoslab.history import Operation
from chaoslab.history.values import frozen, thawed
from chaoslab.history.words import in_words, shown
from chaoslab.models.model import Explanation

__all__ = ["about_elements"]


def about_elements(operations: Sequence[Operation], read: Operation) -> Explanation | None:
    """Return the anomaly's name, a sentence and what shows it, if *read* misses an element or sees one too many.

    Args:
        operations: All operations on the set.
        read: One of them that succeeded: ``read``, or ``contains``.
    """
    assert read.ret is not None
    seen = _seen(read)
    happened = [one for one in operations if one.type != "fail"]
    added = {frozen(one.argument): one for one in reversed(happened) if one.f == "add"}
    for element, sees in seen.items():
        if sees and element not in added:
            return "value out of thin air", f"{in_words(read)}; nobody added {shown(thawed(element))}.", (read,)
        if sees and all(one.call > read.ret for one in _adds(element, happened)):
            add = added[element]
            return (
                "read from the future",
                f"{in_words(read)}, which was only added afterwards: {in_words(add)}.",
                (read, add),
            )
    missing = [element for element in added if not seen.get(element, read.f == "contains")]
    for element in missing:
        removes = [one for one in happened if one.f == "remove" and frozen(one.argument) == element]
        for add in _adds(element, happened):
            if add.type != "ok" or add.ret is None or add.ret > read.call:
                continue
            if all(one.call > read.ret or (one.ret is not None and one.ret < add.call) for one in removes):
                nobody = "nobody can have removed it in between" if removes else "nobody removes it"
                return (
                    "lost element",
                    f"{in_words(read)}, although before that {in_words(add)}, and {nobody}.",
                    (add, read),
                )
    return None


def _adds(element: Hashable, operations: Sequence[Operation]) -> Iterator[Operation]:
    return (one for one in operations if one.f == "add" and frozen(one.argument) == element)


def _seen(read: Operation) -> dict[Any, bool]:
    """Return the elements of which *read* says something: whether they are there."""
    if read.f == "contains":
        return {frozen(read.argument): bool(read.value)}
    if read.f != "read":
        return {}
    value = frozen(read.value)
    return dict.fromkeys(value[1], True) if value.__class__ is tuple and value[0] in ("list", "set") else {}
