"""Checks proofs about register transactions: works on the operations alone, shares no code with the search.

Rules, for reader r that read a key from a, and b that also wrote it:

1. Given edges: a before r (wr); process order, with sessions; real time, at strict-serializable; the initial state
   before everything (ww).
2. b before r, by edges that hold, gives b before a (ww). At read-committed r must have read from b before that read of
   a; at read-atomic the path is one edge; at causal it has wr and process edges only.
3. a before b gives r before b (rw), and at snapshot isolation all of b after all of a (ww).
4. A path or cycle at snapshot isolation has no two adjacent rw edges; that of rule 2 neither begins nor ends with one.
5. A cycle ends the latest supposition: an order of two writers is then reversed, once; the next possible source of a
   read is tried, until there is none. Both failing ends the supposition before.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import attrs

from chaoslab.checkers.transactions.evidence import (
    AssumedOrder,
    AssumedSource,
    Contradiction,
    Derived,
    Edge,
    Pattern,
    Proof,
)
from chaoslab.history import Operation
from chaoslab.history.values import frozen

__all__ = ["complaint_about_pattern", "complaint_about_proof"]

_SEARCHED = ("snapshot-isolation", "serializable", "strict-serializable")

_Key = tuple[Any, ...]


def complaint_about_proof(proof: Proof, operations: Sequence[Operation], level: str, *, sessions: bool) -> str | None:
    """Return what is wrong with *proof* that the history violates *level*, or None. Cost: O(n) and a little a step."""
    return _Checker(_Facts(operations), level, sessions).complaint(proof)


def complaint_about_pattern(pattern: Pattern, operations: Sequence[Operation], level: str) -> str | None:
    """Return what is wrong with *pattern* as evidence that the history violates *level*, or None. Cost: O(n)."""
    allowed = {"non-repeatable-read": ("read-committed",), "lost-update": ("read-committed", "read-atomic", "causal")}
    if level in allowed.get(pattern.anomaly, ()):
        return f"{pattern.anomaly} is allowed at {level}"
    if pattern.reader not in operations or (pattern.other is not None and pattern.other not in operations):
        return "a transaction of the pattern is none of the history"
    shown = _Facts(operations).shows(pattern)
    return None if shown else f"the history does not show the {pattern.anomaly}"


def _body(operation: Operation) -> list[tuple[str, Any, Any]]:
    known = operation.type == "ok" and operation.value is not None
    return [(f, frozen(key), frozen(value)) for f, key, value in (operation.value if known else operation.argument)]


def _final(operation: Operation) -> dict[Any, Any]:
    """Return what the transaction left in each key that it wrote."""
    return {key: value for f, key, value in _body(operation) if f == "w"}


def _reads(operation: Operation) -> list[tuple[Any, Any]]:
    """Return key and value of each read of an ok transaction before its own write to the key."""
    found: list[tuple[Any, Any]] = []
    written: set[Any] = set()
    for f, key, value in _body(operation) if operation.type == "ok" else ():
        if f == "w":
            written.add(key)
        elif key not in written:
            found.append((key, value))
    return found


class _Facts:
    """What the operations say, looked up directly."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.known = {operation.call: operation for operation in operations}
        self.writers: dict[Any, list[Operation]] = {}
        for operation in operations:
            if operation.type != "fail":
                for pair in _final(operation).items():
                    self.writers.setdefault(pair, []).append(operation)
        self.surely_read: set[int] = set()
        for operation in operations:
            for position in range(len(_reads(operation))):
                sources = self.sources(operation, position)
                if len(sources) == 1 and sources[0] is not None:
                    self.surely_read.add(sources[0].call)

    def sources(self, reader: Operation, position: int) -> list[Operation | None]:
        """Return who may have written what *reader* read; None is the initial state."""
        key, value = _reads(reader)[position]
        found: list[Operation | None] = [one for one in self.writers.get((key, value), ()) if one != reader]
        return [*found, None] if value is None else found

    def shows(self, pattern: Pattern) -> bool:
        """Return whether the history shows *pattern*."""
        reader, other = pattern.reader, pattern.other
        key, value = frozen(pattern.key), frozen(pattern.value)
        if reader.type != "ok":
            return False
        if pattern.anomaly == "internal":
            return self._is_internal(reader, key)
        seen = [one for name, one in _reads(reader) if name == key]
        if pattern.anomaly == "non-repeatable-read":
            return any(one != seen[0] for one in seen)
        if pattern.anomaly == "lost-update":
            return other is not None and reader != other and self._is_lost_update(reader, other, key)
        everybody = [one for one in self.known.values() if ("w", key, value) in _body(one)]
        if value not in seen or value is None or any(one != reader for one in self.writers.get((key, value), ())):
            return False
        if pattern.anomaly == "garbage-read":
            return not everybody
        if pattern.anomaly == "G1a":
            return other in everybody and all(one.type == "fail" for one in everybody)
        return pattern.anomaly == "G1b" and other in everybody and other != reader and other.type != "fail"

    def _is_internal(self, reader: Operation, key: Any) -> bool:
        own: list[Any] = []
        later = [value for f, name, value in _body(reader) if f == "w" and name == key]
        for f, name, value in _body(reader):
            if name != key:
                continue
            if f == "w":
                own.append(value)
            elif own and own[-1] != value:
                return True
            elif not own and value is not None and value in later:
                writers = [one for one in self.known.values() if ("w", key, value) in _body(one) and one.type != "fail"]
                if writers == [reader]:
                    return True
        return False

    def _is_lost_update(self, reader: Operation, other: Operation, key: Any) -> bool:
        sources = []
        for one in (reader, other):
            if one.type != "ok" or key not in _final(one):
                return False
            positions = [position for position, (name, _) in enumerate(_reads(one)) if name == key]
            possible = [self.sources(one, position) for position in positions]
            sources.append([some[0] for some in possible if len(some) == 1])
        return any(source in sources[1] for source in sources[0])


