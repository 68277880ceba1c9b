"""Re-checks what is claimed of last reads, on the raw operations: shares no code with the checker."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from chaoslab.history import Operation
from chaoslab.history.values import frozen
from chaoslab.models import Model

__all__ = ["complaint_about_agreement", "complaint_about_reads", "complaint_about_states"]


def complaint_about_agreement(
    groups: Sequence[Sequence[int]], operations: Sequence[Operation], model: Model
) -> str | None:
    """Return why the reads of one of *groups*, each of one key, do not agree, or None. Cost: O(n)."""
    by_call = {operation.call: operation for operation in operations}
    late: dict[object, set[object]] = {}
    for operation in operations:
        if operation.type == "info" and operation.f not in model.reads:
            argument = operation.argument[1] if operation.f == "cas" else operation.argument
            late.setdefault(_key(operation, model), set()).add(None if operation.f == "delete" else frozen(argument))
    for group in groups:
        reads = [by_call[call] for call in group]
        keys = {_key(read, model) for read in reads}
        if len(keys) != 1 or any(read.type != "ok" or read.f not in model.reads for read in reads):
            return "what should agree are not reads of one key"
        values = {frozen(read.value) for read in reads} - late.get(keys.pop(), set())
        if len(values) > 1:
            return f"the reads of events {', '.join(map(str, group))} do not agree"
    return None


def complaint_about_reads(reads: Sequence[int], operations: Sequence[Operation], model: Model) -> str | None:
    """Return why *reads* (two that differ, or one that saw what cannot be there) show nothing, or None. Cost: O(n)."""
    guilty = [operation for operation in operations if operation.call in reads]
    if len(guilty) != len(reads) or not guilty:
        return "there are no such reads"
    key = _key(guilty[0], model)
    happened = [operation for operation in operations if operation.type != "fail"]
    changes = [one for one in happened if one.f not in model.reads and not (one.f == "cas" and one.result is False)]
    same = [operation for operation in happened if _key(operation, model) == key]
    updates = [one for one in changes if _key(one, model) == key]
    for read in guilty:
        if read not in same or read.f not in model.reads or read.type != "ok":
            return f"event {read.call} is no read of that key"
        if any((one.call if one.ret is None else one.ret) > read.call for one in changes):
            return f"event {read.call} was read while updates were going on"
        for other in same:
            if (
                other.process == read.process
                and other.f in model.reads
                and other.type == "ok"
                and other.call > read.call
            ):
                return f"event {read.call} is not the last read of its process"
    values = [frozen(read.value) for read in guilty]
    if len(guilty) == 2 and values[0] == values[1]:
        return "the two reads agree"
    if model.name in ("counter", "set", "siblings") and len(guilty) == 1:
        return "that value may be there" if _may_show(guilty[0], updates, model) else None
    made = {}
    for one in updates:
        if one.f in ("write", "put", "cas", "delete"):
            made[one.call] = None if one.f == "delete" else frozen(one.argument[1] if one.f == "cas" else one.argument)
        elif one.type == "info" or len(guilty) == 1:
            return f"it is not known what value event {one.call} leaves"
    if any(one.type == "info" and made[one.call] in values for one in updates):
        return "an update of unknown outcome may have written that"
    if len(guilty) == 2:
        return None
    sure = any(one.type == "ok" and (one.f != "cas" or one.result) for one in updates)
    allowed = {*made.values()} | (set() if sure else {frozen(model.initial)})
    return "that value may be there" if values[0] in allowed else None


def _may_show(read: Operation, updates: Sequence[Operation], model: Model) -> bool:
    """Return whether some outcome of the unknown ones among *updates* explains what *read* shows."""
    if model.name == "siblings":
        return _may_show_siblings([frozen(value) for value in read.value], updates)
    if model.name == "set":
        shown = [frozen(element) for element in read.value]
        for element in {frozen(one.argument) for one in updates} | set(shown):
            own = [one for one in updates if frozen(one.argument) == element]
            removes = [one for one in own if one.f == "remove"]
            adds = [one for one in own if one.f == "add"]
            if element in shown and not adds:
                return False
            stays = any(
                add.type == "ok" and all(one.type == "ok" and one.ret < add.call for one in removes)  # type: ignore[operator]
                for add in adds
            )
            if element not in shown and stays:
                return False
        return True
    amounts = []
    for one in updates:
        amount = 1 if one.argument is None else one.argument
        amounts.append((one.type, -amount if one.f == "decrement" else amount))
    rest = read.value - sum(amount for type, amount in amounts if type == "ok")
    unsure = [amount for type, amount in amounts if type == "info"]
    below: float = -sum(abs(amount) for amount in unsure if amount < 0)
    return bool(below <= rest <= sum(amount for amount in unsure if amount > 0))


def _may_show_siblings(shown: Sequence[Hashable], updates: Sequence[Operation]) -> bool:
    """Return whether *shown* can be what is left of the values that *updates* put over each other."""
    made = {frozen(one.argument): one for one in updates if one.f == "replace"}
    if any(value not in made for value in shown):
        return False
    for value, maker in made.items():
        over = [one for one in updates if one.result is None or value in map(frozen, one.result)]
        if value in shown and any(one.type == "ok" and one.result is not None for one in over):
            return False
        if value not in shown and maker.type == "ok" and not over:
            return False
    return True


def complaint_about_states(states: Sequence[tuple[frozenset[Hashable], Any]], guilty: Sequence[int]) -> str | None:
    """Return what is wrong with the claim that *guilty* (two places in *states*, or none) received the same and differ.

    Args:
        states: What each replica received, and its state.
        guilty: The places of the two that differ; empty if it is claimed that there are none.

    Cost: O(n) for two, O(n * n) comparisons of what was received at worst for none.
    """
    if guilty:
        one, other = (states[place] for place in guilty)
        return None if one[0] == other[0] and frozen(one[1]) != frozen(other[1]) else "these two do not contradict"
    for place, (received, state) in enumerate(states):
        later = next((one for one in states[place + 1 :] if one[0] == received), None)
        if later is not None and frozen(later[1]) != frozen(state):
            return "two that received the same differ"
    return None


def _key(operation: Operation, model: Model) -> object:
    return frozen(operation.key) if model.keyed else None
