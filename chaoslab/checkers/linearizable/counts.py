"""Says in words why a read of a counter is wrong, where the sums of its updates are enough to show it."""

from __future__ import annotations

from collections.abc import Sequence

from chaoslab.history import Operation
from chaoslab.history.values import frozen
from chaoslab.history.words import in_words
from chaoslab.models.number import number_in

__all__ = ["about_count"]


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
        amount = 1 if one.argument is None else number_in(frozen(one.argument), "what is added to a counter")
        amount = -amount if one.f == "decrement" else amount
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
