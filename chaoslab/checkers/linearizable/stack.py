"""Decides histories of a stack, in O(n log n) typically, if no value is pushed twice.

An item is certainly in the stack between the return of its push and the call of its pop.

Rules:

1. An item whose pop was called before its push had returned can be pushed and popped at one moment: it is in nobody's
   way.
2. At a moment when no item is certainly in the stack, it may as well be empty: what was pushed before goes before it,
   the rest after it. Such a *gap* cuts a history in two that have nothing to do with each other. Pops that found the
   stack empty need one.
3. A history without gaps, from its first return of a push, L, to its last call of a pop, R, needs an item around all
   others: its push called before L, its pop returned after R. Any such item will do; the one whose pop returns last is
   one if there is any. Without it, new gaps cut the rest. If there is no such item, a chain of items from L to R, each
   certainly there when the next one comes, is the proof.
4. Which items pops of unknown outcome have taken is guessed. A guess that works is an order like any other; where none
   does and the rest is no proof either, there is no answer.

This file knows nothing of values that are pushed twice.

Source: the plan is that of Lee & Mathur, "Efficient decrease-and-conquer linearizability monitoring" (OOPSLA 2025):
take away what is around all others. That the latest pop will do, and the upkeep of the gaps (``nesting``), are ours.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from chaoslab.checkers.linearizable.decision import Ordered, Refuted, Telling, refuted
from chaoslab.checkers.linearizable.empties import moments_of_empties
from chaoslab.checkers.linearizable.items import Items, items_of, took
from chaoslab.checkers.linearizable.lost_items import LostItems, lost_too_early
from chaoslab.checkers.linearizable.nesting import Nesting, Tangle, nested
from chaoslab.checkers.linearizable.parts import NEVER, Effects, Part
from chaoslab.history import Operation
from chaoslab.models.stack import STACK

__all__ = ["decide_stack"]

_ANOMALY = "last-in-first-out violation"

_GUESSES_MAX = 32
"""How often another guess of what pops of unknown outcome took is made after the first failed."""


def decide_stack(part: Part, effects: Effects) -> Ordered | Refuted | None:
    """Decide whether a history of a stack is linearizable.

    Args:
        part: All operations on one stack, n of them.
        effects: What they do. A model other than the stack that starts empty is not decided.

    Returns:
        An order, or few operations that have none; or None if a value is pushed twice, or if it depends on pops of
        unknown outcome. Cost: O(n (c + log n)) where at most c pushes overlap.
    """
    if effects.model.step is not STACK.step or effects.model.initial != STACK.initial:
        return None
    items = items_of(part, effects, put="push", take="pop")
    if not isinstance(items, Items):
        return items
    lost = LostItems(items, _overtakers(items)) if items.unknown else None
    if lost is not None and lost.unserved:
        pair = lost.overtakers[lost.unserved[-1]], lost.unserved[-1]
        return lost_too_early(_ANOMALY, items, lost, _told_tangle(items, pair))
    moments = moments_of_empties(items, lost)
    if isinstance(moments, Refuted):
        return moments
    if lost is not None:
        lost.serve(moments)
    nesting: Nesting | Tangle | None = nested(items, range(len(items.puts)))
    if isinstance(nesting, Tangle) and lost is not None:
        certain = nested(items, [item for item, take in enumerate(items.takes) if take >= 0 and item not in lost])
        nesting = certain if isinstance(certain, Tangle) else _guessed(items, lost, nesting)
    if isinstance(nesting, Tangle):
        chain = nesting.shrunk(items)
        return refuted(_ANOMALY, items.operations_on(chain), _told_tangle(items, chain))
    return None if nesting is None else Ordered(positions=_witness(items, nesting, moments))


def _guessed(items: Items, lost: LostItems, tangle: Tangle) -> Nesting | None:
    """Let items that never came out be gone sooner until there is no tangle; None if that does not come about."""
    for _ in range(_GUESSES_MAX):
        chain = tangle.shrunk(items)
        # The last one that can give way must go before the last chance of one to be around the others.
        movable = [item for item in chain if item in lost]
        if not movable:
            return None
        last = movable[-1]
        event = items.take_calls[last]
        if event == NEVER:
            event = max(items.take_rets[item] for item in chain if item not in lost)
        if not lost.hurry(last, event):
            return None
        nesting = nested(items, range(len(items.puts)))
        if isinstance(nesting, Nesting):
            return nesting
        tangle = nesting
    return None


def _witness(items: Items, nesting: Nesting, moments: list[int]) -> list[int]:
    """Return all operations by their moments. At the same one outer pushes, or inner pops, come first; then empties."""
    count = len(nesting.order)
    span = 2 * count + 2
    positions, keys = [], []
    for number, item in enumerate(nesting.order):
        positions.append(items.puts[item])
        keys.append(2 * nesting.pushed[number] * span + number)
        if items.takes[item] >= 0:
            positions.append(items.takes[item])
            keys.append(2 * nesting.popped[number] * span + count - number)
    for item in nesting.alone:
        positions += (items.puts[item], items.takes[item])
        keys += (2 * items.take_calls[item] * span, 2 * items.take_calls[item] * span + 1)
    positions += [empty for _, _, empty in items.empties]
    keys += [moment * span for moment in moments]
    return [positions[number] for number in sorted(range(len(keys)), key=keys.__getitem__)]


def _overtakers(items: Items) -> dict[int, int]:
    """Return for items that never came out which one, certainly there before and after its push, came out first."""
    taken = sorted((item for item, take in enumerate(items.takes) if take >= 0), key=items.take_rets.__getitem__)
    rets = [items.take_rets[item] for item in taken]
    oldest = [items.put_rets[item] for item in taken]  # of this one and all that came out later
    for place in range(len(taken) - 2, -1, -1):
        oldest[place] = min(oldest[place], oldest[place + 1])
    found = {}
    for item, take in enumerate(items.takes):
        if take >= 0:
            continue
        call, ret = items.put_calls[item], items.put_rets[item]
        place = bisect_right(rets, ret)
        while place < len(taken) and oldest[place] < call:
            if items.put_rets[taken[place]] < call and items.take_calls[taken[place]] > ret:
                found[item] = taken[place]
                break
            place += 1
    return found


def _told_tangle(items: Items, chain: Sequence[int]) -> Telling:
    def tell(operation: Callable[[int], Operation]) -> str:
        values = [repr(operation(items.puts[item]).argument) for item in chain]
        if len(chain) > 2:
            listed = f"{', '.join(values[:-1])} and {values[-1]}"
            return (
                f"{listed} were in the stack one after the other, each one still there when the next was, but none of "
                "them can have been below all the others."
            )
        lower, upper = values
        late = "never came out"
        if items.takes[chain[1]] >= 0:
            late = f"came out only afterwards, for process {operation(items.takes[chain[1]]).process}"
        return f"{took(operation(items.takes[chain[0]]))}, although {upper} was on top of {lower}, and {upper} {late}."

    return tell
