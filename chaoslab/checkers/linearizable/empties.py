"""When a collection can have been empty, or free of some items.

Rules:

1. An item is certainly there between the return of its put and the call of its take. A moment at which no item is
   certainly there may as well be one at which none is there.
2. Moments are counted in halves of an event: 2 * event is the event itself, 2 * event + 1 just after it.
3. Items that never came out may have been taken by takes of unknown outcome (``lost_items``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from chaoslab.checkers.linearizable.decision import Refuted, Telling, refuted
from chaoslab.checkers.linearizable.items import Items, took
from chaoslab.checkers.linearizable.lost_items import LostItems
from chaoslab.history import Operation

__all__ = ["all_the_time", "chain_over", "moments_of_empties", "uncovered_after", "union_of"]


def moments_of_empties(items: Items, lost: LostItems | None) -> list[int] | Refuted:
    """Return when the collection can have been empty for each take that found nothing, as early as possible.

    Args:
        items: n items.
        lost: Those that never came out, if there are takes of unknown outcome.

    Returns:
        The moments, in halves of an event, in the order of the empties; or that one of these cannot be. Cost:
        O(n log n), and O(k²) more for k takes of unknown outcome.
    """
    if not items.empties:
        return []
    lasting = range(len(items.puts)) if lost is None else [i for i, take in enumerate(items.takes) if take >= 0]
    union = union_of([items.put_rets[i] for i in lasting], [items.take_calls[i] for i in lasting])
    moments = []
    for call, ret, empty in items.empties:
        event = uncovered_after(call, *union)
        if event > ret:
            chain = chain_over(call, ret, items, lasting)
            told = _told_false_empty(empty, all_the_time(items, chain))
            return refuted("false empty", [empty, *items.operations_on(chain)], told)
        while lost is not None and not lost.can_be_gone(event):
            event = uncovered_after(lost.next_call(event), *union)
            if event > ret:
                parts = [(max(s, call), min(e, ret)) for s, e in zip(*union, strict=True) if s < ret and e > call]
                there = [item for start, end in parts for item in chain_over(start, end, items, lasting)]
                return _lost_but_empty(items, empty, there, lost)
        moments.append(2 * event + 1)
    return moments


def union_of(starts: Sequence[int], ends: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return the union of the open intervals from *starts* to *ends* as starts and ends in ascending order.

    Intervals whose end is not after their start are empty. Cost: O(n log n).
    """
    union_starts: list[int] = []
    union_ends: list[int] = []
    reached = -1
    for start, end in sorted(zip(starts, ends, strict=True)):
        if end <= start:
            continue
        if start < reached:
            if end > reached:
                reached = union_ends[-1] = end
        else:
            union_starts.append(start)
            union_ends.append(end)
            reached = end
    return union_starts, union_ends


def uncovered_after(time: int, union_starts: Sequence[int], union_ends: Sequence[int]) -> int:
    """Return the first event, from *time* on, just after which no interval of the union is open. Cost: O(log n)."""
    place = bisect_right(union_starts, time) - 1
    return union_ends[place] if place >= 0 and union_ends[place] > time else time


def chain_over(start: int, end: int, items: Items, chosen: Iterable[int]) -> list[int]:
    """Return few of the items *chosen*, one of which was certainly there at any moment from *start* to *end*.

    Cost: O(n log n). The chosen items must be enough for that; then no proper part of the answer is.
    """
    chain: list[int] = []
    best, reached = -1, start
    for item in sorted(chosen, key=items.put_rets.__getitem__):
        if items.take_calls[item] <= items.put_rets[item]:
            continue
        if items.put_rets[item] > reached:
            chain.append(best)
            reached = items.take_calls[best]
            if reached >= end:
                return chain
        if best < 0 or items.take_calls[item] > items.take_calls[best]:
            best = item
    return [*chain, best]


def all_the_time(items: Items, chain: Sequence[int]) -> Telling:
    """Return what says that the items of *chain* were there one after the other, all the time."""

    def tell(operation: Callable[[int], Operation]) -> str:
        values = [repr(operation(items.puts[item]).argument) for item in chain[:4]]
        listed = values[0] if len(chain) == 1 else f"{', '.join(values[:-1])} and {values[-1]} in turn"
        more = f" (and {len(chain) - 4} more)" if len(chain) > 4 else ""
        return f"{listed}{more} must have been in there all the time from before it began until after it ended"

    return tell


def _lost_but_empty(items: Items, empty: int, there: Sequence[int], lost: LostItems) -> Refuted:
    """Return that the collection cannot have been empty while the items *there* were out, which came out."""
    positions = [empty, *(unknown for _, unknown in items.unknown), *items.operations_on([*there, *lost.concerned()])]
    return refuted(
        "false empty",
        positions,
        _told_false_empty(empty, lambda _: "more was in there than takes of unknown outcome can have taken"),
    )


def _told_false_empty(empty: int, why: Telling) -> Telling:
    return lambda operation: f"{took(operation(empty))}, although {why(operation)}."
