"""Checks certificates against list-append histories: works on the operations alone, shares no code with the search.

Rules:

1. Every edge is derived again. Any read shows an order: of two elements in it the first was appended first, and what
   a committed transaction appended and the read lacks was appended later.
2. A cycle must be of a shape that the level forbids: at snapshot isolation no two rw edges may be neighbours, below it
   there may be none. Process edges count only with sessions, real-time edges only at strict-serializable.
3. A proof may use an order of two appends that nobody saw as an assumption; when it has led to a cycle, the opposite
   order holds. (Only snapshot isolation needs this.)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

from chaoslab.checkers.transactions.evidence import AssumedOrder, Contradiction, Cycle, Edge, Pattern, Proof
from chaoslab.history import History, Operation
from chaoslab.history.values import frozen

__all__ = ["AppendCertificates"]


class AppendCertificates:
    """One history, ready to have certificates compared with it.

    Args:
        history: The history.
    """

    def __init__(self, history: History) -> None:
        self.history = history

    def complaint(self, certificate: Cycle | Pattern | Proof, level: str, *, sessions: bool) -> str | None:
        """Return what is wrong with *certificate* as evidence that the history violates *level*, or None.

        Cost: little for each edge; O(elements read) once if it matters which info transactions were seen.
        """
        if isinstance(certificate, Pattern):
            return self.complaint_about_pattern(certificate, level, sessions)
        if isinstance(certificate, Cycle):
            return self.complaint_about_cycle(certificate.edges, level, sessions, [])
        return self.complaint_about_proof(certificate, level, sessions)

    @cached_property
    def seen(self) -> set[tuple[Any, Any]]:
        """Key and element of everything that some read saw."""
        found: set[tuple[Any, Any]] = set()
        for operation in self.history.operations():
            for key, items in self.reads(operation, own=True):
                found.update((key, item) for item in items)
        return found

    @cached_property
    def writers(self) -> dict[tuple[Any, Any], list[Operation]]:
        """From key and element to those who appended it, failed or not."""
        found: dict[tuple[Any, Any], list[Operation]] = {}
        for operation in self.history.operations():
            for append in self.appends(operation):
                found.setdefault(append, []).append(operation)
        return found

    def is_of_history(self, operation: Operation) -> bool:
        """Return whether *operation* is one of the history, in every respect."""
        call, history = operation.call, self.history
        known = 0 <= call < len(history) and history.types[call] == "invoke"
        return known and history.processes[call].__class__ is int and history.operation(call) == operation

    def body(self, operation: Operation) -> Any:
        """Return the micro-operations, with what they read where that is known."""
        done = operation.type == "ok" and operation.value is not None
        return operation.value if done else operation.argument

    def appends(self, operation: Operation) -> list[tuple[Any, Any]]:
        """Return key and element of each append, frozen."""
        return [(frozen(key), frozen(value)) for f, key, value in self.body(operation) if f == "append"]

    def reads(self, operation: Operation, *, own: bool = False) -> list[tuple[Any, list[Any]]]:
        """Return the reads of an ok transaction, those after its own append to the key only if *own*."""
        found: list[tuple[Any, list[Any]]] = []
        written: set[Any] = set()
        for f, key, value in self.body(operation) if operation.type == "ok" else ():
            if f == "append":
                written.add(frozen(key))
            elif own or frozen(key) not in written:
                found.append((frozen(key), [frozen(item) for item in value or ()]))
        return found

    def committed(self, operation: Operation | None) -> bool:
        """Return whether *operation* is one of the history and certainly took place."""
        if operation is None or not self.is_of_history(operation):
            return False
        if operation.type == "info":
            return any(append in self.seen for append in self.appends(operation))
        return operation.type == "ok"

    def precedes(self, key: Any, first: Any, second: Any, reads: list[tuple[Any, list[Any]]]) -> bool:
        """Return whether one of *reads* shows that *first* was appended before *second*."""
        for name, items in reads:
            if name == key and first in items and (second not in items or items.index(first) < items.index(second)):
                return True
        return False

    def holds(self, edge: Edge, assumed: Sequence[AssumedOrder]) -> bool:
        """Return whether *edge* follows from the operations, or is one of the *assumed* orders."""
        source, target = edge.source, edge.target
        if not self.committed(source) or not self.committed(target) or source == target:
            return False
        assert source is not None
        assert target is not None
        key, value = frozen(edge.key), frozen(edge.value)
        if edge.kind == "realtime":
            return source.ret is not None and source.ret < target.call
        if edge.kind == "process":
            return source.process == target.process and source.ret is not None and source.ret < target.call
        if edge.kind == "wr":
            written = (key, value) in self.appends(source)
            return written and any(name == key and value in items for name, items in self.reads(target))
        if (key, value) not in self.appends(target):
            return False
        if edge.kind == "rw":
            return any(name == key and value not in items for name, items in self.reads(source))
        if edge.shown_by is None:
            return any((one.first, one.second, frozen(one.key)) == (source, target, key) for one in assumed)
        earlier = frozen(edge.earlier)
        shown = self.committed(edge.shown_by) and self.precedes(
            key, earlier, value, self.reads(edge.shown_by, own=True)
        )
        return shown and (key, earlier) in self.appends(source)

    def complaint_about_cycle(
        self, edges: Sequence[Edge], level: str, sessions: bool, assumed: Sequence[AssumedOrder]
    ) -> str | None:
        """Return what is wrong with a cycle, given some *assumed* orders."""
        for position, edge in enumerate(edges):
            if edges[position - 1].target != edge.source:
                return f"edge {position} of the cycle does not begin where the one before it ends"
            if not self.holds(edge, assumed):
                return f"the {edge.kind} edge {position} of the cycle does not follow from the history"
            if edge.kind == "process" and not (sessions or level == "strict-serializable"):
                return "process order does not count here"
            if edge.kind == "realtime" and level != "strict-serializable":
                return f"real time does not count at {level}"
            if edge.kind == "rw" and level in ("read-committed", "read-atomic"):
                return f"a cycle with rw edges is allowed at {level}"
            if edge.kind == "rw" and edges[position - 1].kind == "rw" and level == "snapshot-isolation":
                return "a cycle with two adjacent rw edges is allowed at snapshot-isolation"
        return None if edges else "the cycle is empty"

    def complaint_about_proof(self, proof: Proof, level: str, sessions: bool) -> str | None:
        """Return what is wrong with a proof by assumed orders of appends that nobody saw."""
        assumed: list[AssumedOrder] = []
        is_open: list[bool] = []
        for position, step in enumerate(proof.steps):
            if isinstance(step, AssumedOrder):
                appended = [key for one in (step.first, step.second) for key in dict.fromkeys(self.appends(one))]
                both = all(
                    any(key == frozen(step.key) for key, _ in self.appends(one)) and self.committed(one)
                    for one in (step.first, step.second)
                )
                if not both or step.first == step.second or not appended:
                    return f"step {position} assumes an order of transactions that did not both append to the key"
                assumed.append(step)
                is_open.append(True)
            elif isinstance(step, Contradiction):
                complaint = self.complaint_about_cycle(step.edges, level, sessions, assumed)
                if complaint is not None:
                    return complaint
                while is_open and not is_open[-1]:
                    is_open.pop()
                    assumed.pop()
                if not is_open:
                    return None if position == len(proof.steps) - 1 else "the proof goes on after its end"
                last = assumed.pop()
                is_open[-1] = False
                assumed.append(AssumedOrder(key=last.key, first=last.second, second=last.first))
            else:
                return f"step {position} is none that a proof about appends has"
        return "the proof does not end in a contradiction"

    def complaint_about_pattern(self, pattern: Pattern, level: str, sessions: bool) -> str | None:
        """Return what is wrong with a pattern."""
        weakest = {
            "lost-update": ("snapshot-isolation", "serializable", "strict-serializable"),
            "non-repeatable-read": ("read-atomic", "snapshot-isolation", "serializable", "strict-serializable"),
            "fractured-read": ("read-atomic", "snapshot-isolation", "serializable", "strict-serializable"),
        }
        name = pattern.anomaly.removesuffix("-process")
        if name in weakest and level not in weakest[name]:
            return f"{name} is allowed at {level}"
        if name != pattern.anomaly and not sessions:
            return "process order does not count here"
        reader = pattern.reader
        if not self.is_of_history(reader) or reader.type != "ok":
            return "the reader is no ok transaction of the history"
        if pattern.other is not None and not self.is_of_history(pattern.other):
            return "the other transaction is none of the history"
        check = getattr(self, "_" + pattern.anomaly.replace("-", "_").lower(), None)
        if check is None:
            return f"there is no anomaly {pattern.anomaly!r}"
        right = check(reader, pattern.other, frozen(pattern.key), frozen(pattern.value), frozen(pattern.other_key))
        return None if right else f"the history does not show the {pattern.anomaly}"

    def _items(self, operation: Operation, key: Any, *, own: bool) -> list[list[Any]]:
        return [items for name, items in self.reads(operation, own=own) if name == key]

    def _garbage_read(self, reader: Operation, other: Any, key: Any, value: Any, other_key: Any) -> bool:
        writers = self.writers.get((key, value), [])
        return not writers and any(value in items for items in self._items(reader, key, own=True))

    def _g1a(self, reader: Operation, other: Operation, key: Any, value: Any, other_key: Any) -> bool:
        writers = self.writers.get((key, value), [])
        failed = other in writers and all(one.type == "fail" for one in writers)
        return failed and any(value in items for items in self._items(reader, key, own=True))

    def _g1b(self, reader: Operation, other: Operation, key: Any, value: Any, other_key: Any) -> bool:
        appended = [element for name, element in self.appends(other) if name == key]
        seen = any(items[-1:] == [value] for items in self._items(reader, key, own=False))
        return seen and reader != other and value in appended[:-1] and self.committed(other)

    def _duplicate_elements(self, reader: Operation, other: Any, key: Any, value: Any, other_key: Any) -> bool:
        return any(items.count(value) > 1 for items in self._items(reader, key, own=True))

    def _incompatible_order(self, reader: Operation, other: Operation, key: Any, value: Any, other_key: Any) -> bool:
        for mine in self._items(reader, key, own=True):
            for theirs in self._items(other, key, own=True):
                differ = [one for one, another in zip(mine, theirs, strict=False) if one != another]
                if differ[:1] == [value]:
                    return True
            appended = [element for name, element in self.appends(other) if name == key]
            if any(
                later == value and self.precedes(key, later, first, [(key, mine)])
                for first, later in pairwise(appended)
            ):
                return True
        return False

    def _internal(self, reader: Operation, other: Any, key: Any, value: Any, other_key: Any) -> bool:
        own: list[Any] = []
        for f, name, argument in self.body(reader):
            if frozen(name) != key:
                continue
            if f == "append":
                own.append(frozen(argument))
            else:
                items = [frozen(item) for item in argument or ()]
                if own and items[-len(own) :] != own:
                    return True
        return any(value in items for items in self._items(reader, key, own=False)) and value in own

    def _non_repeatable_read(self, reader: Operation, other: Any, key: Any, value: Any, other_key: Any) -> bool:
        own: list[Any] = []
        bases: list[list[Any]] = []
        for f, name, argument in self.body(reader):
            if frozen(name) == key and f == "append":
                own.append(frozen(argument))
            elif frozen(name) == key:
                items = [frozen(item) for item in argument or ()]
                bases.append(items[: len(items) - len(own)])
        return any(base != bases[0] for base in bases)

    def _fractured_read(self, reader: Operation, other: Operation, key: Any, value: Any, other_key: Any) -> bool:
        seen = any(
            items and (other_key, items[-1]) in self.appends(other)
            for items in self._items(reader, other_key, own=False)
        )
        missed = any(value not in items for items in self._items(reader, key, own=False))
        return seen and missed and (key, value) in self.appends(other) and self.committed(other) and reader != other

    def _fractured_read_process(
        self, reader: Operation, other: Operation, key: Any, value: Any, other_key: Any
    ) -> bool:
        before = other.process == reader.process and other.ret is not None and other.ret < reader.call
        missed = any(value not in items for items in self._items(reader, key, own=False))
        return before and missed and (key, value) in self.appends(other)

    def _lost_update(self, reader: Operation, other: Operation, key: Any, value: Any, other_key: Any) -> bool:
        both_append = all(any(name == key for name, _ in self.appends(one)) for one in (reader, other))
        same = any(items in self._items(other, key, own=False) for items in self._items(reader, key, own=False))
        return both_append and same and reader != other and self.committed(other)
