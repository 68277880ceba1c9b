"""Decides registers that are only read and written, with unique values, straight from the columns of a history.

Most recorded histories that are meant to be checked are of this kind, so this way is short: no operation becomes an
object, and all keys are decided in one pass. See ``zones`` for the reason why it is right.

Rules:

1. Uniqueness is verified, never assumed: a value written twice, or the initial one, and there is no answer from here.
2. A write of which nobody knows whether it happened counts only if its value was read.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import attrs

from chaoslab.checkers.linearizable.parts import NEVER
from chaoslab.checkers.linearizable.zones import Conflict, Zone, arranged
from chaoslab.history import History
from chaoslab.history.values import frozen
from chaoslab.models import Model

__all__ = ["ImpossibleCalls", "decide_unique_writes"]

_WRITES = frozenset({"write", "put"})
_PLAIN = frozenset({int, str, type(None)})
_NOBODY, _INITIAL = -1, -2


@attrs.frozen
class ImpossibleCalls:
    """There is no order, and these few operations, by their invocation event indices, have none by themselves."""

    calls: list[int]


class _Blocks:
    """All operations on one value of one key are a block; the blocks by number.

    Attributes:
        tables: For each key a map from a value to its block.
        write: Invocation of the write, or ``_NOBODY``, or ``_INITIAL``.
        first: The first return in the block, or ``NEVER``.
        last: The last call in it.
        calls: All operations, in the order of their invocations.
        places: For each of them twice its block's number, and one more for a read.
    """

    def __init__(self) -> None:
        self.tables: dict[Hashable, dict[Any, int]] = {}
        self.write: list[int] = []
        self.first: list[int] = []
        self.last: list[int] = []
        self.calls: list[int] = []
        self.places: list[int] = []


def decide_unique_writes(history: History, model: Model) -> list[list[int]] | ImpossibleCalls | None:
    """Decide a history of n reads and writes of unique values.

    Returns:
        For each key an order of its operations, as invocation event indices; or operations that have no order; or None
        if there are other operations, or a value was written twice. Cost: O(n log n).
    """
    blocks = _gathered(history, model)
    if blocks is None:
        return None
    orders: list[list[int]] = []
    rank = [-1] * (2 * len(blocks.write))
    ranked = 0
    bounds: list[int] = []
    for table in blocks.tables.values():
        zones = _zones(blocks, table)
        if isinstance(zones, int):
            return ImpossibleCalls(_of_blocks(history, blocks, [zones]))
        order = arranged(zones)
        if isinstance(order, Conflict):
            return ImpossibleCalls(_of_blocks(history, blocks, [order.one, order.other]))
        for number in order:
            rank[2 * number] = ranked
            rank[2 * number + 1] = ranked + 1
            ranked += 2
        bounds.append(ranked)
    # Within a block the write comes first, then the reads in the order of their calls: sorting is stable.
    keys = [rank[place] for place in blocks.places]
    chosen = sorted([one for one, key in enumerate(keys) if key >= 0], key=keys.__getitem__)
    calls = blocks.calls
    begin = 0
    for bound in bounds:
        end = begin
        if len(bounds) == 1:
            end = len(chosen)
        else:
            while end < len(chosen) and keys[chosen[end]] < bound:
                end += 1
        orders.append([calls[one] for one in chosen[begin:end]])
        begin = end
    return orders


def _gathered(history: History, model: Model) -> _Blocks | None:
    """Return the blocks, or None if this is not a history of unique writes."""
    blocks = _Blocks()
    tables, write, first, last = blocks.tables, blocks.write, blocks.first, blocks.last
    calls, places = blocks.calls, blocks.places
    types, partners, values, keys, processes = (
        history.types,
        history.partners,
        history.values,
        history.keys,
        history.processes,
    )
    reads, keyed, initial, plain = model.reads, model.keyed, model.initial, _PLAIN
    key: Any = None
    table: dict[Any, int] | None
    for call, f in enumerate(history.fs):
        if types[call] != "invoke" or processes[call].__class__ is str:
            continue
        ret = partners[call]
        ending = types[ret] if ret >= 0 else "info"
        is_read = f in reads
        if is_read:
            if ending != "ok":
                continue
            value = values[ret]
        elif f not in _WRITES:
            return None
        elif ending == "fail":
            continue
        else:
            value = values[call]
            if ending != "ok":
                ret = NEVER
        if value.__class__ not in plain:
            value = frozen(value)
        if keyed:
            key = keys[call]
            if key.__class__ not in plain:
                key = frozen(key)
        table = tables.get(key)
        if table is None:
            table = tables[key] = {initial: len(write)}
            write.append(_INITIAL)
            first.append(-1)
            last.append(-1)
        number = table.get(value)
        if number is None:
            number = table[value] = len(write)
            write.append(_NOBODY if is_read else call)
            first.append(ret)
            last.append(call)
        else:
            if not is_read:
                if write[number] != _NOBODY:
                    return None
                write[number] = call
            if ret < first[number]:
                first[number] = ret
            last[number] = call
        calls.append(call)
        places.append(2 * number + is_read)
    return blocks


def _zones(blocks: _Blocks, table: dict[Any, int]) -> list[Zone] | int:
    """Return the zones of one key, or the number of a block that is impossible by itself."""
    write, first, last = blocks.write, blocks.first, blocks.last
    zones: list[Zone] = []
    for number in table.values():
        written = write[number]
        if written == _INITIAL:
            if last[number] < 0:
                continue  # nobody read it
        elif written == _NOBODY or first[number] < written:
            return number
        elif first[number] == NEVER:
            continue  # a write of which nobody knows, and nobody saw
        zones.append((first[number], last[number], number))
    return zones


def _of_blocks(history: History, blocks: _Blocks, numbers: list[int]) -> list[int]:
    """Return the write, the first return and the last call of each of these blocks."""
    found: set[int] = set()
    for number in numbers:
        if blocks.write[number] >= 0:
            found.add(blocks.write[number])
        if blocks.last[number] >= 0:
            found.add(blocks.last[number])
        for call, place in zip(blocks.calls, blocks.places, strict=True):
            if place >> 1 == number and history.partners[call] == blocks.first[number]:
                found.add(call)
    return sorted(found)
