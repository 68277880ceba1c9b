"""What only grows, and went back all the same: counts, fencing tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from chaoslab.history.operation import Operation

__all__ = ["number_of", "went_back"]


def number_of(value: Any) -> int | float | None:
    """Return *value* if it is a number."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def went_back(
    operations: Iterable[Operation], number: Callable[[Operation], int | float | None], *, strictly: bool = False
) -> tuple[Operation, Operation] | None:
    """Return an operation and a later one that shows less, the first that there is; None if there are no such two.

    Args:
        operations: Those that succeeded are compared, where one had ended before the other began.
        number: What an operation shows; None: nothing.
        strictly: The same number is too little, too.

    Cost: O(n log n) for n operations.
    """
    shown = [(one, seen) for one in operations if one.type == "ok" and (seen := number(one)) is not None]
    ending = iter(sorted(shown, key=lambda pair: _end(pair[0])))
    ended = next(ending, None)
    greatest: tuple[Operation, int | float] | None = None
    for one, seen in sorted(shown, key=lambda pair: pair[0].call):
        while ended is not None and _end(ended[0]) < one.call:
            if greatest is None or ended[1] > greatest[1]:
                greatest = ended
            ended = next(ending, None)
        if greatest is not None and (seen < greatest[1] or (strictly and seen == greatest[1])):
            return greatest[0], one
    return None


def _end(one: Operation) -> int:
    assert one.ret is not None
    return one.ret
