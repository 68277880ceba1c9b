"""Causal levels: did every process see causes before their effects?

The four levels of this package, weaker and stronger:

* ``pram``: each process sees the writes of every other one in the order in which they were made;
* ``causal`` (CC): nobody sees a write without everything that its writer knew. Which of two concurrent writes wins may
  change from one read to the next;
* ``causal-convergence`` (CCv): and one order of all writes says which one wins, the same everywhere;
* ``causal-memory`` (CM): and each process has one order of all writes, its own, that explains everything it read.

Causal memory implies PRAM and causal; convergence implies causal; nothing else: a process that reads 1, 2, 1 of two
concurrent writes is causal, but neither PRAM nor convergent. None of them knows real time, and all keys are judged
together: none may be checked key by key.

The parts: ``order`` makes the causal order and its clocks, ``patterns`` looks for what causal consistency and
convergence forbid, ``views`` for what causal memory and PRAM forbid, ``verifier`` re-checks, ``words`` tells.
"""

from __future__ import annotations

from collections.abc import Callable

from chaoslab.checkers.causal.evidence import CausalOrder, Views
from chaoslab.checkers.causal.patterns import Ordered, causally, convergently
from chaoslab.checkers.causal.verifier import (
    Level,
    complaint_about_order,
    complaint_about_pattern,
    complaint_about_views,
)
from chaoslab.checkers.causal.views import memory_views, pram_views
from chaoslab.checkers.causal.words import operations_of, sentence
from chaoslab.checkers.reads_from import (
    Explained,
    Pattern,
    Refutation,
    Refuted,
    Sessions,
    Undecided,
    decide,
    prepare,
)
from chaoslab.checkers.verdict import Verdict, confirm
from chaoslab.history import History
from chaoslab.models import MODELS, Model

__all__ = [
    "CONFIGURATIONS_MAX",
    "CausalOrder",
    "Views",
    "causal",
    "causal_convergence",
    "causal_memory",
    "pram",
]

CONFIGURATIONS_MAX = 1_000_000

REGISTER = MODELS["register"]

_Found = Ordered | list[list[int]]
_Test = Callable[[Sessions, list[int]], Pattern | _Found]


def causal(history: History, model: Model = REGISTER, *, configurations_max: int = CONFIGURATIONS_MAX) -> Verdict:
    """Decide whether *history* is causally consistent (CC): a read is explained by some order of what it depends on.

    Args:
        history: History of n operations by k sessions: reads, writes, compare-and-sets of any number of keys.
        model: Gives the value at the start, and which operations are reads.
        configurations_max: Search budget, used where several writes can explain a read, or sessions are very many.

    Returns:
        A verdict. Valid: a causal order with what each operation knew. Invalid: the operations that contradict it.
        Cost: O(n * k * log n) where written values are unique; else that for each combination that is tried.

    Raises:
        UsageError: an operation of which it cannot be told what it reads or writes.

    Source:
        Bouajjani, Enea, Guerraoui, Hamza 2017, "On verifying causal consistency", section 3 and theorem 4.
    """
    return _judged("causal", history, model, causally, configurations_max)


def causal_convergence(
    history: History, model: Model = REGISTER, *, configurations_max: int = CONFIGURATIONS_MAX
) -> Verdict:
    """Decide whether *history* is causally convergent (CCv): causal, with one order of writes that decides who wins.

    Args:
        history: History of n operations by k sessions: reads, writes, compare-and-sets of any number of keys.
        model: Gives the value at the start, and which operations are reads.
        configurations_max: Search budget, used where several writes can explain a read, or sessions are very many.

    Returns:
        A verdict. Valid: that order, with what each operation knew. Invalid: the operations that contradict it.
        Cost: O(n * k * log n) where written values are unique; else that for each combination that is tried.

    Raises:
        UsageError: an operation of which it cannot be told what it reads or writes.

    Source:
        Bouajjani, Enea, Guerraoui, Hamza 2017, "On verifying causal consistency", section 3 and theorem 5.
    """
    return _judged("causal-convergence", history, model, convergently, configurations_max)


