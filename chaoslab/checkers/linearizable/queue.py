"""Decides histories of a first-in-first-out queue in O(n log n), if no value is enqueued twice.

Rules:

1. A dequeue that found the queue empty needs a moment at which no item was certainly in it. Any such moment will do:
   what was enqueued before it goes there and out again before it, the rest comes after it.
2. Item a must go before item b if the enqueue of a ended before that of b began, or the dequeue of a before that of b.
   An order of the items that keeps this is a legal order of the queue. It is built from the front: an item can be next
   if none of the rest must go before it. If there is no next item, then the one whose enqueue ended first and the one
   whose dequeue ended first are in each other's way, and those two are the proof.
3. A dequeue of which nobody knows what it took may have taken any item that never came out (``lost_items``).

This file knows nothing of values that are enqueued twice.

Source: Henzinger, Sezgin & Vafeiadis, "Aspect-oriented linearizability proofs" (CONCUR 2013): that nothing but rules 1
and 2 can be violated. The order and rule 3 are ours.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable

from chaoslab.checkers.linearizable.decision import Ordered, Refuted, Telling, refuted
from chaoslab.checkers.linearizable.empties import moments_of_empties
from chaoslab.checkers.linearizable.items import Items, items_of, took
from chaoslab.checkers.linearizable.lost_items import LostItems, lost_too_early
from chaoslab.checkers.linearizable.parts import Effects, Part
from chaoslab.history import Operation
from chaoslab.models.queue import QUEUE

__all__ = ["decide_queue"]


def decide_queue(part: Part, effects: Effects) -> Ordered | Refuted | None:
    """Decide whether a history of a queue is linearizable.

    Args:
        part: All operations on one queue, n of them.
        effects: What they do. A model other than the queue that starts empty is not decided.

    Returns:
        An order, or few operations that have none, or None if a value is enqueued twice. Cost: O(n log n), and O(k²)
        more for k dequeues of which nobody knows what they took, if others found the queue empty.
    """
    if effects.model.step is not QUEUE.step or effects.model.initial != QUEUE.initial:
        return None
    items = items_of(part, effects, put="enqueue", take="dequeue")
    if not isinstance(items, Items):
        return items
    lost = LostItems(items, _overtakers(items)) if items.unknown else None
    if lost is not None and lost.unserved:
        pair = lost.unserved[-1], lost.overtakers[lost.unserved[-1]]
        return lost_too_early("first-in-first-out violation", items, lost, _told_overtaken(items, *pair))
    moments = moments_of_empties(items, lost)
    if isinstance(moments, Refuted):
        return moments
    if lost is not None:
        lost.serve(moments)
    order = _order_of_items(items, moments)
    if isinstance(order, Refuted):
        return order
    return Ordered(positions=_witness(items, order, moments))


def _order_of_items(items: Items, moments: list[int]) -> list[tuple[int, int, int]] | Refuted:
    """Return the items in an order that is legal, each with the moments of its enqueue and its dequeue, in halves.

    Args:
        items: All items.
        moments: When the queue is empty, in halves of an event: no item may be in it across one of them.
    """
    put_calls, put_rets, take_calls, take_rets = (
        [2 * time for time in times] for times in (items.put_calls, items.put_rets, items.take_calls, items.take_rets)
    )
    if moments:
        bounds = sorted(set(moments))
        for item, put_ret in enumerate(put_rets):
            place = bisect_left(bounds, put_ret)
            if place:
                put_calls[item] = max(put_calls[item], bounds[place - 1])
                take_calls[item] = max(take_calls[item], bounds[place - 1])
    count = len(put_calls)
    by_put_call, by_put_ret, by_take_call, by_take_ret = (
        sorted(range(count), key=times.__getitem__) for times in (put_calls, put_rets, take_calls, take_rets)
    )
    first_put = first_take = enqueueable = dequeueable = 0
    halves, gone = bytearray(count), bytearray(count)
    order: list[tuple[int, int, int]] = []
    put_moment = take_moment = -1
    while len(order) < count:
        while gone[by_put_ret[first_put]]:
            first_put += 1
        while gone[by_take_ret[first_take]]:
            first_take += 1
        ready = []
        end = put_rets[by_put_ret[first_put]]
        while enqueueable < count and put_calls[item := by_put_call[enqueueable]] < end:
            enqueueable += 1
            if halves[item]:
                ready.append(item)
            halves[item] = 1
        end = take_rets[by_take_ret[first_take]]
        while dequeueable < count and take_calls[item := by_take_call[dequeueable]] < end:
            dequeueable += 1
            if halves[item]:
                ready.append(item)
            halves[item] = 1
        if not ready:
            pair = by_put_ret[first_put], by_take_ret[first_take]
            return refuted("first-in-first-out violation", items.operations_on(pair), _told_overtaken(items, *pair))
        for item in ready:
            gone[item] = 1
            if put_calls[item] > put_moment:
                put_moment = put_calls[item]
            if take_calls[item] > take_moment:
                take_moment = take_calls[item]
            order.append((item, put_moment, take_moment))
    return order


def _witness(items: Items, order: list[tuple[int, int, int]], moments: list[int]) -> list[int]:
    """Return all operations by their moments; at the same one empty dequeues, then enqueues, then dequeues."""
    positions = [empty for _, _, empty in items.empties]
    keys = [moment * 3 for moment in moments]
    for item, put_moment, _ in order:
        positions.append(items.puts[item])
        keys.append(put_moment * 3 + 1)
    for item, _, take_moment in order:
        if items.takes[item] >= 0:
            positions.append(items.takes[item])
            keys.append(take_moment * 3 + 2)
    return [positions[number] for number in sorted(range(len(keys)), key=keys.__getitem__)]


def _told_overtaken(items: Items, first: int, second: int) -> Telling:
    def tell(operation: Callable[[int], Operation]) -> str:
        one, other = operation(items.puts[first]).argument, operation(items.puts[second]).argument
        late = "never came out"
        if items.takes[first] >= 0:
            late = f"came out only afterwards, for process {operation(items.takes[first]).process}"
        return (
            f"{took(operation(items.takes[second]))}, although the enqueue of {one!r} had ended before that of "
            f"{other!r} began, and {one!r} {late}."
        )

    return tell


def _overtakers(items: Items) -> dict[int, int]:
    """Return for items that never came out which one, enqueued later, came out first of all, if there is any."""
    taken = [item for item, take in enumerate(items.takes) if take >= 0]
    calls = [items.put_calls[item] for item in taken]
    earliest = taken.copy()  # of this one and all that were enqueued later, the one whose dequeue ended first
    for place in range(len(taken) - 2, -1, -1):
        if items.take_rets[earliest[place + 1]] < items.take_rets[earliest[place]]:
            earliest[place] = earliest[place + 1]
    found = {}
    for item, take in enumerate(items.takes):
        place = bisect_right(calls, items.put_rets[item])
        if take < 0 and place < len(taken):
            found[item] = earliest[place]
    return found
