"""How stale reads of a register are: how many versions behind, and for how long.

Rules:

1. *k* is the smallest number for which some order of the operations keeps real time and shows each read one of the k
   writes before it: 1 is linearizable, 2 at most one version behind. Which larger k it would be is not computed: None.
2. *delta* is the smallest number of nanoseconds such that the history is linearizable once every read may have begun
   that much earlier: nobody read a value that had been replaced for longer. It is None if no time is enough, because a
   value was read that nobody wrote, or before it was written.
3. Order is that of events; a moved beginning stands ahead of all events of its time. So delta is 0 exactly if k is 1.
4. Both are local (Golab et al. 2011; 2013): keys are judged one by one, and the worst counts.
5. Written values are unique and differ from the initial one. A write of unknown outcome counts if its value was read,
   and may have taken until the first of these reads ended. The initial value counts as written before everything.

Cost: O(n log n) for delta's test, a few dozen times; for k, O(n * c) for c writes that overlap each other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Sequence
from itertools import accumulate, pairwise
from typing import Final

import attrs

from chaoslab.checkers.staleness_verifier import complaint_about_conflict, complaint_about_orders
from chaoslab.checkers.two_atomicity import Cluster, Interval, two_atomic_order
from chaoslab.checkers.verdict import confirm
from chaoslab.errors import UsageError
from chaoslab.history import History
from chaoslab.history.values import frozen
from chaoslab.models import MODELS, Model

__all__ = ["Staleness", "conflict_or_orders", "staleness"]

REGISTER = MODELS["register"]

_WRITES: Final = ("write", "put")


@attrs.frozen(kw_only=True)
class Staleness:
    """How stale the reads of a history are.

    Attributes:
        k: 1 if it is linearizable, 2 if reads are at most one version behind, None if more.
        delta_ns: By how much reads must be allowed to have begun earlier to make it linearizable; None if no time does.
        orders: For k = 1 and 2, for each key an order of its operations, by the index of their invocations, in which
            each read sees one of the k writes before it.
    """

    k: int | None
    delta_ns: int | None
    orders: tuple[tuple[int, ...], ...] = ()


def staleness(history: History, model: Model = REGISTER) -> Staleness:
    """Return how stale the reads of *history* are.

    Args:
        history: History of n reads and writes of unique values.
        model: Gives the value at the start, and which operations are reads.

    Returns:
        k and delta. Cost: O(n log n) where few writes overlap.

    Raises:
        UsageError: an operation that is neither a read nor a write, or a value that was written twice.

    Source:
        Golab, Li, Shah 2011, "Analyzing consistency properties for fun and profit" (delta, zones, locality); Golab,
        Hurwitz, Li 2013, "On the k-atomicity-verification problem", section 3 (limited backtracking); Gibbons & Korach
        1997 (zones).
    """
    keys = _clusters(history, model)
    if keys is None:
        return Staleness(k=None, delta_ns=None)
    k: int | None = 1
    orders: list[Sequence[int]] = []
    for clusters in keys:
        order = _atomic_order(clusters, 0)
        if isinstance(order, list):
            orders.append(order)
            continue
        two = two_atomic_order(clusters)
        k = None if two is None else k and 2
        orders.append(two or ())
    if k is not None:
        confirm("staleness", complaint_about_orders(orders, history, model, k, 0))
    return Staleness(
        k=k,
        delta_ns=0 if k == 1 else _least_delta(keys, history, model),
        orders=tuple(map(tuple, orders)) if k is not None else (),
    )


def conflict_or_orders(history: History, model: Model, bound_ns: int) -> tuple[int, int] | list[list[int]] | None:
    """Return what shows whether reads are at most *bound_ns* stale.

    Args:
        history: As for ``staleness``.
        model: Likewise.
        bound_ns: How much earlier every read may have begun.

    Returns:
        For each key an order of its operations, or else two writes that are in each other's way (-1: the initial
        value); None if a value was read that nobody had written by then. Cost: O(n log n) where few writes overlap.
    """
    keys = _clusters(history, model)
    if keys is None:
        return None
    orders = []
    for clusters in keys:
        order = _atomic_order(clusters, bound_ns)
        if isinstance(order, tuple):
            conflict = (order[0].write.call, order[1].write.call)
            confirm("staleness", complaint_about_conflict(conflict, history, model, bound_ns))
            return conflict
        orders.append(order)
    confirm("staleness", complaint_about_orders(orders, history, model, 1, bound_ns))
    return orders


def _clusters(history: History, model: Model) -> list[list[Cluster]] | None:
    """Return for each key its writes with their reads, the initial value first; None if a read has no write ahead."""
    times = list(
        accumulate(history.times_ns, max)
    )  # clocks of other systems may step back; the order of events does not
    writes: dict[Hashable, dict[Hashable, Interval]] = {}
    reads: dict[Hashable, dict[Hashable, list[Interval]]] = {}
    initial = frozen(model.initial)
    for operation in history.operations():
        key = frozen(operation.key) if model.keyed else None
        if operation.f not in (*model.reads, *_WRITES):
            raise UsageError(
                f"event {operation.call}: staleness is of reads and writes; it cannot tell what {operation.f!r} does."
            )
        if operation.type == "fail":
            continue
        end = (1 << 62, 1 << 62) if operation.ret is None else (times[operation.ret], operation.ret)
        interval = Interval(call=operation.call, begin=(times[operation.call], operation.call), end=end)
        if operation.f in model.reads:
            if operation.type == "ok":
                reads.setdefault(key, {}).setdefault(frozen(operation.value), []).append(interval)
            continue
        value = frozen(operation.argument)
        if value == initial or value in writes.setdefault(key, {}):
            raise UsageError(
                f"event {operation.call}: staleness is told by unique values, and {operation.argument!r} was "
                + ("there at the start." if value == initial else "written before.")
            )
        writes[key][value] = interval
    found = []
    for key in dict.fromkeys((*writes, *reads)):
        clusters = []
        table = reads.get(key, {})
        beginning = (-(1 << 62), -1)
        start = Interval(call=-1, begin=beginning, end=beginning)
        clusters.append(Cluster(write=start, reads=tuple(table.pop(initial, ())), end=beginning))
        for value, write in writes.get(key, {}).items():
            seen = tuple(table.pop(value, ()))
            end = min((write.end, *(read.end for read in seen)))
            if end < write.begin:
                return None
            if seen or write.end[0] < 1 << 62:
                clusters.append(Cluster(write=write, reads=seen, end=end))
        if table:
            return None
        found.append(clusters)
    return found


def _atomic_order(clusters: Sequence[Cluster], delta_ns: int) -> list[int] | tuple[Cluster, Cluster]:
    """Return an order that makes a key's operations linearizable if reads begin earlier, or two clusters in conflict.

    A cluster's zone lies between its first end and its last beginning. Where the end comes first, the zone is a stretch
    of time during which nothing else can have been current; where it comes last, any moment of it will do.
    """
    forward: list[tuple[tuple[int, int], tuple[int, int], Cluster]] = []
    backward: list[tuple[tuple[int, int], tuple[int, int], Cluster]] = []
    for cluster in clusters:
        last = max((cluster.write.begin, *(_moved(read, delta_ns) for read in cluster.reads)))
        (forward if cluster.end < last else backward).append((cluster.end, last, cluster))
    forward.sort(key=lambda zone: zone[0])
    for (_, last, one), (end, _, other) in pairwise(forward):
        if end < last:
            return one, other
    ends = [end for end, _, _ in forward]
    placed: list[tuple[tuple[int, int], int, Cluster]] = [(end, 0, cluster) for end, _, cluster in forward]
    for end, last, cluster in backward:
        index = bisect_left(ends, last) - 1
        if index >= 0 and forward[index][1] > end:
            return forward[index][2], cluster
        if index >= 0 and forward[index][1] > last:
            placed.append((forward[index][1], 1, cluster))
        else:
            placed.append((last, 0, cluster))
    placed.sort(key=lambda place: place[:2])
    order = []
    for _, _, cluster in placed:
        order.append(cluster.write.call)
        order += [read.call for read in sorted(cluster.reads, key=lambda read: read.begin)]
    return [call for call in order if call >= 0]


def _moved(read: Interval, delta_ns: int) -> tuple[int, int]:
    return (read.begin[0] - delta_ns, -1) if delta_ns else read.begin


def _least_delta(keys: Sequence[Sequence[Cluster]], history: History, model: Model) -> int:
    """Return the least delta of a history that is not linearizable; with enough time every one becomes so."""
    low, high = 0, 1  # too little, and perhaps enough
    while any(isinstance(_atomic_order(clusters, high), tuple) for clusters in keys):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if any(isinstance(_atomic_order(clusters, middle), tuple) for clusters in keys):
            low = middle
        else:
            high = middle
    orders: list[Sequence[int]] = []
    conflict: tuple[int, int] | None = None
    for clusters in keys:
        order = _atomic_order(clusters, high)
        assert isinstance(order, list)
        orders.append(order)
        less = _atomic_order(clusters, low)
        if isinstance(less, tuple):
            conflict = (less[0].write.call, less[1].write.call)
    confirm("staleness", complaint_about_orders(orders, history, model, 1, high))
    confirm("staleness", complaint_about_conflict(conflict, history, model, low))
    return high
