"""Nests the items of a stack: which is around which, if they can be nested at all.

The items come from left to right, by the return of their pushes. What is left of the history is cut by gaps: moments
at which none of the items left is certainly in the stack. Open gaps are kept on a stack, the next one on top. Each
other moment that may become one (just after a pop is called) is watched by one item that closes it, the one pushed
last. When that item is taken away, the moment is watched by the next such item, or becomes an open gap.

This file knows nothing of empties and of pops of unknown outcome. See ``stack`` for the rules.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

import attrs

from chaoslab.checkers.linearizable.empties import chain_over
from chaoslab.checkers.linearizable.items import Items
from chaoslab.checkers.linearizable.parts import NEVER

__all__ = ["Nesting", "Tangle", "nested"]


@attrs.frozen(kw_only=True)
class Nesting:
    """When each item is pushed and popped.

    Attributes:
        order: The items that are certainly in the stack for a while, outer ones first.
        pushed: The event at which each of these is pushed.
        popped: The event at which each of these is popped.
        alone: The other items: pushed and popped when their pop is called, or their push if that was later.
    """

    order: list[int]
    pushed: list[int]
    popped: list[int]
    alone: list[int]


@attrs.frozen(kw_only=True)
class Tangle:
    """Items of which none can be around the others.

    Attributes:
        chain: Each one is certainly in the stack when the next one certainly is.
    """

    chain: list[int]

    def shrunk(self, items: Items) -> list[int]:
        """Return the shortest part of the chain that is still a tangle. Cost: O(n log n) for n items."""
        chain = self.chain
        chain = chain[: 2 + bisect_left(range(2, len(chain)), True, key=lambda size: _is_tangle(items, chain[:size]))]
        return chain[-2 - bisect_left(range(2, len(chain)), True, key=lambda size: _is_tangle(items, chain[-size:])) :]


def _is_tangle(items: Items, chosen: Sequence[int]) -> bool:
    return isinstance(nested(items, chosen), Tangle)


def nested(items: Items, chosen: Iterable[int]) -> Nesting | Tangle:
    """Nest the items *chosen*. Cost: O(n (c + log n)) typically, for n items of which c are pushed at a time."""
    put_calls, put_rets, take_calls, take_rets = items.put_calls, items.put_rets, items.take_calls, items.take_rets
    alone: list[int] = []
    lasting: list[int] = []
    for item in chosen:
        (lasting if put_rets[item] < take_calls[item] else alone).append(item)
    by_call = sorted(lasting, key=put_calls.__getitem__)
    lasting.sort(key=put_rets.__getitem__)
    number_of = dict(zip(lasting, range(len(lasting)), strict=True))
    watched, gaps = _gaps(items, lasting)
    order: list[int] = []
    pushed: list[int] = []
    popped: list[int] = []
    placed = bytearray(len(lasting))
    open_pushes: list[int] = []
    called = 0
    for number, first in enumerate(lasting):
        if placed[number]:
            continue
        left = put_rets[first]
        while gaps[-1] < left:
            gaps.pop()
        while called < len(by_call) and put_calls[by_call[called]] < left:
            open_pushes.append(by_call[called])
            called += 1
        while not placed[number]:
            right = gaps[-1]
            around, latest = -1, -1
            for item in open_pushes:
                if take_rets[item] > latest and put_rets[item] < right:
                    around, latest = item, take_rets[item]
            if latest < right:
                left_over = [
                    item for item in lasting[number:] if not placed[number_of[item]] and put_rets[item] < right
                ]
                return Tangle(chain=chain_over(left, right, items, left_over))
            open_pushes.remove(around)
            order.append(around)
            pushed.append(left)
            popped.append(right)
            its_number = number_of[around]
            placed[its_number] = 1
            freed = watched[its_number]
            while freed and its_number > number:
                its_number -= 1
                if not placed[its_number]:
                    place = bisect_left(freed, take_calls[lasting[its_number]])
                    if place:
                        watched[its_number] = sorted(watched[its_number] + freed[:place])
                        freed = freed[place:]
            gaps += reversed(freed)
    return Nesting(order=order, pushed=pushed, popped=popped, alone=alone)


def _gaps(items: Items, lasting: Sequence[int]) -> tuple[list[list[int]], list[int]]:
    """Return the moments just after each call of a pop: watched by which item, or open, the latest first."""
    put_rets, take_calls = items.put_rets, items.take_calls
    watched: list[list[int]] = [[] for _ in lasting]
    gaps: list[int] = []
    inside: list[int] = []  # numbers of items that are there, each one with an earlier end than those before it
    entered = 0
    for end in sorted(take_calls[item] for item in lasting):
        if end == NEVER:
            break
        while entered < len(lasting) and put_rets[lasting[entered]] < end:
            its_end = take_calls[lasting[entered]]
            while inside and take_calls[lasting[inside[-1]]] < its_end:
                inside.pop()
            inside.append(entered)
            entered += 1
        while inside and take_calls[lasting[inside[-1]]] <= end:
            inside.pop()
        if inside:
            watched[inside[-1]].append(end)
        else:
            gaps.append(end)
    return watched, [NEVER, *reversed(gaps)]
