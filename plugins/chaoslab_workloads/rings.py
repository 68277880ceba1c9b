"""The ring workload: clients look keys up, and ask the node beside them for its place in the ring.

The value of a ``read`` is (identifier of the node, predecessor, (successor, ...)), that of a ``get`` of a key
(identifier of the key, owner). When a run ends, everything is healed and nobody asks for anything for a while; then
every client reads and looks every key up. What must hold of these last answers:

* every node that answers is a member (``left out``), and its first successor is the next member in the order of
  identifiers: one ring, in order, of all (``broken ring``);
* its predecessor is the one before it (``wrong predecessor``);
* the owner of a key is the first member from the key's identifier on (``wrong owner``).

Meanwhile anything may be answered: a ring is right in the end, not always (Zave, "Reasoning about identifier spaces:
How to make Chord correct", IEEE TSE 2017: the theorem is that it comes to be ideal once joins and failures cease).
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from chaoslab.checkers import Verdict
from chaoslab.cluster import ClientView, Workload
from chaoslab.history import History, Operation
from chaoslab.models import Model
from chaoslab.parameters import RATIO, parameter
from chaoslab.statemachine import Invocation

__all__ = ["PLACES", "RING"]

_QUIET_NS = 5_000_000_000


@attrs.frozen(kw_only=True)
class RingParameters:
    """Parameters of the ring workload."""

    reads: float = parameter(RATIO, "The share of operations that read a place; the rest look keys up.", default=0.2)


PLACES = Model(
    name="places",
    summary="places in a ring and owners of keys; any answer is allowed, the ring workload judges them",
    step=lambda state, f, argument, value, result: state,
    reads=frozenset({"get", "read"}),
    fs=frozenset({"get", "read"}),
)


def _operations(view: ClientView) -> Iterator[Invocation]:
    parameters: RingParameters = view.parameters or RingParameters()
    while True:
        if view.random.chance(parameters.reads):
            yield Invocation(f="read")
        else:
            yield Invocation(f="get", key=view.random.pick(view.keys))


def _last(view: ClientView) -> Iterator[Invocation]:
    yield Invocation(f="read")
    for key in view.keys:
        yield Invocation(f="get", key=key)


_Found = tuple[str, str, tuple[Operation, ...]]
"""The anomaly, a sentence, and the operations that show it."""


def _checks(history: History, keys: tuple[str, ...], parameters: Any) -> Sequence[Verdict]:
    operations = history.operations()
    last = operations[_quiet_since(operations) :]
    places = {str(one.node): one for one in last if one.f == "read" and one.type == "ok"}
    unasked = _unasked(places, operations)
    if unasked is not None:
        summary = f"{unasked} is in the ring, and no client stands beside it to ask for its place: each node takes one."
        return (Verdict(outcome="unknown", name="ring", summary=summary),)
    found = _left_out(last) or _broken(places) or _wrong_owner(last, places)
    if found is not None:
        anomaly, summary, guilty = found
        return (Verdict(outcome="invalid", name="ring", anomaly=anomaly, summary=summary, operations=guilty),)
    if not places:
        return (Verdict(outcome="unknown", name="ring", summary="no node told its place at the end."),)
    looked_up = sum(one.f == "get" and one.type == "ok" for one in last)
    summary = f"in the end {len(places)} members make one ring in order, and {looked_up} lookups found the owner."
    return (Verdict(outcome="valid", name="ring", summary=summary),)


def _quiet_since(operations: Sequence[Operation]) -> int:
    """Return where the operations begin that come after the last quiet time; behind all of them if there was none."""
    for place in range(len(operations) - 1, 0, -1):
        if operations[place].call_time_ns - operations[place - 1].call_time_ns >= _QUIET_NS // 2:
            return place
    return len(operations)


def _unasked(places: dict[str, Operation], operations: Sequence[Operation]) -> str | None:
    """Return a node that members name as a neighbour, and that never answered anybody."""
    asked = {one.node for one in operations}
    named = sorted({name for one in places.values() for name in (one.value[1], *one.value[2]) if name})
    return next((name for name in named if name not in asked), None)


def _left_out(last: Sequence[Operation]) -> _Found | None:
    """Return a node that refused a read: it is there, and in no ring."""
    for one in last:
        if one.f == "read" and one.type == "fail" and one.node is not None:
            return "left out", f"in the end, long after everything was healed, {one.node} is {one.error}.", (one,)
    return None


def _broken(places: dict[str, Operation]) -> _Found | None:
    """Return a member whose first successor is not the next one, or else one whose predecessor is not the one before.

    A member that is alone has neither.
    """
    ring = sorted(places, key=lambda node: places[node].value[0])
    neighbours = list(zip(ring, [*ring[1:], *ring[:1]], strict=True)) if len(ring) > 1 else []
    alone: list[tuple[str, str | None]] = [(node, None) for node in ring]
    for node, after in neighbours or alone:
        first = next(iter(places[node].value[2]), None)
        if first != after:
            summary = f"in the end the successor of {node} is {first or 'nobody'}, and {after or 'nobody'} comes next."
            return "broken ring", summary, tuple(places[one] for one in (node, after) if one)
    for before, node in neighbours:
        predecessor = places[node].value[1]
        if predecessor != before:
            summary = f"in the end the predecessor of {node} is {predecessor or 'nobody'}, and {before} is before it."
            return "wrong predecessor", summary, (places[before], places[node])
    return None


def _wrong_owner(last: Sequence[Operation], places: dict[str, Operation]) -> _Found | None:
    """Return a lookup that did not find the first member from the key on."""
    ring = sorted((places[node].value[0], node) for node in places)
    for one in last:
        if one.f == "get" and one.type == "ok" and ring:
            identifier, owner = one.value
            right = ring[bisect.bisect_left(ring, (identifier, "")) % len(ring)][1]
            if owner != right:
                summary = f"in the end {one.node} finds {one.key} at {owner}, and it is {right} that comes after it."
                return "wrong owner", summary, (places[right], one)
    return None


RING = Workload(
    name="ring",
    summary="lookups of keys in a ring, and places of its members; in the end all make one ring in order",
    model="places",
    operations=_operations,
    last=_last,
    quiet_ns=_QUIET_NS,
    all_read=True,
    parameters=RingParameters,
    checks=_checks,
)
