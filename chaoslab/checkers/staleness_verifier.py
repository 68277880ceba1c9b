"""Re-checks claims of staleness on the raw operations: shares no code with the checker.

*An order* is right if it holds every operation that counts once, if none stands behind one that had not begun when it
ended, and if each read sees one of the last k writes. *That less time is not enough* is right if two values can be
shown that would each have to be replaced by the other.
"""

from __future__ import annotations

from collections.abc import Sequence

from chaoslab.history import History, Operation
from chaoslab.history.values import frozen
from chaoslab.models import Model

__all__ = ["complaint_about_conflict", "complaint_about_orders"]


def complaint_about_orders(
    orders: Sequence[Sequence[int]], history: History, model: Model, k: int, delta_ns: int
) -> str | None:
    """Return why *orders*, one for each key, do not show that reads are at most k versions and delta old, or None.

    Cost: O(n * k).
    """
    operations = {operation.call: operation for operation in history.operations()}
    times = _times(history)
    reads = [one for one in operations.values() if one.type == "ok" and one.f in model.reads]
    seen = {(frozen(one.key) if model.keyed else None, frozen(one.value)) for one in reads}
    expected = {one.call for one in operations.values() if one.type == "ok"}
    for one in operations.values():
        written = (frozen(one.key) if model.keyed else None, frozen(one.argument))
        if one.type == "info" and one.f not in model.reads and written in seen:
            expected.add(one.call)
    if sorted(call for order in orders for call in order) != sorted(expected):
        return "the orders do not hold just the operations that happened"
    for order in orders:
        versions = [frozen(model.initial)]
        begun = (-(1 << 63), -1)
        keys = set()
        for call in order:
            one = operations[call]
            keys.add(frozen(one.key) if model.keyed else None)
            if one.ret is not None and (times[one.ret], one.ret) < begun:
                return f"event {call} had ended before something that stands ahead of it began"
            moved = one.f in model.reads and delta_ns
            begun = max(begun, (times[call] - delta_ns, -1) if moved else (times[call], call))
            if one.f not in model.reads:
                versions.append(frozen(one.argument))
            elif frozen(one.value) not in versions[-k:]:
                return f"event {call} does not see one of the last {k} versions"
        if len(keys) > 1:
            return "an order mixes keys"
    return None


def complaint_about_conflict(
    writes: tuple[int, int] | None, history: History, model: Model, delta_ns: int
) -> str | None:
    """Return why two writes (-1: of the initial value) do not show that delta is too little, or None. Cost: O(n)."""
    if writes is None:
        return "nothing shows that less time is not enough"
    times = _times(history)
    operations = [operation for operation in history.operations() if operation.type != "fail"]
    by_call = {operation.call: operation for operation in operations}
    known = [by_call[write] for write in writes if write >= 0]
    if not known or writes[0] == writes[1]:
        return "there are not two writes"
    key = frozen(known[0].key) if model.keyed else None
    first_ends, last_begins = [], []
    for write in writes:
        value = frozen(model.initial) if write < 0 else frozen(by_call[write].argument)
        cluster: list[Operation] = [by_call[write]] if write >= 0 else []
        for one in operations:
            same = (frozen(one.key) if model.keyed else None) == key and frozen(one.value) == value
            if same and one.f in model.reads and one.type == "ok":
                cluster.append(one)
        ends = [(times[one.ret], one.ret) for one in cluster if one.ret is not None]
        begins = [
            (times[one.call] - delta_ns, -1) if delta_ns and one.f in model.reads else (times[one.call], one.call)
            for one in cluster
        ]
        first_ends.append(min(ends) if write >= 0 else (-(1 << 63), -1))
        last_begins.append(max(begins))
    if first_ends[0] < last_begins[1] and first_ends[1] < last_begins[0]:
        return None
    return "the two values need not replace each other"


def _times(history: History) -> list[int]:
    """Return each event's time, or that of an earlier event if that was later: the order of events is what counts."""
    times: list[int] = []
    for time_ns in history.times_ns:
        times.append(max(time_ns, times[-1]) if times else time_ns)
    return times
