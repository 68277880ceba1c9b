"""Session guarantees: what one client may rely on while it moves between replicas.

What each of them demands of a history of reads and writes, and no more than that:

* *read your writes*: a session that wrote a key never reads it as it was at the start. In the order in which it sees
  that key's versions, each one that it reads comes after all that it wrote before that read, or is one of them.
* *monotonic reads*: the versions of a key that a session reads follow one order: once it has seen another one, an
  earlier one does not come back, and neither does the value at the start.
* *monotonic writes*: writes of one session take effect in their order. So a session that has seen one of them never
  reads a key as it was before an earlier one of them.
* *writes follow reads*: a write comes after every write that its session had seen. So a session that has seen it never
  reads a key as it was before one of those.

Rules:

1. A session has an order of versions of its own: no guarantee says anything of the order in which another sees them.
2. A guarantee is broken only by what it forbids itself. Reading one's own first write again after the second one takes
   *two* guarantees to forbid (the second was seen, and came later), and so breaks neither; ask for ``pram``, which
   takes the first three together.
3. Monotonic writes and writes follow reads speak of what others see. A breach of them is a read that goes against an
   order of two writes which the guarantee itself demands, in a session that had seen the later one or what followed it.
4. A read of a value that nobody wrote breaks all of them: no versions explain it.

PRAM implies the first three; causal memory and causal convergence imply all. Causal consistency (CC) implies all but
monotonic reads: of two concurrent writes it lets the winner change from one read to the next.

The parts: ``patterns`` and ``causes`` look for what is forbidden, ``verifier`` re-checks, ``words`` tells. None of them
knows real time or nodes.
"""

from __future__ import annotations

from collections.abc import Callable

from chaoslab.checkers.causal.evidence import CausalOrder
from chaoslab.checkers.causal.patterns import Ordered
from chaoslab.checkers.causal.words import operations_of
from chaoslab.checkers.reads_from import (
    Cases,
    Explained,
    Pattern,
    Refutation,
    Refuted,
    Sessions,
    decide,
    prepare,
)
from chaoslab.checkers.sessions.causes import against_writes_follow_reads
from chaoslab.checkers.sessions.evidence import VersionOrders
from chaoslab.checkers.sessions.patterns import (
    against_monotonic_reads,
    against_monotonic_writes,
    against_read_your_writes,
    versions_read,
    versions_written,
)
from chaoslab.checkers.sessions.verifier import Guarantee, complaint_about_breach, complaint_about_guarantee
from chaoslab.checkers.sessions.words import sentence
from chaoslab.checkers.verdict import Verdict, confirm
from chaoslab.history import History
from chaoslab.models import MODELS, Model

__all__ = [
    "CONFIGURATIONS_MAX",
    "VersionOrders",
    "monotonic_reads",
    "monotonic_writes",
    "read_your_writes",
    "writes_follow_reads",
]

CONFIGURATIONS_MAX = 1_000_000

REGISTER = MODELS["register"]

_Test = Callable[[Sessions, list[int]], Pattern | Ordered | None]


def read_your_writes(
    history: History, model: Model = REGISTER, *, configurations_max: int = CONFIGURATIONS_MAX
) -> Verdict:
    """Decide whether every session sees what it wrote itself, or something later.

    Args:
        history: History of n operations: reads, writes, compare-and-sets of any number of keys.
        model: Gives the value at the start, and which operations are reads.
        configurations_max: Search budget, used where several writes can explain a read, or sessions are very many.

    Returns:
        A verdict. Valid: orders of versions. Invalid: the reads that miss an own write.
        Cost: O(n log n) where written values are unique; else that for each combination that is tried.

    Raises:
        UsageError: an operation of which it cannot be told what it reads or writes.

    Source:
        Terry et al. 1994, "Session guarantees for weakly consistent replicated data", section 3.1.
    """
    return _judged("read-your-writes", history, model, against_read_your_writes, configurations_max)


def monotonic_reads(
    history: History, model: Model = REGISTER, *, configurations_max: int = CONFIGURATIONS_MAX
) -> Verdict:
    """Decide whether no session's reads of a key ever go back.

    Args:
        history: History of n operations: reads, writes, compare-and-sets of any number of keys.
        model: Gives the value at the start, and which operations are reads.
        configurations_max: Search budget, used where several writes can explain a read, or sessions are very many.

    Returns:
        A verdict. Valid: orders of versions. Invalid: the reads that go back.
        Cost: O(n) where written values are unique; else that for each combination that is tried.

    Raises:
        UsageError: an operation of which it cannot be told what it reads or writes.

    Source:
        Terry et al. 1994, "Session guarantees for weakly consistent replicated data", section 3.2.
    """
    return _judged("monotonic-reads", history, model, against_monotonic_reads, configurations_max)


