"""Says in words which two operations on a register cannot both be true, whatever else there was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

from chaoslab.history import Operation
from chaoslab.history.values import frozen
from chaoslab.history.words import in_words, shown
from chaoslab.models.model import Explanation, Model

__all__ = ["about_pairs"]

_WRITES = frozenset({"write", "put"})


def about_pairs(small: Sequence[Operation], operations: Sequence[Operation], model: Model) -> Iterator[Explanation]:
    """Yield what may be wrong with two of the operations *small*: whether it is, the search says of what is shown.

    *New-old inversion* (Lamport, "On interprocess communication", 1986): a read saw a value, and a later one the value
    before it. *Lost update*: two compare-and-sets replaced the same value, which was there once.

    Args:
        small: Few operations that have no order.
        operations: All operations on the register.
        model: A register.
    """
    happened = [one for one in operations if one.type != "fail"]
    reads = [one for one in small if one.type == "ok" and one.f in model.reads]
    for first, second in permutations(reads, 2):
        if first.ret is None or first.ret > second.call or frozen(first.value) == frozen(second.value):
            continue
        new, old = (_writes_of(one.value, happened, model) for one in (first, second))
        if new is not None and old is not None:
            again = "" if second.value is None else f", and nobody wrote {shown(second.value)} again"
            sentence = f"{in_words(second)}, although before that {in_words(first)}{again}."
            yield "new-old inversion", sentence, (first, second, *new, *old)
    swaps = [one for one in small if one.type == "ok" and one.f == "cas" and one.result is not False]
    for first, second in combinations(swaps, 2):
        expected = first.argument[0]
        writes = _writes_of(expected, happened, model)
        if writes is not None and frozen(expected) == frozen(second.argument[0]):
            sentence = f"{in_words(first)}, and {in_words(second)}, too, but {shown(expected)} was there only once."
            yield "lost update", sentence, (*writes, first, second)


def _writes_of(value: object, happened: Sequence[Operation], model: Model) -> list[Operation] | None:
    """Return the writes of *value*; None if it may have come about otherwise, such as by a delete."""
    sought = frozen(value)
    found = []
    for one in happened:
        if one.f == "cas" and one.result is not False and frozen(one.argument[1]) == sought:
            return None
        if one.f not in _WRITES and one.f != "cas" and one.f not in model.reads:
            return None
        if one.f in _WRITES and frozen(one.argument) == sought:
            found.append(one)
    return found
