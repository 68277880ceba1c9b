"""Says in words why a read of a counter is wrong: the sums of its updates show it, or a read before it."""

from __future__ import annotations

from collections.abc import Sequence

from chaoslab.history import Operation
from chaoslab.history.values import frozen
from chaoslab.history.words import in_words
from chaoslab.models.growing import number_of, went_back
from chaoslab.models.model import Explanation
from chaoslab.models.number import number_in

__all__ = ["about_count", "about_counting_back"]


def about_counting_back(operations: Sequence[Operation]) -> Explanation | None:
    """Return the anomaly's name, a sentence and two reads, if the later shows less, and nothing ever takes away."""
    happened = [one for one in operations if one.type != "fail"]
    if any(one.f != "read" and _amount(one) < 0 for one in happened):
        return None
    back = went_back((one for one in happened if one.f == "read"), lambda one: number_of(one.value))
    if back is None:
        return None
    first, second = back
    return "stale read", f"{in_words(second)}, although before that {in_words(first)}, and nothing takes away.", back


def about_count(operations: Sequence[Operation], read: Operation) -> tuple[str, str] | None:
    """Return the anomaly's name and a sentence, if *read* shows more or less than all *operations* together can make.

    An update that had ended when the read began counts. One that had begun when the read ended may count; so may one
    of which nobody knows whether it happened.
    """
    if read.ret is None:
        return None
    surely: float = 0
    low: float = 0
    high: float = 0
    for one in operations:
        if one.type == "fail" or one.f == "read" or one.call > read.ret:
            continue
        amount = _amount(one)
        if one.ret is not None and one.ret < read.call:
            surely += amount
        else:
            low += min(amount, 0)
            high += max(amount, 0)
    seen = number_in(frozen(read.value), "what a counter shows")
    if surely + low <= seen <= surely + high:
        return None
    bound = f"at most {surely + high}" if seen > surely + high else f"at least {surely + low}"
    return "wrong sum", f"{in_words(read)}, although all updates until then make {bound}."


def _amount(update: Operation) -> float:
    """Return what *update* adds."""
    amount = 1 if update.argument is None else number_in(frozen(update.argument), "what is added to a counter")
    return -amount if update.f == "decrement" else amount
