"""What counters, sets and siblings must show in the end, whatever order updates took: none lost, none made up.

Updates of a counter commute, so its last reads are the sum of all updates that happened. Of a set, an element must be
there if one add of it cannot have been undone: every remove of it that may have happened had ended before that add
began. An element must not be there that no add put there.

Of a register that keeps siblings, a value that was put must be there unless another put may have gone over it; a value
must not be there over which another put certainly went, or that nobody put there.

An update of unknown outcome may have happened or not: a counter may then show anything between the two extremes.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from chaoslab.history import Operation
from chaoslab.history.values import frozen
from chaoslab.models import Model
from chaoslab.models.number import number_in

__all__ = ["can_be_summed", "misfit"]


def can_be_summed(model: Model) -> bool:
    """Return whether last reads of *model* can be judged by the updates alone."""
    return model.name in ("counter", "set", "siblings")


def misfit(read: Operation, updates: Sequence[Operation], model: Model) -> tuple[str, str] | None:
    """Return the anomaly and what should be there instead, if *read* does not fit *updates*.

    Args:
        read: A read of one key, invoked when every update that certainly happened had ended.
        updates: The updates of that key that happened or may have.
        model: A model that ``can_be_summed``.

    Cost: O(n).
    """
    if read.f != "read":
        return None
    if model.name == "siblings":
        return _wrong_siblings(read, updates)
    return _wrong_sum(read, updates) if model.name == "counter" else _wrong_elements(read, updates)


def _wrong_sum(read: Operation, updates: Sequence[Operation]) -> tuple[str, str] | None:
    low: float = 0
    high: float = 0
    for one in updates:
        amount = 1 if one.argument is None else number_in(one.argument, "what is added to a counter")
        amount = -amount if one.f == "decrement" else amount
        low += min(amount, 0) if one.type == "info" else amount
        high += max(amount, 0) if one.type == "info" else amount
    if low <= number_in(read.value, "what a counter shows") <= high:
        return None
    return "wrong sum", f"although its updates make {low}" + ("" if low == high else f" to {high}")


def _wrong_elements(read: Operation, updates: Sequence[Operation]) -> tuple[str, str] | None:
    seen = {frozen(element) for element in read.value}
    added: set[Hashable] = set()
    removed_until: dict[Hashable, float] = {}
    for one in updates:
        element = frozen(one.argument)
        if one.f == "remove":
            until = float("inf") if one.ret is None or one.type == "info" else one.ret
            removed_until[element] = max(until, removed_until.get(element, -1))
        else:
            added.add(element)
    for one in updates:
        element = frozen(one.argument)
        if one.f == "add" and one.type == "ok" and element not in seen and removed_until.get(element, -1) < one.call:
            return "lost update", f"without {one.argument!r}, which had been added and not removed since"
    for value in read.value:
        if frozen(value) not in added:
            return "value out of thin air", f"with {value!r}, which nobody had added"
    return None


def _wrong_siblings(read: Operation, updates: Sequence[Operation]) -> tuple[str, str] | None:
    seen = {frozen(value) for value in read.value}
    put = {frozen(one.argument) for one in updates if one.f == "replace"}
    surely: set[Hashable] = set()
    perhaps: set[Hashable] = set()
    for one in updates:
        replaced = {frozen(value) for value in one.result or ()}
        perhaps |= put if one.result is None else replaced
        if one.type == "ok":
            surely |= replaced
    for one in updates:
        value = frozen(one.argument)
        if one.f == "replace" and one.type == "ok" and value not in seen and value not in perhaps:
            return "lost update", f"without {one.argument!r}, which nobody who had read it has replaced"
    for value in read.value:
        if frozen(value) not in put:
            return "value out of thin air", f"with {value!r}, which nobody had put there"
        if frozen(value) in surely:
            return "resurrection", f"with {value!r}, which had been replaced or cleared by somebody who had read it"
    return None
