"""Decides registers whose values are unique, in O(n log n): reads, writes and compare-and-sets that took place.

A read names the write it saw. All operations on one value form a *cluster*: its write first, then its reads. A
compare-and-set from a to b that took place ends the cluster of a and begins that of b: the two are glued into one
block, whose inner order is fixed. Whether the blocks fit into an order is decided by their ``zones``.

Rules:

1. Uniqueness is verified, never assumed: a value written twice, or the initial one, and there is no answer from here.
   The same goes for refused compare-and-sets: they say what the value was not.
2. An info operation counts only if its value was observed; dropping the others changes nothing.

Source: Gibbons & Korach 1997, "Testing shared memories", section 4, extended by the gluing.
"""

from __future__ import annotations

from collections.abc import Hashable

import attrs

from chaoslab.checkers.linearizable.parts import NEVER, Effects, Part
from chaoslab.checkers.linearizable.search import Found
from chaoslab.checkers.linearizable.zones import Conflict, Zone, arranged
from chaoslab.history.values import frozen
from chaoslab.models import UNKNOWN

__all__ = ["Culprits", "decide_register"]

_INITIAL = 0
"""The cluster of the initial value, which nobody has to write."""

_READ, _WRITE, _CAS = range(3)
_TOOK_PLACE = frozen(True)


@attrs.frozen
class Culprits:
    """There is no order, and these few operations have none by themselves: their positions, ascending."""

    positions: list[int]


class _Clusters:
    """The clusters of a part, by number; the operations of a cluster are its write and those that saw its value.

    Attributes:
        write: Position of the operation that wrote the value; -1 for the initial value, and where nobody did.
        seen_by: The operations that saw the value: reads, and the compare-and-set that replaced it.
        replaced_by: The compare-and-set among them, or -1.
        produced_from: For a value written by a compare-and-set the cluster it replaced, or -1.
    """

    def __init__(self) -> None:
        self.write: list[int] = []
        self.seen_by: list[list[int]] = []
        self.replaced_by: list[int] = []
        self.produced_from: list[int] = []

    def new(self) -> int:
        self.write.append(-1)
        self.seen_by.append([])
        self.replaced_by.append(-1)
        self.produced_from.append(-1)
        return len(self.write) - 1


def decide_register(part: Part, effects: Effects) -> Found | Culprits | None:
    """Decide a register with unique values, or return None if the values are not unique. Cost: O(n log n)."""
    gathered = _gathered(part, effects)
    if gathered is None or isinstance(gathered, Culprits):
        return gathered
    return _ordered(part, gathered)


def _gathered(part: Part, effects: Effects) -> _Clusters | Culprits | None:
    """Return the clusters that count, or a read of what could not have been there."""
    clusters = _Clusters()
    number_of: dict[Hashable, int] = {effects.model.initial: clusters.new()}
    # For each effect: (kind, cluster it saw, cluster it wrote).
    roles: dict[int, tuple[int, int, int]] = {}

    def cluster(value: Hashable) -> int:
        known = number_of.get(value)
        if known is None:
            known = number_of[value] = clusters.new()
        return known

    rets = part.rets
    write, seen_by, replaced_by = clusters.write, clusters.seen_by, clusters.replaced_by
    unknown: list[int] = []  # info compare-and-sets, which count only if what they wrote was observed
    for one, effect in enumerate(part.effects):
        role = roles.get(effect)
        if role is None:
            f, argument, value, result = effects.arguments[effect]
            if f in effects.model.reads:
                role = (_READ, cluster(value), -1)
            elif f in ("write", "put"):
                role = (_WRITE, -1, cluster(argument))
            elif f == "cas" and (value is UNKNOWN or result == _TOOK_PLACE):
                role = (_CAS, cluster(argument[1][0]), cluster(argument[1][1]))
            else:
                return None
            roles[effect] = role
        kind, saw, wrote = role
        if kind == _READ:
            seen_by[saw].append(one)
            continue
        if wrote == _INITIAL or write[wrote] >= 0:
            return None
        write[wrote] = one
        if kind == _CAS:
            if saw == wrote:
                return None
            clusters.produced_from[wrote] = saw
            if rets[one] == NEVER:
                unknown.append(wrote)
            elif replaced_by[saw] >= 0:
                return _double(clusters, saw, one)
            else:
                replaced_by[saw] = one
                seen_by[saw].append(one)
    culprits = _with_needed_infos(part, clusters, unknown)
    if culprits is not None:
        return culprits
    calls = part.calls
    for number, seen in enumerate(seen_by):
        if not seen or number == _INITIAL:
            continue
        written = write[number]
        if written < 0:
            return Culprits([seen[0]])
        first = min(seen, key=rets.__getitem__)
        if rets[first] < calls[written]:
            return Culprits(sorted((first, written)))
    return clusters


def _double(clusters: _Clusters, value: int, second: int) -> Culprits:
    """Return the two compare-and-sets that both replaced *value*, with its write."""
    both = [clusters.replaced_by[value], second]
    return Culprits(sorted([*both, *([clusters.write[value]] if clusters.write[value] >= 0 else [])]))


