"""Decides histories of a set: add, remove and contains, but no reads of the whole. O(n log n) if results are told.

Rules:

1. The elements of a set have nothing to do with each other: each is a bit of its own.
2. A bit is turned as late as possible: when an operation that needs it the other way is about to return. Everything
   that needs it as it is takes effect at once.
3. Of the open operations that can turn it, the one that must return first does; those that may never happen at all are
   the last choice. Any other one could be exchanged for it.
4. An add or remove that was not told whether it changed anything may as well turn nothing, so that rule 2 may miss a
   chance: what it finds is an order, but where it finds none, the search decides about that one element.

Source: rule 2 is the just-in-time argument of Lowe 2017, "Testing for linearizability", section 4. The rest is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final

import attrs

from chaoslab.checkers.linearizable.decision import Ordered, Refuted, Telling, refuted
from chaoslab.checkers.linearizable.parts import NEVER, Effects, Part
from chaoslab.checkers.linearizable.search import Found, GaveUp, Stuck, search
from chaoslab.history import Operation
from chaoslab.models import UNKNOWN
from chaoslab.models.set import SET

__all__ = ["decide_set"]

_SEES: Final = 0  # needs the bit to be so
_TURNS: Final = 1  # needs the bit to be the other way, and turns it
_SETS: Final = 2  # turns it if it is the other way
_MAY_SET: Final = 3  # the same, if it happens at all

_BOOLS: Final = {("bool", "False"): 0, ("bool", "True"): 1}

_CONFIGURATIONS_MAX: Final = 50_000
"""How long the search for one element may take."""

_CUTS_MAX: Final = 3
"""How many beginnings of a proof are tried."""


def decide_set(part: Part, effects: Effects) -> Ordered | Refuted | None:
    """Decide whether a history of a set is linearizable.

    Args:
        part: All operations on one set, n of them.
        effects: What they do. A model other than the set that starts empty is not decided.

    Returns:
        An order, or the operations on one element, up to some moment, that have none; or None if the whole set is read,
        or if the search for one element takes too long. Cost: O(n (c + log n)) where at most c operations on one
        element overlap, if all adds and removes were told whether they changed the set.
    """
    if effects.model.step is not SET.step or effects.model.initial != SET.initial:
        return None
    elements = []
    needs = []
    for effect in part.effects:
        need = _need(*effects.arguments[effect])
        if need is None:
            return None
        needs.append(need)
        elements.append(effects.arguments[effect][1])
    swept = _swept(part, elements, needs)
    searched: dict[Hashable, list[int]] = {element: [] for element in swept.stuck}
    for one, element in enumerate(elements):
        if element in searched:
            searched[element].append(one)
    places = swept.places
    for element, chosen in searched.items():
        stuck = swept.stuck[element]
        if any(needs[one][0] == _SETS and part.calls[one] < part.rets[stuck.blocked] for one in chosen):
            found = search(part.only(chosen), effects, _CONFIGURATIONS_MAX)
            if isinstance(found, Found):
                for one in chosen:
                    places.pop(one, None)
                places.update(_places([chosen[one] for one in found.order], part))
                continue
            if isinstance(found, GaveUp):
                return None
            if chosen[found.blocked] != stuck.blocked:
                stuck = _Stuck(blocked=chosen[found.blocked], turned_by=-1)
        return _refuted(part, effects, needs, chosen, stuck)
    return Ordered(positions=sorted(places, key=places.__getitem__))


def _places(order: Sequence[int], part: Part) -> dict[int, tuple[int, int]]:
    """Return for each operation of *order* the event at which it can take effect, and where it stands among those."""
    places = {}
    event = -1
    for number, one in enumerate(order):
        event = max(event, part.calls[one])
        places[one] = event, number
    return places


def _need(f: str, argument: Hashable, value: Any, result: Any) -> tuple[int, int] | None:
    """Return what an operation needs of the bit of its element, and which way; None for what is not known here."""
    if f == "contains":
        return (_SEES, _BOOLS[value]) if value in _BOOLS else None
    if f not in ("add", "remove"):
        return None
    way = int(f == "add")
    if value is UNKNOWN:
        return _MAY_SET, way
    if result is None:
        return _SETS, way
    return (_TURNS if _BOOLS[result] else _SEES, way) if result in _BOOLS else None


class _Bit:
    """What is known of one element, and the open operations that wait, by the way they want its bit to be.

    Attributes:
        way: 1 if the element is in the set, else 0.
        turned_by: The operation that turned it last, or -1.
        seeing: Operations that need the bit to be so.
        turning: Operations that turn it, or would.
        may_set: Those of them that may never happen.
    """

    __slots__ = ("may_set", "seeing", "turned_by", "turning", "way")

    def __init__(self) -> None:
        self.way, self.turned_by = 0, -1
        self.seeing: tuple[list[int], list[int]] = ([], [])
        self.turning: tuple[list[int], list[int]] = ([], [])
        self.may_set: tuple[list[int], list[int]] = ([], [])


@attrs.frozen(kw_only=True)
class _Stuck:
    """The operation *blocked* could not be placed, because the bit was turned by *turned_by* (-1: by none)."""

    blocked: int
    turned_by: int


@attrs.frozen(kw_only=True)
class _Swept:
    """What came of a sweep.

    Attributes:
        places: For operations that took effect the event at which they did, and a number that orders them.
        stuck: By element, if one of its operations could not be placed.
    """

    places: dict[int, tuple[int, int]]
    stuck: dict[Hashable, _Stuck]


def _swept(part: Part, elements: Sequence[Hashable], needs: Sequence[tuple[int, int]]) -> _Swept:
    """Go through the events and let the operations take effect as late as possible."""
    calls, rets = part.calls, part.rets
    bits: dict[Hashable, _Bit] = {}
    stuck: dict[Hashable, _Stuck] = {}
    places: dict[int, tuple[int, int]] = {}  # of those that would have turned nothing it may still change
    placed = bytearray(len(calls))
    of_event = {2 * call: one for one, call in enumerate(calls)}
    of_event.update((2 * ret + 1, one) for one, ret in enumerate(rets) if ret != NEVER)
    counter = 0
    for event in sorted(of_event):
        one = of_event[event]
        need, way = needs[one]
        bit = bits.get(elements[one])
        if bit is None:
            bit = bits[elements[one]] = _Bit()
        if not event & 1:
            if need == _MAY_SET:
                bit.may_set[way].append(one)
                continue
            if need != _SEES:
                bit.turning[way].append(one)
            elif bit.way != way:
                bit.seeing[way].append(one)
            if need != _TURNS and bit.way == way:
                counter += 1
                places[one] = event >> 1, counter
                placed[one] = need == _SEES
            continue
        if placed[one] or elements[one] in stuck:
            continue
        # Those that are to turn it, one after the other, before this one returns: two if it must be turned back first.
        for target in () if one in places else (1 - way, way) if bit.way == way else (way,):
            waiting = bit.turning[target]
            if waiting:
                turning = min(waiting, key=rets.__getitem__)
                waiting.remove(turning)
            elif bit.may_set[target]:
                turning = bit.may_set[target].pop()
            else:
                stuck[elements[one]] = _Stuck(blocked=one, turned_by=bit.turned_by)
                break
            bit.way, bit.turned_by = target, turning
            for other in (turning, *bit.seeing[target]):
                counter += 1
                places[other] = event >> 1, counter
                placed[other] = 1
            bit.seeing[target].clear()
            for other in waiting:
                if needs[other][0] == _SETS and other not in places:
                    counter += 1
                    places[other] = event >> 1, counter
        if not placed[one] and one in places:
            placed[one] = 1
            bit.turning[way].remove(one)
    return _Swept(places=places, stuck=stuck)


def _refuted(
    part: Part, effects: Effects, needs: Sequence[tuple[int, int]], chosen: Sequence[int], stuck: _Stuck
) -> Refuted:
    """Return the operations on one element up to the one that is stuck, without a beginning that does not matter.

    Args:
        part: All operations.
        effects: What they do.
        needs: What they need.
        chosen: Those on the element.
        stuck: The one that is stuck, and why.
    """
    until = part.rets[stuck.blocked]
    chosen = [one for one in chosen if part.calls[one] < until]
    anomaly = _anomaly(needs, chosen, stuck.blocked)
    for begin in _clean_cuts(part, needs, chosen):
        fewer = [one for one in chosen if one >= begin or needs[one][0] == _MAY_SET]
        if isinstance(search(part.only(fewer), effects, _CONFIGURATIONS_MAX), Stuck):
            chosen = fewer
            break
    return refuted(anomaly, chosen, _told(stuck, needs[stuck.blocked]))


def _clean_cuts(part: Part, needs: Sequence[tuple[int, int]], chosen: Sequence[int]) -> list[int]:
    """Return operations, few and the last first, before which the others do not matter.

    Such a one overlaps with no other, and tells which way the bit is after it: an add begins anew by itself; after one
    that leaves the element out of the set everything begins as at first.
    """
    happened = [one for one in chosen if needs[one][0] != _MAY_SET]
    cuts: list[int] = []
    latest = -1
    for number, one in enumerate(happened):
        alone = latest < part.calls[one]
        latest = max(latest, part.rets[one])
        if number + 1 == len(happened) or not alone or latest > part.calls[happened[number + 1]]:
            continue
        need, way = needs[one]
        if way == 0:
            cuts.append(happened[number + 1])
        elif need != _SEES:
            cuts.append(one)
    return cuts[: -_CUTS_MAX - 1 : -1]


def _anomaly(needs: Sequence[tuple[int, int]], chosen: Sequence[int], blocked: int) -> str:
    if _wanted(needs[blocked]) == 0:
        return "lost element"
    added = any(needs[one][1] == 1 and needs[one][0] != _SEES for one in chosen)
    return "phantom element" if added else "value out of thin air"


def _wanted(need: tuple[int, int]) -> int:
    """Return which way the bit has to be when an operation with this need begins to take effect."""
    kind, way = need
    return 1 - way if kind == _TURNS else way


def _told(stuck: _Stuck, need: tuple[int, int]) -> Telling:
    def tell(operation: Callable[[int], Operation]) -> str:
        blocked = operation(stuck.blocked)
        element, place = repr(blocked.argument), "the set" if blocked.key is None else str(blocked.key)
        inside = _wanted(need)
        found = f"process {blocked.process} found {element} {'in' if inside else 'missing from'} {place} ({blocked.f})"
        opposite = "added" if not inside else "removed"
        if stuck.turned_by < 0:
            return f"{found}, although {'nobody can have added it' if inside else 'it cannot have been missing'} then."
        by = operation(stuck.turned_by).process
        back = "removed it" if not inside else "added it again"
        return f"{found}, although process {by} had {opposite} it and nobody can have {back} in between."

    return tell
