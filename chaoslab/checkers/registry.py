"""Levels by name, what implies what, and the one function that judges a history by several of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

import attrs

from chaoslab.checkers import causal, convergence, sequential, sessions
from chaoslab.checkers.linearizable import CONFIGURATIONS_MAX, linearizable
from chaoslab.checkers.transactions import list_append, register_transactions
from chaoslab.checkers.verdict import Verdict
from chaoslab.errors import HistoryError, UsageError, unknown_word
from chaoslab.garbage import collected_later
from chaoslab.history import History
from chaoslab.history.values import frozen
from chaoslab.models import TRANSACTIONAL, UNKNOWN, Model
from chaoslab.models.model import StepError

__all__ = ["LEVELS", "Level", "check", "implied", "levels_of"]

LevelChecker = Callable[[History, Model, int], Verdict]


@attrs.frozen(kw_only=True)
class Level:
    """A consistency level.

    Attributes:
        name: As in scenario files.
        summary: What it promises, in one line.
        implies: The levels just below it.
        check: For operations: ``(history, model, budget) -> Verdict``; None if it is a level of transactions only.
        transactions: Likewise for transactions.
    """

    name: str
    summary: str
    implies: tuple[str, ...] = ()
    check: LevelChecker | None = None
    transactions: LevelChecker | None = None


def _of_operations(checker: Callable[..., Verdict]) -> LevelChecker:
    return lambda history, model, budget: checker(history, model, configurations_max=budget)


def _of_transactions(level: str) -> LevelChecker:
    def check_transactions(history: History, model: Model, budget: int) -> Verdict:
        if model.shape == "list-append":
            return list_append(history, level, configurations_max=budget)
        return register_transactions(history, level, sessions=level == "causal", configurations_max=budget)

    return check_transactions


_ALL = (
    Level(
        name="linearizable",
        summary="every operation takes effect at one moment between its call and its return",
        implies=("sequential", "eventual"),
        check=_of_operations(linearizable),
    ),
    Level(
        name="sequential",
        summary="one order of all operations that every process's own order agrees with",
        implies=("causal-memory", "causal-convergence"),
        check=_of_operations(sequential.sequential),
    ),
    Level(
        name="causal-memory",
        summary="each process sees all writes in one order of its own, causes before effects",
        implies=("causal", "pram"),
        check=_of_operations(causal.causal_memory),
    ),
    Level(
        name="causal-convergence",
        summary="causes before effects, and all processes settle concurrent writes the same way",
        implies=("causal", *("read-your-writes", "monotonic-reads", "monotonic-writes", "writes-follow-reads")),
        check=_of_operations(causal.causal_convergence),
    ),
    Level(
        name="causal",
        summary="whoever has seen an effect has seen its causes",
        implies=("read-your-writes", "monotonic-writes", "writes-follow-reads"),
        check=_of_operations(causal.causal),
        transactions=_of_transactions("causal"),
    ),
    Level(
        name="pram",
        summary="each process sees the writes of each other one in their order",
        implies=("read-your-writes", "monotonic-reads", "monotonic-writes"),
        check=_of_operations(causal.pram),
    ),
    Level(
        name="read-your-writes",
        summary="a session sees what it wrote itself, or something later",
        check=_of_operations(sessions.read_your_writes),
    ),
    Level(
        name="monotonic-reads",
        summary="what a session has seen does not go back",
        check=_of_operations(sessions.monotonic_reads),
    ),
    Level(
        name="monotonic-writes",
        summary="the writes of a session are seen in their order",
        check=_of_operations(sessions.monotonic_writes),
    ),
    Level(
        name="writes-follow-reads",
        summary="a write is seen after whatever its session had read before",
        check=_of_operations(sessions.writes_follow_reads),
    ),
    Level(
        name="eventual",
        summary="when the writes have ended, all processes come to read the same",
        check=_of_operations(convergence.eventual),
    ),
    Level(
        name="strict-serializable",
        summary="transactions as if one after the other, in an order that real time agrees with",
        implies=("serializable",),
        transactions=_of_transactions("strict-serializable"),
    ),
    Level(
        name="serializable",
        summary="transactions as if one after the other",
        implies=("snapshot-isolation",),
        transactions=_of_transactions("serializable"),
    ),
    Level(
        name="snapshot-isolation",
        summary="each transaction reads from one snapshot, and no two that overlap write the same",
        implies=("read-atomic",),
        transactions=_of_transactions("snapshot-isolation"),
    ),
    Level(
        name="read-atomic",
        summary="all of a transaction's writes are seen, or none",
        implies=("read-committed",),
        transactions=_of_transactions("read-atomic"),
    ),
    Level(
        name="read-committed",
        summary="only what was committed is read",
        transactions=_of_transactions("read-committed"),
    ),
)

LEVELS: Mapping[str, Level] = {level.name: level for level in _ALL}
"""The levels by name; of operations first, then of transactions, each from the strongest down."""


def levels_of(model: Model) -> tuple[str, ...]:
    """Return the names of the levels that make sense for histories of *model*, the strongest first."""
    if model.shape in TRANSACTIONAL:
        order = ["strict-serializable", "serializable", "snapshot-isolation", "causal", "read-atomic", "read-committed"]
        return tuple(name for name in order if name != "causal" or model.shape == "rw-register")
    return tuple(level.name for level in _ALL if level.check is not None)


@functools.cache
def implied(level: str) -> frozenset[str]:
    """Return the names of all levels that hold wherever *level* holds, itself excluded."""
    below: set[str] = set()
    for lower in LEVELS[level].implies:
        below |= {lower} | implied(lower)
    return frozenset(below)


def check(
    history: History, *, model: Model, levels: Sequence[str], budget: int = CONFIGURATIONS_MAX
) -> tuple[Verdict, ...]:
    """Return a verdict for each of *levels*, in their order.

    Args:
        history: What clients saw.
        model: What they may see.
        levels: Names of consistency levels.
        budget: How much to search for each, in configurations.

    Raises:
        UsageError: a level that does not exist, or that says nothing of such histories.
        HistoryError: an operation that the model does not know, or that has an argument without meaning.
    """
    _confirm_arguments(history, model)
    checkers = [_checker(level, model) for level in levels]
    try:
        with collected_later():  # millions of small objects
            return tuple(checker(history, model, budget) for checker in checkers)
    except StepError as error:
        raise HistoryError(f"event {_event_of(history, error)}: {error.message}") from error


def _confirm_arguments(history: History, model: Model) -> None:
    """Refuse what no model has a meaning for, for checkers that read the history themselves. Cost: O(n).

    That is a compare-and-set without two values, and anything but true or false for whether an operation did anything.
    """
    told = model.tells_whether
    if not (told | ({"cas"} & model.fs)).intersection(history.fs):
        return
    for event, (type, f) in enumerate(zip(history.types, history.fs, strict=True)):
        if f == "cas" and type == "invoke":
            argument = history.values[event]
            if not isinstance(argument, list | tuple) or len(argument) != 2:
                raise HistoryError(f"event {event}: a cas takes [from, to], not {argument!r}.")
        elif f in told and type == "ok":
            result = history.results[event]
            if result is not None and result.__class__ is not bool:
                raise HistoryError(
                    f"event {event}: the result of {f} is true or false, whether it did anything, not {result!r}."
                )


def _event_of(history: History, error: StepError) -> int:
    """Return the event that ends the first operation of which *error* speaks, or begins it if its end is not known."""
    f, argument, value, _ = error.operation
    for call, ret in enumerate(history.partners):
        if history.types[call] != "invoke" or history.fs[call] != f or frozen(history.values[call]) != argument:
            continue
        ending = history.types[ret] if ret >= 0 else "info"
        if value is UNKNOWN and ending == "info":
            return call
        if ending == "ok" and frozen(history.values[ret]) == value:
            return call if value is None or value == argument else ret
    raise AssertionError("a step is made for an operation of the history") from error


def _checker(level: str, model: Model) -> LevelChecker:
    if level not in LEVELS:
        raise UsageError(unknown_word("level", level, LEVELS), key="consistency")
    transactional = model.shape in TRANSACTIONAL
    checker = LEVELS[level].transactions if transactional else LEVELS[level].check
    if checker is None or level not in levels_of(model):
        raise UsageError(
            f"{level} says nothing of the model {model.name!r}; its levels: {', '.join(levels_of(model))}.",
            key="consistency",
        )
    return checker
