"""Turns what was found in numbers into certificates that hold operations, keys and elements.

An edge of a cycle is looked up again in the version orders: which key it is about, which element, and which read shows
it. Searches carry numbers only, so that a history without anomalies pays nothing for this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chaoslab.checkers.transactions.appends import Appends, Found, Key
from chaoslab.checkers.transactions.cycles import CycleFound
from chaoslab.checkers.transactions.evidence import Cycle, Edge, EdgeKind, Pattern
from chaoslab.history import Operation

__all__ = ["cycle_of", "edge_of", "pattern_of"]

Operations = Callable[[int], Operation]
"""Gives an operation by the index of its invocation: ``History.operation``."""


def pattern_of(seen: Appends, found: Found, operations: Operations) -> Pattern:
    """Return the certificate for *found*."""
    other = found.other_call
    if found.other is not None:
        other = seen.calls[found.other]
    return Pattern(
        anomaly=found.anomaly,
        key=found.key,
        value=seen.raw.get(found.value, found.value),
        reader=operations(seen.calls[found.reader]),
        other=None if other is None else operations(other),
        other_key=found.other_key,
    )


def cycle_of(seen: Appends, found: CycleFound, operations: Operations) -> Cycle:
    """Return the certificate for *found*."""
    return Cycle(edges=tuple(edge_of(seen, *step, operations) for step in found.steps))


def edge_of(seen: Appends, source: int, kind: EdgeKind, target: int, operations: Operations) -> Edge:
    """Return the edge of *kind* between two transactions with the key and the elements that make it one."""
    from_operation, to_operation = operations(seen.calls[source]), operations(seen.calls[target])
    if kind in ("process", "realtime"):
        return Edge(kind=kind, source=from_operation, target=to_operation)
    looked_up = {"ww": _ww, "wr": _wr, "rw": _rw}[kind](seen, source, target)
    assert looked_up is not None, f"a {kind} edge has a reason"
    key, earlier, value, shown_by = looked_up
    return Edge(
        kind=kind,
        source=from_operation,
        target=to_operation,
        key=key.name,
        value=seen.raw.get(value, value),
        earlier=seen.raw.get(earlier, earlier),
        shown_by=None if shown_by is None else operations(seen.calls[shown_by]),
    )


_Reason = tuple[Key, Any, Any, int | None]
"""Key, the source's element, the target's element, the transaction whose read shows their order."""


def _appends_by_key(seen: Appends, txn: int) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for number, element in seen.appends[txn]:
        found.setdefault(number, []).append(element)
    return found


def _ww(seen: Appends, source: int, target: int) -> _Reason | None:
    later = _appends_by_key(seen, target)
    for number, elements in _appends_by_key(seen, source).items():
        key = seen.keys[number]
        positions = key.positions
        for earlier in elements:
            for element in later.get(number, ()):
                if earlier in positions and positions[earlier] < positions.get(element, len(positions)):
                    return key, earlier, element, _longest_reader(key)
    return None


def _longest_reader(key: Key) -> int:
    return next(txn for txn, items in key.reads + key.own_reads if len(items) == len(key.longest))


def _reads(seen: Appends, txn: int, numbers: Sequence[int]) -> list[tuple[Key, list[Any]]]:
    keys = [seen.keys[number] for number in numbers]
    return [(key, items) for key in keys for reader, items in key.reads if reader == txn and not key.contradicted]


def _wr(seen: Appends, source: int, target: int) -> _Reason | None:
    for key, items in _reads(seen, target, list(_appends_by_key(seen, source))):
        if items and key.writers.get(items[-1]) == source:
            return key, None, items[-1], None
    return None


def _rw(seen: Appends, source: int, target: int) -> _Reason | None:
    later = _appends_by_key(seen, target)
    for key, items in _reads(seen, source, list(later)):
        following = key.longest[len(items)] if len(items) < len(key.longest) else None
        for element in later[key.number]:
            if element == following if len(items) < len(key.longest) else element not in key.positions:
                return key, None, element, None
    return None