def causal_memory(
    history: History, model: Model = REGISTER, *, configurations_max: int = CONFIGURATIONS_MAX
) -> Verdict:
    """Decide whether *history* is a causal memory (CM): one causal order for each process explains all its reads.

    Args:
        history: History of n operations by k sessions: reads, writes, compare-and-sets of any number of keys.
        model: Gives the value at the start, and which operations are reads.
        configurations_max: Search budget, used where several writes can explain a read, or sessions are very many.

    Returns:
        A verdict. Valid: each session's view. Invalid: the operations that contradict it.
        Cost: O(n * k) for each time that the reads are gone through, two or three times as a rule, O(n) times at worst.

    Raises:
        UsageError: an operation of which it cannot be told what it reads or writes.

    Source:
        Ahamad et al. 1995, "Causal memory"; Bouajjani, Enea, Guerraoui, Hamza 2017, section 3 and theorem 6.
    """
    return _judged("causal-memory", history, model, memory_views, configurations_max)


def pram(history: History, model: Model = REGISTER, *, configurations_max: int = CONFIGURATIONS_MAX) -> Verdict:
    """Decide whether *history* is PRAM: one order for each process explains its reads and keeps to program order.

    Args:
        history: History of n operations by k sessions: reads, writes, compare-and-sets of any number of keys.
        model: Gives the value at the start, and which operations are reads.
        configurations_max: Search budget, used where several writes can explain a read, or sessions are very many.

    Returns:
        A verdict. Valid: each session's view. Invalid: the operations that contradict it.
        Cost: as causal memory.

    Raises:
        UsageError: an operation of which it cannot be told what it reads or writes.

    Source:
        Lipton & Sandberg 1988, "PRAM: a scalable shared memory"; Bouajjani et al. 2017 for the saturation.
    """
    return _judged("pram", history, model, pram_views, configurations_max)


def _judged(level: Level, history: History, model: Model, test: _Test, configurations_max: int) -> Verdict:
    sessions = prepare(history, model)
    answer: Explained[_Found] | Refuted | Undecided = decide(sessions, test, configurations_max, clocks=True)
    details = {"operations": len(sessions.calls), "configurations": answer.configurations}
    if isinstance(answer, Explained):
        return _valid(level, sessions, model, _evidence(sessions, answer), details)
    if isinstance(answer, Refuted):
        return _invalid(level, sessions, model, answer.refutation, details)
    return Verdict(
        outcome="unknown",
        name=level,
        level=level,
        summary=answer.summary,
        details=details,
    )


def _evidence(sessions: Sessions, answer: Explained[_Found]) -> CausalOrder | Views:
    readings, found = answer.readings(sessions), answer.found
    if isinstance(found, Ordered):
        return found.evidence(sessions, readings)
    call_of = sessions.calls.__getitem__
    return Views(views=tuple(tuple(map(call_of, view)) for view in found), readings=readings)


def _valid(
    level: Level, sessions: Sessions, model: Model, evidence: CausalOrder | Views, details: dict[str, int]
) -> Verdict:
    if isinstance(evidence, CausalOrder):
        complaint = complaint_about_order(evidence, sessions.history, model, level)
    else:
        complaint = complaint_about_views(evidence, sessions.history, model, level)
    confirm(level, complaint)
    count = details["operations"]
    return Verdict(
        outcome="valid",
        name=level,
        level=level,
        summary={
            "pram": f"for each process one order of all writes explains its reads, {count} operations in all.",
            "causal": f"none of {count} operations missed anything that it already depended on.",
            "causal-convergence": f"one order of all writes says which one wins, for all {count} operations.",
            "causal-memory": f"for each process one causal order explains its reads, {count} operations in all.",
        }[level],
        evidence=evidence,
        details=details,
    )


def _invalid(
    level: Level, sessions: Sessions, model: Model, refutation: Refutation, details: dict[str, int]
) -> Verdict:
    confirm(level, complaint_about_pattern(refutation, sessions.history, model, level))
    operations = {operation.call: operation for operation in sessions.history.operations()}
    pattern = refutation
    while not isinstance(pattern, Pattern):
        pattern = pattern.cases[0][1]
    return Verdict(
        outcome="invalid",
        name=level,
        level=level,
        summary=sentence(refutation, operations),
        anomaly=pattern.name,
        operations=tuple(operations[call] for call in operations_of(refutation)),
        evidence=refutation,
        details=details,
    )
