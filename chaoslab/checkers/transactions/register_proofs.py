"""Turns the steps of a proof about register transactions, which are numbers, into evidence that people can read.

Searches carry numbers only, so that what is not part of a proof costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from chaoslab.checkers.transactions.evidence import AssumedOrder, AssumedSource, Contradiction, Derived, Edge, Step
from chaoslab.checkers.transactions.register_axioms import Deduced, Link, Refutation
from chaoslab.checkers.transactions.register_search import Supposed
from chaoslab.checkers.transactions.writes import INITIAL, Read, Writes
from chaoslab.history import History, Operation

__all__ = ["Chosen", "Evidence", "uses"]


@attrs.frozen(kw_only=True)
class Chosen:
    """A step of a proof: suppose that *read* saw what *source* wrote."""

    read: Read
    source: int


def uses(steps: Iterable[Any]) -> Iterable[tuple[str, int, int, int, int | None]]:
    """Yield kind, source, target, key and ``through`` of all edges in *steps*."""
    for step in steps:
        if isinstance(step, Refutation):
            yield from uses(step.steps)
            for kind, source, target, key in step.cycle:
                yield kind, source, target, key, None
        elif isinstance(step, Deduced):
            kind, source, target, key = step.link
            yield kind, source, target, key, step.through
            for kind, source, target, key in step.path:
                yield kind, source, target, key, None
        elif isinstance(step, Supposed):
            yield "ww", step.first, step.second, step.key, None


class Evidence:
    """Turns steps in numbers into steps with operations, keys and values."""

    def __init__(self, seen: Writes, history: History) -> None:
        self.seen = seen
        self.history = history

    def steps(self, steps: Iterable[Any]) -> Iterable[Step]:
        """Yield the steps as evidence."""
        for step in steps:
            if isinstance(step, Refutation):
                yield from self.steps(step.steps)
                yield Contradiction(edges=tuple(map(self.edge, step.cycle)))
            elif isinstance(step, Deduced):
                through = None if step.through is None else self.operation(step.through)
                yield Derived(edge=self.edge(step.link), through=through, path=tuple(map(self.edge, step.path)))
            elif isinstance(step, Supposed):
                first, second = self.operation(step.first), self.operation(step.second)
                assert first is not None
                assert second is not None
                yield AssumedOrder(key=self.seen.names[step.key], first=first, second=second)
            else:
                reader = self.operation(step.read.txn)
                assert reader is not None
                yield AssumedSource(
                    reader=reader,
                    position=step.read.position,
                    key=self.seen.names[step.read.key],
                    value=self.seen.raw.get(step.read.value, step.read.value),
                    writer=self.operation(step.source),
                )

    def operation(self, txn: int) -> Operation | None:
        """Return the operation of a transaction, None for the initial state."""
        return None if txn == INITIAL else self.history.operation(self.seen.calls[txn])

    def edge(self, link: Link) -> Edge:
        """Return an edge with its key and values."""
        kind, source, target, key = link
        ends = {"kind": kind, "source": self.operation(source), "target": self.operation(target)}
        if key < 0:
            return Edge(**ends)  # type: ignore[arg-type]
        return Edge(
            **ends,  # type: ignore[arg-type]
            key=self.seen.names[key],
            value=self._written(source if kind == "wr" else target, key),
            earlier=self._written(source, key) if kind == "ww" else None,
        )

    def _written(self, txn: int, key: int) -> Any:
        value = None if txn == INITIAL else self.seen.writes[txn][key]
        return self.seen.raw.get(value, value)
