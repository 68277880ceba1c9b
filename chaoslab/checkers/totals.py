"""Says in words that two looks at a bank show different amounts of money, which no transfers explain."""

from __future__ import annotations

from collections.abc import Iterable

from chaoslab.checkers.verdict import Telling
from chaoslab.history import Operation
from chaoslab.history.words import in_words

__all__ = ["about_totals"]


def about_totals(operations: Iterable[Operation]) -> Telling | None:
    """Return what two reads show, if they are of the same accounts and of different sums; None if there are none.

    Args:
        operations: Transfers between accounts, and reads of all balances, in the order of their invocations.
    """
    first: dict[frozenset[object], Operation] = {}
    for read in operations:
        if read.f != "read" or read.type != "ok" or not isinstance(read.value, dict):
            continue
        if not all(isinstance(balance, int) for balance in read.value.values()):
            continue
        other = first.setdefault(frozenset(read.value), read)
        if sum(other.value.values()) != sum(read.value.values()):
            return Telling(
                anomaly="wrong total",
                summary=f"{in_words(read)}, {sum(read.value.values())} in all, although {in_words(other)}, "
                f"{sum(other.value.values())} in all, and no transfer makes or loses money.",
                operations=(other, read),
            )
    return None
