"""Zones: when a value was certainly in a register, and whether all of these moments fit into one order.

If every value is written once, all operations on one value are a block of the order: its write first, then its reads.
Let f be the first return and s the last call in a block:

* f < s: the value was certainly there from f to s (a *forward zone*);
* s < f: all its operations overlap, and the block can be at any one moment from s to f (a *backward zone*).

An order exists if and only if no two forward zones overlap and no backward zone lies inside a forward one, given that
nobody reads what was not written, or before its write was called.

This file knows no operations, only zones.

Source: Gibbons & Korach 1997, "Testing shared memories", section 4; the zones are those of Golab, Li & Shah 2011.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Sequence

import attrs

__all__ = ["Conflict", "Zone", "arranged"]

Zone = tuple[int, int, int]
"""``(f, s, number)``: first return, last call, and the number of the block."""


@attrs.frozen
class Conflict:
    """Two blocks that cannot be put into any order."""

    one: int
    other: int


def arranged(zones: Sequence[Zone]) -> list[int] | Conflict:
    """Return the numbers of n blocks in an order that fits, or two that fit into none. Cost: O(n log n)."""
    forward = sorted([zone for zone in zones if zone[0] < zone[1]])
    for before, after in itertools.pairwise(forward):
        if after[0] < before[1]:
            return Conflict(before[2], after[2])
    # A forward zone stands where it begins; a backward one where it begins or, if a forward zone is there, after that.
    starts = [zone[0] for zone in forward]
    places: list[tuple[int, int, int]] = [(zone[0], 1, zone[2]) for zone in forward]
    for first, last, number in zones:
        if first < last:
            continue
        around = bisect_left(starts, last) - 1
        if around < 0 or forward[around][1] < last:
            places.append((last, 0, number))
        elif first < forward[around][1]:
            return Conflict(forward[around][2], number)
        else:
            places.append((forward[around][1], 2, number))
    places.sort()
    return [number for _, _, number in places]
