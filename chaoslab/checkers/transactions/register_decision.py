"""Decides register transactions: an order that explains what was read, or why there is none.

Where values repeat, a read may have several sources. They are tried, depth first; what fails goes back to the latest
choice that had a part in it.

This file does not know how a verdict is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

import attrs

from chaoslab.checkers.transactions.appends import Found
from chaoslab.checkers.transactions.cycles import cycle_name
from chaoslab.checkers.transactions.levels import SEVERITY
from chaoslab.checkers.transactions.register_axioms import (
    CHAINS_MAX,
    Axiom,
    Deduced,
    Refutation,
    chain_count,
    commit_order,
)
from chaoslab.checkers.transactions.register_proofs import Chosen, uses
from chaoslab.checkers.transactions.register_search import NoOrder, ProofStep, placed_order, searched_order
from chaoslab.checkers.transactions.snapshots import Budget
from chaoslab.checkers.transactions.writes import INITIAL, Problem, Read, Writes, observe_writes
from chaoslab.history import History

__all__ = ["REGISTER_LEVELS", "Decision", "Refuted", "RegisterLevel"]

RegisterLevel = Literal[
    "read-committed", "read-atomic", "causal", "snapshot-isolation", "serializable", "strict-serializable"
]

REGISTER_LEVELS: tuple[RegisterLevel, ...] = get_args(RegisterLevel)
"""From the weakest to the strongest."""

_AXIOMS: tuple[Axiom, ...] = ("read-committed", "read-atomic", "causal")

_BY_AXIOM = {
    "read-committed": "observed-transaction-vanishes",
    "read-atomic": "fractured-read",
    "causal": "causality-violation",
}


@attrs.frozen(kw_only=True)
class Refuted:
    """Why there is no order: the anomaly and the steps of the proof."""

    anomaly: str
    steps: list[ProofStep]


@attrs.define(kw_only=True)
class _Choice:
    """One read with several sources: those still to be tried, where its part of the proof begins, what it needs."""

    read: Read
    rest: list[int]
    log_start: int
    needs: set[Read] = attrs.field(factory=set)


class Decision:
    """The decision about one history and one level.

    Args:
        history: Transactions on registers.
        level: The level.
        sessions: Whether the order of a process's transactions counts.
        configurations_max: Search budget, in configurations.

    Attributes:
        seen: The history in columns.
        ambiguous: The reads that several writes can explain.
        budget: What is left of the search budget.

    Raises:
        HistoryError: not a history of register transactions.
    """

    def __init__(self, history: History, level: RegisterLevel, *, sessions: bool, configurations_max: int) -> None:
        self.level = level
        self.sessions = sessions
        self.budget = Budget(configurations_max)
        self.seen: Writes = observe_writes(history)
        self._all_reads = [read for reads in self.seen.reads for read in reads]
        if level != "read-committed":
            # A second read of a key saw the same version, or there is an anomaly already: the first one is enough.
            self.seen.reads = [
                list({read.key: read for read in reversed(reads)}.values())[::-1] for reads in self.seen.reads
            ]
        self.ambiguous = [read for reads in self.seen.reads for read in reads if len(read.sources) > 1]
        self._chosen: dict[Read, int] = {}

    def pattern(self) -> Found | None:
        """Return the worst of what the level forbids that can be seen without looking for an order."""
        found = [one for one in self.seen.found if self._matters(one)]
        if not found and self.level in ("snapshot-isolation", "serializable", "strict-serializable"):
            found = self._lost_updates()
        return min(found, key=lambda one: SEVERITY[one.anomaly], default=None)

    def order(self) -> list[int] | Refuted | None:
        """Return an order that the level allows, why there is none, or None when the budget is used up."""
        return self._searched() if self.ambiguous else self._decided()

    def sources(self) -> Iterable[tuple[int, int, int | None]]:
        """Yield the source of each read that could have several."""
        first = {(read.txn, read.key): read for read in reversed(self._all_reads)}
        for read in self._all_reads:
            if len(read.sources) > 1:
                known = read if self.level == "read-committed" else first[read.txn, read.key]
                source = self._chosen[known]
                writer = None if source == INITIAL else self.seen.calls[source]
                yield self.seen.calls[read.txn], read.position, writer

    def _matters(self, found: Found) -> bool:
        return self.level != "read-committed" or found.anomaly != "non-repeatable-read"

    def _lost_updates(self) -> list[Found]:
        """Return a lost update that needs no choice of sources, if there is one."""
        first: dict[tuple[int, int], int] = {}
        for reads in self.seen.reads:
            for read in reads:
                if len(read.sources) == 1 and read.key in self.seen.writes[read.txn]:
                    other = first.setdefault((read.key, read.sources[0]), read.txn)
                    if other != read.txn:
                        name = self.seen.names[read.key]
                        return [Found(anomaly="lost-update", key=name, reader=read.txn, other=other)]
        return []

    def _decided(self) -> list[int] | Refuted | None:
        """Decide for the sources chosen: an order, why there is none, or None when the budget is used up."""
        problem = Problem(self.seen, self._chosen, sessions=self.sessions, realtime=self.level == "strict-serializable")
        self.budget.left -= len(problem.committed)
        if self.level in _AXIOMS:
            return self._by_axioms(problem, self.level)
        snapshots = self.level == "snapshot-isolation"
        placed = placed_order(problem, snapshots=snapshots)
        if placed is not None:
            return placed
        # The weaker levels are cheap, and what violates them has the simpler explanation.
        refuted = self._by_axioms(problem, "causal") or self._by_axioms(problem, "read-atomic")
        if isinstance(refuted, Refuted):
            return refuted
        found = searched_order(problem, snapshots=snapshots, budget=self.budget)
        return Refuted(anomaly=self._name(found.steps), steps=found.steps) if isinstance(found, NoOrder) else found

    def _by_axioms(self, problem: Problem, level: Axiom) -> list[int] | Refuted | None:
        """Return an order that *level* allows, why there is none (by the weakest level), or None: too expensive."""
        count = len(problem.committed)
        if level == "causal" and chain_count(problem) > CHAINS_MAX:
            price = count * (1 + (count >> 10))
            if price > self.budget.left:
                return None
            self.budget.left -= price
        order = commit_order(problem, level)
        if isinstance(order, list):
            return order
        refutation, weakest = order, level
        for weaker in _AXIOMS[: _AXIOMS.index(level)]:
            found = commit_order(problem, weaker)
            if isinstance(found, Refutation):
                refutation, weakest = found, weaker
                break
        kinds = [kind for kind, _, _, _ in refutation.cycle]
        anomaly = _BY_AXIOM[weakest] if refutation.steps else cycle_name(kinds)
        return Refuted(anomaly=anomaly, steps=[refutation])

    def _name(self, steps: Sequence[ProofStep]) -> str:
        """Return the name of the cycle, if its order of versions is certain; else that of what the level forbids.

        An order that was deduced because the level asks for it says nothing about the class of the cycle: at a weaker
        level the versions could have the opposite order.
        """
        last = steps[-1]
        assert isinstance(last, Refutation)
        certain = all(
            isinstance(step, Deduced)
            and step.link[0] == "rw"
            and all(kind in ("wr", "process") for kind, _, _, _ in step.path)
            for step in steps[:-1]
        )
        if certain:
            return cycle_name([kind for kind, _, _, _ in last.cycle])
        kinds = {kind for kind, _, _, _, _ in uses(steps)}
        suffix = "-realtime" if "realtime" in kinds else "-process" if "process" in kinds else ""
        return ("G-SI" if self.level == "snapshot-isolation" else "G2") + suffix

    def _searched(self) -> list[int] | Refuted | None:
        """Decide where reads have several sources: try them, and go back to the latest choice that mattered."""
        log: list[Any] = []
        choices: list[_Choice] = []
        while self.budget.left > 0:
            for read in self.ambiguous[len(choices) :]:
                choices.append(_Choice(read=read, rest=list(read.sources[1:]), log_start=len(log)))
                self._chosen[read] = read.sources[0]
                log.append(Chosen(read=read, source=read.sources[0]))
            decided = self._decided()
            if not isinstance(decided, Refuted):
                return decided
            needs = self._needs(decided.steps)
            block: list[Any] = decided.steps
            while choices:
                latest = choices[-1]
                if latest.read not in needs:
                    del log[latest.log_start :]
                else:
                    latest.needs |= needs
                    log.extend(block)
                    if latest.rest:
                        break
                    needs = latest.needs - {latest.read}
                    block = log[latest.log_start :]
                    del log[latest.log_start :]
                choices.pop()
                del self._chosen[latest.read]
            if not choices:
                return Refuted(anomaly=decided.anomaly, steps=block)
            source = latest.rest.pop(0)
            self._chosen[latest.read] = source
            log.append(Chosen(read=latest.read, source=source))
        return None

    def _needs(self, steps: Iterable[Any]) -> set[Read]:
        """Return the choices of sources that a refutation makes use of."""
        by_pair: dict[tuple[int, int], list[Read]] = {}
        by_writer: dict[int, Read] = {}
        for read, source in self._chosen.items():
            by_pair.setdefault((read.txn, read.key), []).append(read)
            by_writer.setdefault(source, read)
        surely = {read.sources[0] for reads in self.seen.reads for read in reads if len(read.sources) == 1}
        needs: set[Read] = set()
        for kind, source, target, key, through in uses(steps):
            reader = {"wr": target, "rw": source, "ww": through}.get(kind)
            if reader is not None:
                needs.update(by_pair.get((reader, key), ()))
            for txn in (source, target, through):
                if txn is not None and txn != INITIAL and self.seen.rets[txn] < 0 and txn not in surely:
                    needs.add(by_writer[txn])
        return needs
