"""Register transactions: is there an order, of the kind that a level asks for, that explains what was read?

Reads of registers show which write they saw and nothing of the writes before it, so some orders have to be found. The
weaker levels are axioms that need no search (``register_axioms``); they also refute the stronger ones cheaply. What is
left is decided by ``register_search``. ``register_witnesses`` and ``register_verifier`` re-check what was decided.

Where values repeat, a read may have several sources. They are tried, depth first; what fails goes back to the latest
choice that had a part in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

import attrs

from chaoslab.checkers.transactions.appends import Found
from chaoslab.checkers.transactions.cycles import cycle_name
from chaoslab.checkers.transactions.evidence import (
    AssumedOrder,
    AssumedSource,
    CommitOrder,
    Contradiction,
    Pattern,
    Proof,
    Schedule,
    SerialOrder,
)
from chaoslab.checkers.transactions.levels import SEVERITY
from chaoslab.checkers.transactions.register_axioms import (
    CHAINS_MAX,
    Axiom,
    Deduced,
    Refutation,
    chain_count,
    commit_order,
)
from chaoslab.checkers.transactions.register_proofs import Chosen, Evidence, uses
from chaoslab.checkers.transactions.register_search import NoOrder, ProofStep, placed_order, searched_order
from chaoslab.checkers.transactions.register_verifier import complaint_about_pattern, complaint_about_proof
from chaoslab.checkers.transactions.register_witnesses import RegisterWitnesses
from chaoslab.checkers.transactions.snapshots import Budget
from chaoslab.checkers.transactions.words import cycle_sentence, pattern_sentence, transaction_name
from chaoslab.checkers.transactions.writes import INITIAL, Problem, Read, Writes, observe_writes
from chaoslab.checkers.verdict import Verdict
from chaoslab.errors import ChaosLabError, UsageError, unknown_word
from chaoslab.history import History

__all__ = ["CONFIGURATIONS_MAX", "REGISTER_LEVELS", "register_transactions"]

CONFIGURATIONS_MAX = 1_000_000

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


def register_transactions(
    history: History, level: str, *, sessions: bool = True, configurations_max: int = CONFIGURATIONS_MAX
) -> Verdict:
    """Decide whether *history*, of transactions on registers, satisfies *level*.

    A transaction is a list of ``["w", key, value]`` and ``["r", key, value]``; null is the initial state. Info
    transactions count as committed if something that they wrote was read, and as never run otherwise.

    Args:
        history: History of n transactions. Best if no value is written to a key twice, nor null.
        level: ``read-committed``, ``read-atomic``, ``causal``, ``snapshot-isolation``, ``serializable`` or
            ``strict-serializable``.
        sessions: Whether the order of a process's transactions counts, as in Biswas & Enea's definitions. Adya's
            levels do not ask for it; strict-serializable does in any case.
        configurations_max: Search budget, in configurations. Reaching it gives ``unknown``.

    Returns:
        A verdict. Valid: ``evidence`` is a commit order, a schedule of snapshots and commits, or a serial order.
        Invalid: a ``Pattern`` or a ``Proof``, and the transactions in it.
        Cost: O(n log n) for read-committed and read-atomic, O(n * (processes + log n)) for causal, O(n²) operations
        of a machine's words at least for the others where the order is not obvious, and exponential at worst.

    Raises:
        HistoryError: not a history of register transactions.
        UsageError: no such level.

    Source:
        Biswas & Enea 2019, "On the complexity of checking transactional consistency".
    """
    if level not in REGISTER_LEVELS:
        raise UsageError(unknown_word("level", level, REGISTER_LEVELS), key="level")
    check = _Check(history, level, sessions or level == "strict-serializable", configurations_max)
    return check.verdict()


@attrs.frozen(kw_only=True)
class _Refuted:
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


class _Check:
    """One history, one level."""

    def __init__(self, history: History, level: RegisterLevel, sessions: bool, configurations_max: int) -> None:
        self.history = history
        self.level = level
        self.sessions = sessions
        self.configurations_max = configurations_max
        self.budget = Budget(configurations_max)
        self.seen: Writes = observe_writes(history)
        self.all_reads = [read for reads in self.seen.reads for read in reads]
        if level != "read-committed":
            # A second read of a key saw the same version, or there is an anomaly already: the first one is enough.
            self.seen.reads = [
                list({read.key: read for read in reversed(reads)}.values())[::-1] for reads in self.seen.reads
            ]
        self.ambiguous = [read for reads in self.seen.reads for read in reads if len(read.sources) > 1]
        self.chosen: dict[Read, int] = {}

    def verdict(self) -> Verdict:
        """Decide."""
        found = [one for one in self.seen.found if self._matters(one)]
        if not found and self.level in ("snapshot-isolation", "serializable", "strict-serializable"):
            found = self._lost_updates()
        if found:
            return self._pattern(min(found, key=lambda one: SEVERITY[one.anomaly]))
        decided = self._decided() if not self.ambiguous else self._searched()
        if decided is None:
            return self._verdict(
                "unknown",
                f"the search gave up after {self.configurations_max:,} configurations"
                + (f", with {len(self.ambiguous)} reads of values that several wrote" if self.ambiguous else "")
                + "; raise the budget (--budget, or configurations_max in Python) to search on.",
            )
        return self._impossible(decided) if isinstance(decided, _Refuted) else self._valid(decided)

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

    def _decided(self) -> list[int] | _Refuted | None:
        """Decide for the sources chosen: an order, why there is none, or None when the budget is used up."""
        problem = Problem(self.seen, self.chosen, sessions=self.sessions, realtime=self.level == "strict-serializable")
        self.budget.left -= len(problem.committed)
        if self.level in _AXIOMS:
            return self._by_axioms(problem, self.level)
        snapshots = self.level == "snapshot-isolation"
        placed = placed_order(problem, snapshots=snapshots)
        if placed is not None:
            return placed
        # The weaker levels are cheap, and what violates them has the simpler explanation.
        refuted = self._by_axioms(problem, "causal") or self._by_axioms(problem, "read-atomic")
        if isinstance(refuted, _Refuted):
            return refuted
        found = searched_order(problem, snapshots=snapshots, budget=self.budget)
        return _Refuted(anomaly=self._name(found.steps), steps=found.steps) if isinstance(found, NoOrder) else found

    def _by_axioms(self, problem: Problem, level: Axiom) -> list[int] | _Refuted | None:
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
        return _Refuted(anomaly=anomaly, steps=[refutation])

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

    def _searched(self) -> list[int] | _Refuted | None:
        """Decide where reads have several sources: try them, and go back to the latest choice that mattered."""
        log: list[Any] = []
        choices: list[_Choice] = []
        while self.budget.left > 0:
            for read in self.ambiguous[len(choices) :]:
                choices.append(_Choice(read=read, rest=list(read.sources[1:]), log_start=len(log)))
                self.chosen[read] = read.sources[0]
                log.append(Chosen(read=read, source=read.sources[0]))
            decided = self._decided()
            if not isinstance(decided, _Refuted):
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
                del self.chosen[latest.read]
            if not choices:
                return _Refuted(anomaly=decided.anomaly, steps=block)
            source = latest.rest.pop(0)
            self.chosen[latest.read] = source
            log.append(Chosen(read=latest.read, source=source))
        return None

    def _needs(self, steps: Iterable[Any]) -> set[Read]:
        """Return the choices of sources that a refutation makes use of."""
        by_pair: dict[tuple[int, int], list[Read]] = {}
        by_writer: dict[int, Read] = {}
        for read, source in self.chosen.items():
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

    def _verdict(self, outcome: Literal["valid", "invalid", "unknown"], summary: str, **rest: Any) -> Verdict:
        details = {
            "transactions": len(self.seen.calls),
            "sessions": self.sessions,
            "configurations": self.configurations_max - max(0, self.budget.left),
        }
        return Verdict(outcome=outcome, name=self.level, level=self.level, summary=summary, details=details, **rest)

    def _valid(self, order: list[int]) -> Verdict:
        calls = tuple(map(self.seen.calls.__getitem__, order))
        witnesses = RegisterWitnesses(self.history, sessions=self.sessions)
        evidence: Any
        if self.level == "snapshot-isolation":
            evidence = Schedule(calls=calls)
            complaint = witnesses.complaint_about_schedule(calls)
            summary = f"one schedule of snapshots and commits explains what all {len(calls) // 2} transactions read."
        elif self.level in ("serializable", "strict-serializable"):
            evidence = SerialOrder(calls=calls)
            complaint = witnesses.complaint_about_serial_order(calls, realtime=self.level == "strict-serializable")
            summary = f"one serial order explains what all {len(calls)} transactions read."
        else:
            evidence = CommitOrder(calls=calls, sources=tuple(self._sources()))
            complaint = witnesses.complaint_about_commit_order(evidence, self.level)
            summary = f"one order of commits explains what all {len(calls)} transactions read."
        _confirm(complaint)
        return self._verdict("valid", summary, evidence=evidence)

    def _sources(self) -> Iterable[tuple[int, int, int | None]]:
        """Yield the source of each read that could have several."""
        first = {(read.txn, read.key): read for read in reversed(self.all_reads)}
        for read in self.all_reads:
            if len(read.sources) > 1:
                known = read if self.level == "read-committed" else first[read.txn, read.key]
                source = self.chosen[known]
                writer = None if source == INITIAL else self.seen.calls[source]
                yield self.seen.calls[read.txn], read.position, writer

    def _pattern(self, found: Found) -> Verdict:
        operation = self.history.operation
        other = found.other_call if found.other is None else self.seen.calls[found.other]
        pattern = Pattern(
            anomaly=found.anomaly,
            key=found.key,
            value=self.seen.raw.get(found.value, found.value),
            reader=operation(self.seen.calls[found.reader]),
            other=None if other is None else operation(other),
        )
        _confirm(complaint_about_pattern(pattern, self.history.operations(), self.level))
        shown = [one for one in (pattern.reader, pattern.other) if one is not None]
        shown.sort(key=lambda operation: operation.call)
        return self._verdict(
            "invalid",
            pattern_sentence(pattern),
            anomaly=found.anomaly,
            operations=tuple(shown),
            evidence=pattern,
        )

    def _impossible(self, refuted: _Refuted) -> Verdict:
        proof = Proof(steps=tuple(Evidence(self.seen, self.history).steps(refuted.steps)))
        _confirm(complaint_about_proof(proof, self.history.operations(), self.level, sessions=self.sessions))
        cycles = [step for step in proof.steps if isinstance(step, Contradiction)]
        shown = {
            one.call: one
            for edge in min(cycles, key=lambda step: len(step.edges)).edges
            for one in (edge.source, edge.target)
            if one is not None
        }
        return self._verdict(
            "invalid",
            _sentence(proof, cycles),
            anomaly=refuted.anomaly,
            operations=tuple(shown[call] for call in sorted(shown)),
            evidence=proof,
        )


def _sentence(proof: Proof, cycles: Sequence[Contradiction]) -> str:
    orders = [step for step in proof.steps if isinstance(step, AssumedOrder)]
    sources = [step for step in proof.steps if isinstance(step, AssumedSource)]
    if not orders and not sources:
        return cycle_sentence(cycles[0].edges, appends=False)
    if sources:
        first = sources[0]
        return (
            f"whichever write of {first.value!r} to {first.key} {transaction_name(first.reader)} read, no order of the "
            "transactions explains what was read."
        )
    return (
        f"whichever of {transaction_name(orders[0].first)} and {transaction_name(orders[0].second)} wrote "
        f"{orders[0].key} first, no order of the transactions explains what was read."
    )


def _confirm(complaint: str | None) -> None:
    if complaint is not None:
        raise ChaosLabError(f"the checker of register transactions is wrong, please report it: {complaint}")