def _with_needed_infos(part: Part, clusters: _Clusters, unknown: list[int]) -> Culprits | None:
    """Let info compare-and-sets take part whose value was observed, and those that these need."""
    produced_from, write, seen_by = clusters.produced_from, clusters.write, clusters.seen_by
    waiting = [number for number in unknown if seen_by[number]]
    needed = set(waiting)
    while waiting:
        number = waiting.pop()
        saw, one = produced_from[number], write[number]
        if clusters.replaced_by[saw] >= 0:
            return _double(clusters, saw, one)
        clusters.replaced_by[saw] = one
        seen_by[saw].append(one)
        if write[saw] >= 0 and part.rets[write[saw]] == NEVER and produced_from[saw] >= 0 and saw not in needed:
            needed.add(saw)
            waiting.append(saw)
    for number in unknown:
        if number not in needed:
            write[number] = produced_from[number] = -1
    return None


def _ordered(part: Part, clusters: _Clusters) -> Found | Culprits:
    """Put the blocks into an order, or return the few operations that show that there is none."""
    calls, rets = part.calls, part.rets
    blocks: list[list[int]] = []  # the operations of each block in their inner order
    zones: list[Zone] = []
    replaced_by, produced_from, write, seen_by = (
        clusters.replaced_by,
        clusters.produced_from,
        clusters.write,
        clusters.seen_by,
    )
    wrote_cluster = {write[number]: number for number, saw in enumerate(produced_from) if saw >= 0}
    for number, written in enumerate(write):
        if produced_from[number] >= 0 or (written < 0 and number != _INITIAL):
            continue  # not the first of its block
        seen = seen_by[number]
        if not seen and (written < 0 or rets[written] == NEVER):
            continue
        if replaced_by[number] < 0:
            block = seen if written < 0 else [written, *seen]
        else:
            chained = _chained(part, clusters, wrote_cluster, number)
            if isinstance(chained, Culprits):
                return chained
            block = chained
        first = -1 if number == _INITIAL else min([rets[one] for one in block])
        last = calls[block[-1]] if replaced_by[number] < 0 else max([calls[one] for one in block])
        if written >= 0 and calls[written] > last:
            last = calls[written]
        zones.append((first, last, len(blocks)))
        blocks.append(block)
    if wrote_cluster:
        lost = _cycle(clusters, blocks)
        if lost is not None:
            return lost
    return _arranged(part, clusters, wrote_cluster, blocks, zones)


def _chained(part: Part, clusters: _Clusters, wrote_cluster: dict[int, int], number: int) -> list[int] | Culprits:
    """Return the operations of the block that begins with cluster *number*, in their inner order.

    Whatever belongs to a later cluster must not have returned before something of an earlier one was called.
    """
    calls, rets = part.calls, part.rets
    block: list[int] = []
    latest, latest_call = -1, -1
    while True:
        written, replaced = clusters.write[number], clusters.replaced_by[number]
        here = [one for one in clusters.seen_by[number] if one != replaced]
        if written >= 0:
            here.insert(0, written)
        for one in here:
            if rets[one] < latest_call:
                return Culprits(
                    sorted({one, latest, *_updates(clusters, wrote_cluster, block), written, replaced} - {-1})
                )
        for one in here:
            if calls[one] > latest_call:
                latest, latest_call = one, calls[one]
        block += here
        if replaced < 0:
            return block
        number = wrote_cluster[replaced]


def _updates(clusters: _Clusters, wrote_cluster: dict[int, int], block: list[int]) -> list[int]:
    """Return the operations of *block* that wrote: without its compare-and-sets it would fall apart."""
    return [one for position, one in enumerate(block) if position == 0 or one in wrote_cluster]


def _cycle(clusters: _Clusters, blocks: list[list[int]]) -> Culprits | None:
    """Return compare-and-sets that replace each other's values in a ring, if there are any: nobody could be first."""
    placed = {one for block in blocks for one in block}
    ring = [
        clusters.write[number]
        for number, saw in enumerate(clusters.produced_from)
        if saw >= 0 and clusters.write[number] not in placed
    ]
    return Culprits(sorted(ring)) if ring else None


def _arranged(
    part: Part,
    clusters: _Clusters,
    wrote_cluster: dict[int, int],
    blocks: list[list[int]],
    zones: list[Zone],
) -> Found | Culprits:
    """Put the blocks into an order that fits, or name the operations that show that there is none."""

    def culprits(*numbers: int) -> Culprits:
        found: set[int] = set()
        for number in numbers:
            block = blocks[number]
            found.update(_updates(clusters, wrote_cluster, block))
            found.update((min(block, key=part.rets.__getitem__), max(block, key=part.calls.__getitem__)))
        return Culprits(sorted(found))

    order = arranged(zones)
    if isinstance(order, Conflict):
        return culprits(order.one, order.other)
    return Found([one for number in order for one in blocks[number]], 0)