def monotonic_writes(
    history: History, model: Model = REGISTER, *, configurations_max: int = CONFIGURATIONS_MAX
) -> Verdict:
    """Decide whether whoever has seen a write never misses an earlier one of the same session.

    Args:
        history: History of n operations: reads, writes, compare-and-sets of any number of keys.
        model: Gives the value at the start, and which operations are reads.
        configurations_max: Search budget, used where several writes can explain a read, or sessions are very many.

    Returns:
        A verdict. Valid: what was assumed of reads that several writes explain. Invalid: the read that misses a write.
        Cost: O(n log n) where written values are unique; else that for each combination that is tried.

    Raises:
        UsageError: an operation of which it cannot be told what it reads or writes.

    Source:
        Terry et al. 1994, "Session guarantees for weakly consistent replicated data", section 3.4.
    """
    return _judged("monotonic-writes", history, model, against_monotonic_writes, configurations_max)


def writes_follow_reads(
    history: History, model: Model = REGISTER, *, configurations_max: int = CONFIGURATIONS_MAX
) -> Verdict:
    """Decide whether whoever has seen a write never misses what its writer had read before.

    Args:
        history: History of n operations by k sessions: reads, writes, compare-and-sets of any number of keys.
        model: Gives the value at the start, and which operations are reads.
        configurations_max: Search budget, used where several writes can explain a read, or sessions are very many.

    Returns:
        A verdict. Valid: a causal order with what each operation knew. Invalid: the read that misses a cause.
        Cost: O(n * k) vector steps where written values are unique; else that for each combination that is tried.

    Raises:
        UsageError: an operation of which it cannot be told what it reads or writes.

    Source:
        Terry et al. 1994, "Session guarantees for weakly consistent replicated data", section 3.3.
    """
    return _judged("writes-follow-reads", history, model, against_writes_follow_reads, configurations_max)


def _judged(guarantee: Guarantee, history: History, model: Model, test: _Test, configurations_max: int) -> Verdict:
    sessions = prepare(history, model)
    answer = decide(sessions, test, configurations_max, clocks=guarantee == "writes-follow-reads")
    details = {"operations": len(sessions.calls), "configurations": answer.configurations}
    if isinstance(answer, Explained):
        evidence = _evidence(guarantee, sessions, answer)
        confirm(guarantee, complaint_about_guarantee(evidence, history, model, guarantee))
        return Verdict(
            outcome="valid",
            name=guarantee,
            level=guarantee,
            summary={
                "read-your-writes": f"each of {len(sessions.nodes)} sessions saw its own writes.",
                "monotonic-reads": f"none of {len(sessions.nodes)} sessions ever read an older value than before.",
                "monotonic-writes": "nobody saw a write without the earlier ones of the same process.",
                "writes-follow-reads": "nobody saw a write without what its writer had seen before.",
            }[guarantee],
            evidence=evidence,
            details=details,
        )
    if isinstance(answer, Refuted):
        return _invalid(guarantee, sessions, model, answer.refutation, details)
    return Verdict(
        outcome="unknown",
        name=guarantee,
        level=guarantee,
        summary=answer.summary,
        details=details,
    )


def _invalid(
    guarantee: Guarantee, sessions: Sessions, model: Model, refutation: Refutation, details: dict[str, int]
) -> Verdict:
    confirm(guarantee, complaint_about_breach(refutation, sessions.history, model, guarantee))
    operations = {operation.call: operation for operation in sessions.history.operations()}
    pattern = refutation
    while isinstance(pattern, Cases):
        pattern = pattern.cases[0][1]
    return Verdict(
        outcome="invalid",
        name=guarantee,
        level=guarantee,
        summary=sentence(refutation, operations, guarantee),
        anomaly=pattern.name,
        operations=tuple(operations[call] for call in operations_of(refutation)),
        evidence=refutation,
        details=details,
    )


def _evidence(
    guarantee: Guarantee, sessions: Sessions, answer: Explained[Ordered | None]
) -> VersionOrders | CausalOrder:
    call_of = sessions.calls.__getitem__
    reads_from, found = answer.reads_from, answer.found
    readings = answer.readings(sessions)
    if found is not None:
        return found.evidence(sessions, readings)
    if guarantee == "monotonic-writes":
        return VersionOrders(readings=readings)
    versions = versions_read if guarantee == "monotonic-reads" else versions_written
    orders = []
    for line in range(len(sessions.nodes)):
        for order in versions(sessions, reads_from, line).values():
            if order:
                orders.append((line, call_of(order[0]), tuple(map(call_of, order))))
    return VersionOrders(orders=tuple(orders), readings=readings)
