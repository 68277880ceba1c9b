"""Bounded staleness as a verdict: whether no read is staler than a bound, with evidence either way.

The bound is a number of nanoseconds: how much earlier every read may have begun, at most, for the history to be
linearizable (delta in ``staleness``). Zero is linearizability. This file knows no bound by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from chaoslab.checkers.staleness import conflict_or_orders
from chaoslab.checkers.verdict import Verdict
from chaoslab.history import History, Operation
from chaoslab.history.values import frozen
from chaoslab.history.words import in_words
from chaoslab.models import MODELS, Model
from chaoslab.units import format_duration

__all__ = ["bounded_staleness"]


def bounded_staleness(history: History, bound_ns: int, model: Model = MODELS["register"]) -> Verdict:
    """Decide whether every read of *history* is at most *bound_ns* stale.

    Args:
        history: History of n reads and writes of unique values.
        bound_ns: How long a value may still be read after it was replaced.
        model: Gives the value at the start, and which operations are reads.

    Returns:
        A verdict. Valid: for each key an order of its operations that explains all reads, had they begun so much
        earlier. Invalid: two writes, by the index of their invocations (-1: the initial value), that would each have to
        replace the other even then; or the one read of a value that had not been written.
        Cost: O(n log n) where few writes overlap.

    Raises:
        UsageError: an operation that is neither a read nor a write, or a value that was written twice.

    Source:
        Golab, Li, Shah 2011, "Analyzing consistency properties for fun and profit" (delta-atomicity, zones).
    """
    operations = history.operations()
    found = conflict_or_orders(history, model, bound_ns)
    bound = format_duration(bound_ns)
    details = {"operations": len(operations), "bound_ns": bound_ns}
    if found is None:
        read = _unexplained(operations, model)
        return Verdict(
            outcome="invalid",
            name="staleness",
            summary=f"{in_words(read)}, which nobody had written by then.",
            anomaly="value out of thin air",
            operations=(read,),
            evidence=read.call,
            details=details,
        )
    if isinstance(found, tuple):
        shown = _stale_reads(found, operations, model)
        return Verdict(
            outcome="invalid",
            name="staleness",
            summary=f"{in_words(shown[-1])}, which had been replaced for longer than {bound}.",
            anomaly="stale read",
            operations=shown,
            evidence=found,
            details=details,
        )
    return Verdict(
        outcome="valid",
        name="staleness",
        summary=f"no read is staler than {bound}, of {len(operations)} operations.",
        evidence=tuple(map(tuple, found)),
        details=details,
    )


def _unexplained(operations: Sequence[Operation], model: Model) -> Operation:
    """Return a read of a value that was not there by its end."""
    begun: set[tuple[object, object]] = set()
    ended = sorted((one for one in operations if one.ret is not None), key=lambda one: one.ret or 0)
    writes = sorted(
        (one for one in operations if one.f not in model.reads and one.type != "fail"), key=lambda w: w.call
    )
    for one in ended:
        while writes and writes[0].call < (one.ret or 0):
            write = writes.pop(0)
            begun.add((frozen(write.key) if model.keyed else None, frozen(write.argument)))
        seen = (frozen(one.key) if model.keyed else None, frozen(one.value))
        is_read = one.type == "ok" and one.f in model.reads
        if is_read and seen[1] != frozen(model.initial) and seen not in begun:
            return one
    raise AssertionError("every read has its write")


def _stale_reads(writes: tuple[int, int], operations: Sequence[Operation], model: Model) -> tuple[Operation, ...]:
    """Return the two writes, and the last read of the value that was replaced: the stale one."""
    by_call = {one.call: one for one in operations}
    known = [by_call[call] for call in writes if call >= 0]
    key = frozen(known[0].key) if model.keyed else None
    values = [frozen(model.initial) if call < 0 else frozen(by_call[call].argument) for call in writes]
    reads = [
        one
        for one in operations
        if one.type == "ok"
        and one.f in model.reads
        and (frozen(one.key) if model.keyed else None) == key
        and frozen(one.value) in values
    ]
    # Of the two values the one that was there first was read last, and stale: both zones overlap.
    old = _older(writes, by_call)
    stale = max((one for one in reads if frozen(one.value) == values[old]), key=lambda one: one.call, default=None)
    shown = sorted(known, key=lambda one: one.call)
    return tuple(shown) if stale is None else (*shown, stale)


def _older(writes: tuple[int, int], by_call: dict[int, Operation]) -> int:
    """Return the place of the write that ended first; a write of unknown outcome never ends."""
    ends = [-1 if call < 0 else by_call[call].ret or 1 << 62 for call in writes]
    return 0 if ends[0] <= ends[1] else 1
