"""Decides histories of a priority queue, in O(n log n) typically, if no element is inserted twice.

An element is certainly in the queue between the return of its insert and the call of its delete-min.

Rules:

1. A delete-min needs a moment at which no element of a smaller priority is certainly there. Any such moment will do:
   what was inserted before it, of smaller priority, goes before it and out again, the rest comes after it. Elements of
   the same priority are in nobody's way. A delete-min that found the queue empty needs a moment without any elements.
2. So elements are looked at by priority, the smallest first, each against the union of the smaller ones. If everything
   is inserted as late and taken as early as it can be, the moments fit together.
3. Which elements a delete-min of unknown outcome has taken is guessed. A guess that works is an order like any other;
   where none does and the rest is no proof either, there is no answer.

This file knows nothing of elements that are inserted twice.

Source: the plan is that of Lee & Mathur, "Efficient decrease-and-conquer linearizability monitoring" (OOPSLA 2025):
take away what cannot be in the way of others. That one order of priorities gives all moments is ours.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import attrs

from chaoslab.checkers.linearizable.decision import Ordered, Refuted, Telling, refuted
from chaoslab.checkers.linearizable.empties import all_the_time, chain_over, moments_of_empties, uncovered_after
from chaoslab.checkers.linearizable.items import Items, items_of, took
from chaoslab.checkers.linearizable.lost_items import LostItems, lost_too_early
from chaoslab.checkers.linearizable.parts import NEVER, Effects, Part
from chaoslab.models.priority_queue import PRIORITY_QUEUE, priority_of

__all__ = ["decide_priority_queue"]

_ANOMALY = "priority violation"

_GUESSES_MAX = 32
"""How often another guess of what operations of unknown outcome took is made after the first failed."""


def decide_priority_queue(part: Part, effects: Effects) -> Ordered | Refuted | None:
    """Decide whether a history of a priority queue is linearizable.

    Args:
        part: All operations on one priority queue, n of them.
        effects: What they do. A model other than the priority queue that starts empty is not decided.

    Returns:
        An order, or few operations that have none; or None if an element is inserted twice, or if it depends on
        operations of unknown outcome. Cost: O(n log n).

    Raises:
        HistoryError: an element that has no number as its priority.
    """
    if effects.model.step is not PRIORITY_QUEUE.step or effects.model.initial != PRIORITY_QUEUE.initial:
        return None
    items = items_of(part, effects, put="insert", take="delete-min")
    if not isinstance(items, Items):
        return items
    priorities = [priority_of(value) for value in items.values]
    lost = LostItems(items, _overtakers(items, priorities)) if items.unknown else None
    if lost is not None and lost.unserved:
        last = lost.unserved[-1]
        return lost_too_early(_ANOMALY, items, lost, _told_passed_over(items, lost.overtakers[last], [last]))
    moments = moments_of_empties(items, lost)
    if isinstance(moments, Refuted):
        return moments
    if lost is not None:
        lost.serve(moments)
    everything = range(len(items.puts))
    taken: list[tuple[int, int]] | _PassedOver | None = _moments_of_takes(items, priorities, everything)
    if isinstance(taken, _PassedOver) and lost is not None:
        certain = [item for item, take in enumerate(items.takes) if take >= 0 and item not in lost]
        found = _moments_of_takes(items, priorities, certain)
        taken = found if isinstance(found, _PassedOver) else _guessed(items, priorities, lost, taken)
    if isinstance(taken, _PassedOver):
        positions = items.operations_on([taken.item, *taken.chain])
        return refuted(_ANOMALY, positions, _told_passed_over(items, taken.item, taken.chain))
    return None if taken is None else Ordered(positions=_witness(items, taken, moments))


@attrs.frozen(kw_only=True)
class _PassedOver:
    """That *item* was taken while items of a smaller priority, the *chain*, were there all the time."""

    item: int
    chain: list[int]


def _moments_of_takes(
    items: Items, priorities: Sequence[int | float], chosen: Sequence[int]
) -> list[tuple[int, int]] | _PassedOver:
    """Return the items *chosen* by priority, each with the event just after which it is taken, as early as can be."""
    put_rets, take_calls, take_rets = items.put_rets, items.take_calls, items.take_rets
    starts: list[int] = []  # the union of all smaller ones
    ends: list[int] = []
    waiting: list[int] = []  # of the same priority as the next one: not yet in the union
    found: list[tuple[int, int]] = []
    for item in sorted(chosen, key=priorities.__getitem__):
        if waiting and priorities[waiting[-1]] < priorities[item]:
            for smaller in waiting:
                _unite(starts, ends, put_rets[smaller], take_calls[smaller])
            waiting.clear()
        waiting.append(item)
        if items.takes[item] < 0:
            found.append((item, NEVER))
            continue
        event = uncovered_after(take_calls[item], starts, ends)
        if event > take_rets[item] or event == NEVER:
            smaller_ones = [one for one, _ in found[: len(found) + 1 - len(waiting)]]
            end = min(take_rets[item], NEVER)
            return _PassedOver(item=item, chain=chain_over(take_calls[item], end, items, smaller_ones))
        found.append((item, event))
    return found


def _unite(starts: list[int], ends: list[int], start: int, end: int) -> None:
    """Add the open interval from *start* to *end* to a union of intervals in ascending order."""
    if end <= start:
        return
    begin, stop = bisect_left(ends, start), bisect_right(starts, end)
    if begin < stop:
        start, end = min(start, starts[begin]), max(end, ends[stop - 1])
    starts[begin:stop] = [start]
    ends[begin:stop] = [end]


def _guessed(
    items: Items, priorities: Sequence[int | float], lost: LostItems, passed: _PassedOver
) -> list[tuple[int, int]] | None:
    """Let elements that never came out be gone sooner until none is passed over; None if that does not come about."""
    for _ in range(_GUESSES_MAX):
        movable = [item for item in passed.chain if item in lost]
        if not movable:
            return None
        last = movable[-1]
        if not lost.hurry(last, min(items.take_calls[last], items.take_rets[passed.item])):
            return None
        taken = _moments_of_takes(items, priorities, range(len(items.puts)))
        if not isinstance(taken, _PassedOver):
            return taken
        passed = taken
    return None


def _witness(items: Items, taken: Sequence[tuple[int, int]], moments: list[int]) -> list[int]:
    """Return all operations by their moments; at the same one smaller priorities come first and empties last."""
    span = 2 * len(taken) + 2
    positions, keys = [], []
    for number, (item, event) in enumerate(taken):
        positions.append(items.puts[item])
        if items.put_rets[item] < event:
            keys.append(2 * items.put_rets[item] * span)
        else:
            keys.append(2 * event * span + 2 * number)
        if items.takes[item] >= 0:
            positions.append(items.takes[item])
            keys.append(2 * event * span + 2 * number + 1)
    positions += [empty for _, _, empty in items.empties]
    keys += [moment * span for moment in moments]
    return [positions[number] for number in sorted(range(len(keys)), key=keys.__getitem__)]


def _overtakers(items: Items, priorities: Sequence[int | float]) -> dict[int, int]:
    """Return for items that never came out which one of a larger priority came out first after their insert."""
    taken = sorted((item for item, take in enumerate(items.takes) if take >= 0), key=items.take_rets.__getitem__)
    rets = [items.take_rets[item] for item in taken]
    largest = [priorities[item] for item in taken]  # of this one and all that came out later
    for place in range(len(taken) - 2, -1, -1):
        largest[place] = max(largest[place], largest[place + 1])
    found = {}
    for item, take in enumerate(items.takes):
        place = bisect_right(rets, items.put_rets[item])
        while take < 0 and place < len(taken) and largest[place] > priorities[item]:
            larger = taken[place]
            if priorities[larger] > priorities[item] and items.take_calls[larger] > items.put_rets[item]:
                found[item] = larger
                break
            place += 1
    return found


def _told_passed_over(items: Items, item: int, chain: Sequence[int]) -> Telling:
    smaller = all_the_time(items, chain)
    return lambda operation: f"{took(operation(items.takes[item]))}, although the smaller {smaller(operation)}."
