"""Register transactions: is there an order, of the kind that a level asks for, that explains what was read?

Reads of registers show which write they saw and nothing of the writes before it, so some orders have to be found. The
weaker levels are axioms that need no search (``register_axioms``); they also refute the stronger ones cheaply. What is
left is decided by ``register_search``. ``register_decision`` puts these together; ``register_witnesses`` and
``register_verifier`` re-check what was decided, and this file tells it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import attrs

from chaoslab.checkers.transactions.appends import Found
from chaoslab.checkers.transactions.evidence import (
    AssumedOrder,
    AssumedSource,
    CommitOrder,
    Contradiction,
    Derived,
    Edge,
    Pattern,
    Proof,
    Schedule,
    SerialOrder,
)
from chaoslab.checkers.transactions.register_decision import REGISTER_LEVELS, Decision, Refuted
from chaoslab.checkers.transactions.register_proofs import Evidence
from chaoslab.checkers.transactions.register_verifier import complaint_about_pattern, complaint_about_proof
from chaoslab.checkers.transactions.register_witnesses import RegisterWitnesses
from chaoslab.checkers.transactions.words import cycle_sentence, mentioned, pattern_sentence, transaction_name
from chaoslab.checkers.verdict import Verdict, confirm
from chaoslab.errors import UsageError, unknown_word
from chaoslab.history import History

__all__ = ["CONFIGURATIONS_MAX", "REGISTER_LEVELS", "register_transactions"]

CONFIGURATIONS_MAX = 1_000_000


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
    sessions = sessions or level == "strict-serializable"
    decision = Decision(history, level, sessions=sessions, configurations_max=configurations_max)
    return _Telling(history, decision, configurations_max).verdict()


class _Telling:
    """Tells what was decided of one history, once the evidence of it is confirmed."""

    def __init__(self, history: History, decision: Decision, configurations_max: int) -> None:
        self.history = history
        self.decision = decision
        self.configurations_max = configurations_max
        self.level = decision.level
        self.sessions = decision.sessions
        self.seen = decision.seen

    def verdict(self) -> Verdict:
        """Return the verdict."""
        found = self.decision.pattern()
        if found is not None:
            return self._pattern(found)
        decided = self.decision.order()
        if decided is None:
            ambiguous = len(self.decision.ambiguous)
            return self._verdict(
                "unknown",
                f"the search gave up after {self.configurations_max:,} configurations"
                + (f", with {ambiguous} reads of values that several wrote" if ambiguous else "")
                + "; raise the budget (--budget, or configurations_max in Python) to search on.",
            )
        return self._impossible(decided) if isinstance(decided, Refuted) else self._valid(decided)

    def _verdict(self, outcome: Literal["valid", "invalid", "unknown"], summary: str, **rest: Any) -> Verdict:
        details = {
            "transactions": len(self.seen.calls),
            "sessions": self.sessions,
            "configurations": self.configurations_max - max(0, self.decision.budget.left),
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
            evidence = CommitOrder(calls=calls, sources=tuple(self.decision.sources()))
            complaint = witnesses.complaint_about_commit_order(evidence, self.level)
            summary = f"one order of commits explains what all {len(calls)} transactions read."
        confirm("register transactions", complaint)
        return self._verdict("valid", summary, evidence=evidence)

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
        confirm("register transactions", complaint_about_pattern(pattern, self.history.operations(), self.level))
        shown = [one for one in (pattern.reader, pattern.other) if one is not None]
        shown.sort(key=lambda operation: operation.call)
        return self._verdict(
            "invalid",
            pattern_sentence(pattern),
            anomaly=found.anomaly,
            operations=tuple(shown),
            evidence=pattern,
        )

    def _impossible(self, refuted: Refuted) -> Verdict:
        proof = Proof(steps=tuple(Evidence(self.seen, self.history).steps(refuted.steps)))
        confirm(
            "register transactions",
            complaint_about_proof(proof, self.history.operations(), self.level, sessions=self.sessions),
        )
        cycles = [step for step in proof.steps if isinstance(step, Contradiction)]
        cycle = min(cycles, key=lambda step: len(step.edges)).edges
        reasons = [_reason(proof, edge) for edge in cycle]
        told = [
            edge if reason is None else attrs.evolve(edge, shown_by=reason.through)
            for edge, reason in zip(cycle, reasons, strict=True)
        ]
        premises = [edge for reason in reasons if reason is not None for edge in reason.path]
        shown = {one.call: one for one in mentioned([*told, *premises])}
        return self._verdict(
            "invalid",
            _sentence(proof, told),
            anomaly=refuted.anomaly,
            operations=tuple(shown[call] for call in sorted(shown)),
            evidence=proof,
        )


def _reason(proof: Proof, edge: Edge) -> Derived | None:
    """Return the step of *proof* that derives *edge*; None if the history alone shows it, or it is supposed."""
    return next((step for step in proof.steps if isinstance(step, Derived) and step.edge == edge), None)


def _sentence(proof: Proof, cycle: Sequence[Edge]) -> str:
    orders = [step for step in proof.steps if isinstance(step, AssumedOrder)]
    sources = [step for step in proof.steps if isinstance(step, AssumedSource)]
    if not orders and not sources:
        return cycle_sentence(cycle, appends=False)
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