@attrs.define
class _Scope:
    """A supposition that is open, and what was derived under it."""

    supposition: AssumedOrder | AssumedSource | None
    is_last_chance: bool = False
    tried: list[Operation | None] = attrs.field(factory=list)
    is_waiting: bool = False
    derived: set[_Key] = attrs.field(factory=set)


def _call(operation: Operation | None) -> int:
    return -1 if operation is None else operation.call


def _identity(edge: Edge) -> _Key:
    return (edge.kind, _call(edge.source), _call(edge.target), frozen(edge.key))


class _Checker:
    """Goes through one proof."""

    def __init__(self, facts: _Facts, level: str, sessions: bool) -> None:
        self.facts = facts
        self.level = level
        self.sessions = sessions
        self.scopes = [_Scope(None)]

    def complaint(self, proof: Proof) -> str | None:
        """Return the first thing that is wrong."""
        for number, step in enumerate(proof.steps):
            if isinstance(step, Contradiction):
                if not self._is_cycle(step.edges):
                    return f"step {number} is no cycle of edges that hold"
                if self._closed():
                    return None if number == len(proof.steps) - 1 else "the proof goes on after its end"
                continue
            if self.scopes[-1].is_waiting and not isinstance(step, AssumedSource):
                return f"step {number} comes before all sources of a read were tried"
            right = {
                Derived: self._take_derived,
                AssumedOrder: self._take_order,
                AssumedSource: self._take_source,
            }[type(step)](step)  # type: ignore[operator]
            if not right:
                return f"step {number} does not follow"
        return "the proof does not end in a contradiction"

    def _closed(self) -> bool:
        """End the latest supposition; return whether none was left."""
        while len(self.scopes) > 1:
            scope = self.scopes[-1]
            scope.derived.clear()
            if isinstance(scope.supposition, AssumedOrder):
                if not scope.is_last_chance:
                    scope.is_last_chance = True
                    old = scope.supposition
                    scope.supposition = attrs.evolve(old, first=old.second, second=old.first)
                    return False
            elif scope.supposition is not None:
                scope.tried.append(scope.supposition.writer)
                possible = self.facts.sources(scope.supposition.reader, scope.supposition.position)
                if any(one not in scope.tried for one in possible):
                    scope.is_waiting = True
                    return False
            self.scopes.pop()
        return True

    def _take_order(self, step: AssumedOrder) -> bool:
        key = frozen(step.key)
        self.scopes.append(_Scope(step))
        both = (step.first, step.second)
        return step.first != step.second and all(self._is_committed(one) and key in _final(one) for one in both)

    def _take_source(self, step: AssumedSource) -> bool:
        scope = self.scopes[-1]
        if scope.is_waiting:
            old = scope.supposition
            assert isinstance(old, AssumedSource)
            if (old.reader, old.position) != (step.reader, step.position) or step.writer in scope.tried:
                return False
            scope.supposition, scope.is_waiting = step, False
        else:
            self.scopes.append(_Scope(step))
        known = self.facts.known.get(step.reader.call) == step.reader and step.position < len(_reads(step.reader))
        return known and step.writer in self.facts.sources(step.reader, step.position)

    def _is_committed(self, operation: Operation | None) -> bool:
        if operation is None:
            return True
        if self.facts.known.get(operation.call) != operation:
            return False
        if operation.type == "info":
            assumed = [one.supposition for one in self.scopes if isinstance(one.supposition, AssumedSource)]
            return operation.call in self.facts.surely_read or any(one.writer == operation for one in assumed)
        return operation.type == "ok"

    def _places(self, reader: Operation, writer: Operation | None, key: Any) -> list[int]:
        """Return the positions of reads of *key* by which *reader* surely read from *writer*."""
        found = []
        assumed = [one.supposition for one in self.scopes if isinstance(one.supposition, AssumedSource)]
        for position, (name, _) in enumerate(_reads(reader)):
            supposed = any((one.reader, one.position, one.writer) == (reader, position, writer) for one in assumed)
            if name == key and (supposed or self.facts.sources(reader, position) == [writer]):
                found.append(position)
        return found

    def _holds(self, edge: Edge) -> bool:
        """Return whether *edge* is given, supposed or derived."""
        source, target = edge.source, edge.target
        if not self._is_committed(source) or not self._is_committed(target):
            return False
        key = frozen(edge.key)
        if edge.kind == "ww" and source is None:
            return target is not None and key in _final(target)
        if source is None or target is None:
            return _identity(edge) in self._derived()
        if edge.kind == "wr":
            return bool(self._places(target, source, key))
        if edge.kind in ("process", "realtime"):
            ended = source.ret is not None and source.ret < target.call
            if edge.kind == "realtime":
                return ended and self.level == "strict-serializable"
            return ended and self.sessions and source.process == target.process
        for scope in self.scopes:
            one = scope.supposition
            supposed = isinstance(one, AssumedOrder) and (one.first, one.second, frozen(one.key))
            if edge.kind == "ww" and supposed == (source, target, key):
                return True
        return _identity(edge) in self._derived()

    def _derived(self) -> set[_Key]:
        return set().union(*(scope.derived for scope in self.scopes))

    def _is_path(self, edges: Sequence[Edge], start: Operation, goal: Operation) -> bool:
        """Return whether *edges* hold and lead from *start* to *goal*, in a way that the level knows."""
        if not edges or edges[0].source != start or edges[-1].target != goal:
            return False
        joined = all(one.target == following.source for one, following in pairwise(edges))
        return joined and all(map(self._holds, edges)) and not any(map(self._is_gap, edges, edges[1:]))

    def _is_gap(self, edge: Edge, following: Edge) -> bool:
        return self.level == "snapshot-isolation" and edge.kind == following.kind == "rw"

    def _is_cycle(self, edges: Sequence[Edge]) -> bool:
        if not edges or (self.level not in _SEARCHED and any(edge.kind == "rw" for edge in edges)):
            return False
        rotated = [*edges[1:], edges[0]]
        joined = all(one.target == following.source for one, following in zip(edges, rotated, strict=True))
        return joined and all(map(self._holds, edges)) and not any(map(self._is_gap, edges, rotated))

    def _take_derived(self, step: Derived) -> bool:
        edge, through = step.edge, step.through
        source, target, key = edge.source, edge.target, frozen(edge.key)
        self_loop = source is None or source == target or not self._is_committed(source)
        if self_loop or not self._is_committed(target) or not self._is_committed(through):
            return False
        assert source is not None
        if edge.kind == "rw":
            right = target is not None and self._is_overwritten(source, target, through, key, step.path)
        elif edge.kind == "ww" and through is None:
            right = target is not None and self.level in _SEARCHED and key in _final(source) and key in _final(target)
            right = right and target is not None and self._is_path(step.path, source, target)
        else:
            right = edge.kind == "ww" and through is not None and self._is_visible(source, target, through, key, step)
        if right:
            self.scopes[-1].derived.add(_identity(edge))
        return right

    def _is_overwritten(
        self, reader: Operation, writer: Operation, read_from: Operation | None, key: Any, path: Sequence[Edge]
    ) -> bool:
        """Return whether *reader* read from *read_from* what *writer* overwrote later."""
        if self.level not in _SEARCHED or key not in _final(writer) or not self._places(reader, read_from, key):
            return False
        return read_from is None or (read_from != writer and self._is_path(path, read_from, writer))

    def _is_visible(
        self, writer: Operation, read_from: Operation | None, reader: Operation, key: Any, step: Derived
    ) -> bool:
        """Return whether *reader* read from *read_from* although *writer* was visible to it."""
        places, path = self._places(reader, read_from, key), step.path
        if key not in _final(writer) or not places or not self._is_path(path, writer, reader):
            return False
        if self.level == "read-committed":
            seen = self._places(reader, writer, frozen(path[0].key))
            return len(path) == 1 and path[0].kind == "wr" and min(seen) < max(places)
        if self.level == "read-atomic":
            return len(path) == 1 and path[0].kind in ("wr", "process")
        if self.level == "causal":
            return all(edge.kind in ("wr", "process") for edge in path)
        return self.level != "snapshot-isolation" or "rw" not in (path[0].kind, path[-1].kind)
