"""List-append transactions: is there an order, of the kind that a level asks for, that explains what was read?

Appends to lists can be traced: a read shows not only the last write but all before it, in their order. So dependencies
follow from what clients saw, and a history violates a level exactly if they form a cycle of a certain kind
(Kingsbury & Alvaro 2020, "Elle"). The parts: ``appends`` reads the history, ``dependencies`` draws the edges,
``cycles`` and ``fractures`` find anomalies, ``snapshots`` finds schedules, ``levels`` says what is forbidden where, and
``append_witnesses`` and ``append_verifier`` re-check what was decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chaoslab.checkers.transactions.append_verifier import AppendCertificates
from chaoslab.checkers.transactions.append_witnesses import (
    complaint_about_commit_order,
    complaint_about_schedule,
    complaint_about_serial_order,
)
from chaoslab.checkers.transactions.appends import Appends, Found, observe
from chaoslab.checkers.transactions.certificates import cycle_of, edge_of, pattern_of
from chaoslab.checkers.transactions.cycles import CycleFound, Depth, cycles
from chaoslab.checkers.transactions.dependencies import Dependencies, Order, dependencies, topological_order
from chaoslab.checkers.transactions.evidence import (
    AssumedOrder,
    CommitOrder,
    Contradiction,
    Cycle,
    Edge,
    Pattern,
    Proof,
    Schedule,
    SerialOrder,
)
from chaoslab.checkers.transactions.fractures import fractured_reads, lost_updates
from chaoslab.checkers.transactions.levels import SEVERITY, Level, checked_level, violates
from chaoslab.checkers.transactions.snapshots import Assumption, Budget, Impossible, snapshot_schedule
from chaoslab.checkers.transactions.words import cycle_sentence, mentioned, pattern_sentence, transaction_name
from chaoslab.checkers.verdict import Verdict, confirm
from chaoslab.history import History, Operation

__all__ = ["CONFIGURATIONS_MAX", "Anomaly", "list_append", "list_append_anomalies"]

CONFIGURATIONS_MAX = 1_000_000

Anomaly = Pattern | Cycle
"""What ``list_append_anomalies`` returns: each with a name (of a cycle: see ``anomaly_name``)."""


def list_append(
    history: History, level: str, *, sessions: bool = False, configurations_max: int = CONFIGURATIONS_MAX
) -> Verdict:
    """Decide whether *history*, of list-append transactions, satisfies *level*.

    A transaction is a list of ``["append", key, element]`` and ``["r", key, list]``; null is the empty list. Info
    transactions count as committed if something that they appended was read, and as never run otherwise.

    Args:
        history: History of n transactions that append each element to a key only once.
        level: ``read-committed``, ``read-atomic``, ``snapshot-isolation``, ``serializable`` or ``strict-serializable``.
        sessions: Whether the order of a process's transactions counts at levels below strict-serializable, which are
            then called strong session levels. Adya's levels, and so the default, do not ask for it.
        configurations_max: Search budget, in configurations. Only snapshot isolation can need one: for the order of
            appends that nobody saw.

    Returns:
        A verdict. Valid: ``evidence`` is a serial order, a schedule of snapshots and commits, or a commit order.
        Invalid: a ``Pattern``, a ``Cycle`` or a ``Proof``, and the transactions in it.
        Cost: O(n + elements read), for snapshot isolation exponential at worst.

    Raises:
        HistoryError: no list-append history, or an element appended twice to one key.
        UsageError: no such level.

    Source:
        Kingsbury & Alvaro 2020, "Elle"; Adya 1999, chapter 4; Bailis et al. 2014; Cerone & Gotsman 2018.
    """
    check = _Check(history, checked_level(level), sessions, configurations_max)
    return check.verdict()


def list_append_anomalies(history: History) -> tuple[tuple[str, Anomaly], ...]:
    """Return the anomalies of *history* by name, with certificates, the worst first.

    Cycles with process or real-time edges are looked for too. Of cycles one is returned for each kind and component.

    Args:
        history: As for ``list_append``.

    Cost: O(n + elements read), and more for each anomaly.

    Raises:
        HistoryError: as ``list_append``.

    Source:
        As ``list_append``; the order is that of ``levels.SEVERITY``.
    """
    seen = observe(history)
    graph = dependencies(seen)
    found: list[Found | CycleFound] = [*seen.found, *fractured_reads(seen, sessions=True), *lost_updates(seen)]
    known: set[tuple[Any, ...]] = set()
    orders: tuple[Order, ...] = (None, "process", "realtime")
    for order in orders:
        for cycle in cycles(graph, order, _cyclic(graph, order, anti=True), "all"):
            if cycle.steps not in known:
                known.add(cycle.steps)
                found.append(cycle)
    if not found:
        return ()
    verifier, operation = AppendCertificates(history), history.operation
    certified: list[tuple[str, Anomaly]] = []
    for one in sorted(found, key=lambda one: SEVERITY[one.anomaly]):
        certificate = pattern_of(seen, one, operation) if isinstance(one, Found) else cycle_of(seen, one, operation)
        confirm("list-append", verifier.complaint(certificate, "strict-serializable", sessions=True))
        certified.append((one.anomaly, certificate))
    return tuple(certified)


def _cyclic(graph: Dependencies, order: Order, *, anti: bool) -> list[int]:
    """Return the committed transactions that lie on a cycle or behind one."""
    placed = set(topological_order(graph, order, anti=anti))
    return [txn for txn in range(graph.count) if txn not in placed and graph.seen.committed[txn]]


class _Check:
    """One history, one level."""

    def __init__(self, history: History, level: Level, sessions: bool, configurations_max: int) -> None:
        self.history = history
        self.level = level
        self.sessions = sessions
        self.configurations_max = configurations_max
        self.budget = Budget(configurations_max)
        self.order: Order = "realtime" if level == "strict-serializable" else "process" if sessions else None
        self.seen: Appends = observe(history)
        self.details: dict[str, Any] = {"transactions": len(self.seen.calls), "sessions": sessions}

    def verdict(self) -> Verdict:
        """Decide."""
        worst = self._worst(iter(self.seen.found))
        if worst is not None:
            return self._invalid(worst)
        graph = dependencies(self.seen)
        order = topological_order(graph, self.order, anti=True)
        if len(order) == sum(self.seen.committed):
            return self._serial(order)
        worst = self._worst(self._candidates(graph, order))
        if worst is not None:
            return self._invalid(worst)
        if self.level == "snapshot-isolation":
            return self._snapshots(graph)
        return self._commit_order(graph)

    def _candidates(self, graph: Dependencies, order: list[int]) -> Iterator[Found | CycleFound]:
        """Yield anomalies of the kinds that matter at the level."""
        placed = set(order)
        cyclic = [txn for txn in range(graph.count) if txn not in placed and self.seen.committed[txn]]
        depth: Depth = "all"
        if self.level in ("read-committed", "read-atomic"):
            depth = "dependencies"
        elif self.level == "snapshot-isolation":
            depth = "snapshots"
        yield from cycles(graph, self.order, cyclic, depth)
        if self.level != "read-committed":
            yield from fractured_reads(self.seen, sessions=self.sessions)
        if self.level != "read-atomic":
            yield from lost_updates(self.seen)

    def _worst(self, found: Iterator[Found | CycleFound]) -> Found | CycleFound | None:
        violations = [one for one in found if violates(one.anomaly, self.level, sessions=self.sessions)]
        return min(violations, key=lambda one: SEVERITY[one.anomaly], default=None)

    def _serial(self, order: list[int]) -> Verdict:
        calls = tuple(map(self.seen.calls.__getitem__, order))
        realtime = self.level == "strict-serializable"
        complaint = complaint_about_serial_order(self.history, calls, realtime=realtime, sessions=self.sessions)
        confirm("list-append", complaint)
        summary = f"one serial order explains what all {len(calls)} transactions read."
        return self._valid(summary, SerialOrder(calls=calls))

    def _commit_order(self, graph: Dependencies) -> Verdict:
        order = topological_order(graph, self.order, anti=False)
        calls = tuple(map(self.seen.calls.__getitem__, order))
        atomic = self.level == "read-atomic"
        confirm("list-append", complaint_about_commit_order(self.history, calls, atomic=atomic, sessions=self.sessions))
        summary = f"all {len(calls)} transactions read only what others had committed" + (
            ", all of it or nothing." if atomic else "."
        )
        return self._valid(summary, CommitOrder(calls=calls))

    def _snapshots(self, graph: Dependencies) -> Verdict:
        found = snapshot_schedule(graph, self.order, self.budget)
        if found is None:
            return Verdict(
                outcome="unknown",
                name=self.level,
                level=self.level,
                summary=f"the search gave up after {self.configurations_max:,} configurations; raise the budget "
                "(--budget, or configurations_max in Python) to search on.",
                details=self._details(),
            )
        if isinstance(found, Impossible):
            return self._impossible(found)
        calls = tuple(map(self.seen.calls.__getitem__, found))
        confirm("list-append", complaint_about_schedule(self.history, calls, sessions=self.sessions))
        summary = f"one schedule of snapshots and commits explains what all {len(calls) // 2} transactions read."
        return self._valid(summary, Schedule(calls=calls))

    def _details(self) -> dict[str, Any]:
        return {**self.details, "configurations": self.configurations_max - max(0, self.budget.left)}

    def _valid(self, summary: str, evidence: Any) -> Verdict:
        return Verdict(
            outcome="valid",
            name=self.level,
            level=self.level,
            summary=summary,
            evidence=evidence,
            details=self._details(),
        )

    def _invalid(self, found: Found | CycleFound) -> Verdict:
        if isinstance(found, Found):
            pattern = pattern_of(self.seen, found, self.history.operation)
            shown = [one for one in (pattern.reader, pattern.other) if one is not None]
            return self._refused(found.anomaly, pattern_sentence(pattern), pattern, shown)
        cycle = cycle_of(self.seen, found, self.history.operation)
        sentence = cycle_sentence(cycle.edges, appends=True)
        return self._refused(found.anomaly, sentence, cycle, mentioned(cycle.edges))

    def _impossible(self, found: Impossible) -> Verdict:
        proof = Proof(steps=tuple(map(self._step, found.steps)))
        edges = [edge for step in proof.steps if isinstance(step, Contradiction) for edge in step.edges]
        first = next(step for step in proof.steps if isinstance(step, AssumedOrder))
        sentence = (
            f"whichever of {transaction_name(first.first)} and {transaction_name(first.second)} appended to "
            f"{first.key} first, no snapshots and commits explain what was read."
        )
        return self._refused("G-SI", sentence, proof, mentioned(edges))

    def _step(self, step: Any) -> AssumedOrder | Contradiction:
        if isinstance(step, Assumption):
            first, second = self._operation(step.first), self._operation(step.second)
            return AssumedOrder(key=self.seen.keys[step.key].name, first=first, second=second)
        edges = []
        for source, kind, target, key in step.steps:
            if key is None:
                edges.append(edge_of(self.seen, source, kind, target, self.history.operation))
                continue
            element = next(element for number, element in self.seen.appends[target] if number == key)
            edges.append(
                Edge(
                    kind="ww",
                    source=self._operation(source),
                    target=self._operation(target),
                    key=self.seen.keys[key].name,
                    value=self.seen.raw.get(element, element),
                )
            )
        return Contradiction(edges=tuple(edges))

    def _operation(self, txn: int) -> Operation:
        return self.history.operation(self.seen.calls[txn])

    def _refused(self, anomaly: str, sentence: str, evidence: Any, shown: list[Operation]) -> Verdict:
        confirm("list-append", AppendCertificates(self.history).complaint(evidence, self.level, sessions=self.sessions))
        by_call = {operation.call: operation for operation in shown}
        return Verdict(
            outcome="invalid",
            name=self.level,
            level=self.level,
            summary=sentence,
            anomaly=anomaly,
            operations=tuple(by_call[call] for call in sorted(by_call)),
            evidence=evidence,
            details=self._details(),
        )
