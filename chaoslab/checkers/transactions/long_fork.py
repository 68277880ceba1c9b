"""Long fork: readers see independent writes in orders that contradict each other.

The usual case has two readers: one saw x written and y not yet, the other y written and x not yet. Under snapshot
isolation, with one line of commits, that cannot be; under parallel snapshot isolation it can. Rules:

1. A transaction writes one key, or reads any number; every key is written at most once, so a value is new or not there.
2. Transactions that failed wrote nothing; what an info transaction wrote may show at any time.
3. "Some read saw x but not y" means that x was written before y. A cycle of such orders is a fork.
4. A value that nobody wrote to the key is reported as such.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from graphlib import TopologicalSorter
from typing import Any

import attrs

from chaoslab.checkers.transactions.graph import components, shortest_cycle
from chaoslab.checkers.transactions.micro import bad_micro_operation, rows
from chaoslab.checkers.verdict import Verdict, confirm
from chaoslab.errors import HistoryError
from chaoslab.history import History, Operation
from chaoslab.history.values import frozen

__all__ = ["Fork", "StrayRead", "WriteOrder", "long_fork"]

_KNOWN = '["w", key, value] and ["r", key, value or null]'


@attrs.frozen(kw_only=True)
class Fork:
    """Evidence of a fork.

    Attributes:
        reads: Each saw the key of its own place in *keys* written, and the next one (the last: the first) not.
        keys: As many keys.
    """

    reads: tuple[Operation, ...]
    keys: tuple[Any, ...]


@attrs.frozen(kw_only=True)
class StrayRead:
    """Evidence of a read of a value that no transaction that may have committed wrote to the key."""

    read: Operation
    key: Any
    value: Any


@attrs.frozen(kw_only=True)
class WriteOrder:
    """Evidence that there is no fork: an order of the keys in which every read saw a beginning of what it looked at.

    Attributes:
        keys: The keys that were read, in the order in which they were written.
    """

    keys: tuple[Any, ...]


def long_fork(history: History) -> Verdict:
    """Decide whether all readers can have seen the writes in one order.

    Args:
        history: Transactions that write a single key, each key at most once, or only read.

    Returns:
        A verdict. Valid: ``evidence`` is a ``WriteOrder``. Invalid: a ``Fork`` or a ``StrayRead``.
        Cost: O(n * k²) for n transactions of at most k reads.

    Raises:
        HistoryError: a key written twice, or a transaction that both reads and writes, or writes several keys.

    Source:
        Sovran et al. 2011, "Transactional storage for geo-replicated systems", section 3 (the anomaly); Jepsen,
        ``jepsen.tests.long-fork``.
    """
    reads, written = _observed(history)
    operations = history.operations()
    by_call = {operation.call: operation for operation in operations}
    details = {"reads": len(reads), "writes": len(written)}
    for call, seen in reads.items():
        for key, value in seen.items():
            if value is not None and written.get(key) != value:
                return _stray(by_call[call], key, value, operations, details)
    names = {frozen(micro[1]): micro[1] for call in reads for micro in by_call[call].value}
    keys = list(names)
    number = {key: index for index, key in enumerate(keys)}
    witness: dict[tuple[int, int], int] = {}  # (a key seen, a key not seen) -> the first such read
    for call, seen in reads.items():
        missing = [number[key] for key, value in seen.items() if value is None]
        for key, value in seen.items():
            if value is not None:
                for other in missing:
                    witness.setdefault((number[key], other), call)
    later: dict[int, list[int]] = {index: [] for index in range(len(keys))}
    for first, second in witness:
        later[first].append(second)
    forks = components(later, later.__getitem__)
    if forks:
        cycle = min((shortest_cycle(part, later.__getitem__) for part in forks), key=len)
        calls = [witness[pair] for pair in zip(cycle, [*cycle[1:], cycle[0]], strict=True)]
        fork = Fork(reads=tuple(by_call[call] for call in calls), keys=tuple(names[keys[index]] for index in cycle))
        return _forked(fork, operations, details)
    order = [names[keys[index]] for index in reversed(list(TopologicalSorter(later).static_order()))]
    confirm("long-fork", _complaint_about_order(order, operations))
    return Verdict(
        outcome="valid",
        name="long-fork",
        summary=f"all {len(reads)} reads can have seen the writes in one order.",
        evidence=WriteOrder(keys=tuple(order)),
        details=details,
    )


_Reads = dict[int, dict[Hashable, Hashable]]


def _observed(history: History) -> tuple[_Reads, dict[Hashable, Hashable]]:
    """Return what each reader saw, by invocation, and what was written to each key."""
    reads: _Reads = {}
    written: dict[Hashable, Hashable] = {}
    writers: dict[Hashable, int] = {}
    for call, _, _, ending, body in rows(history):
        micros = [_micro_operation(call, micro) for micro in body]
        writes = [(key, value) for f, key, value in micros if f == "w"]
        if writes and len(micros) > 1:
            raise HistoryError(f"event {call}: a transaction of this workload only reads, or writes one key.")
        if writes and ending != "fail":
            key, value = writes[0]
            if key in writers:
                raise HistoryError(
                    f"event {call}: key {body[0][1]!r} is written again (first at event {writers[key]})."
                )
            if value is None:
                raise HistoryError(f"event {call}: null is what an unwritten key holds; it cannot be written.")
            writers[key], written[key] = call, value
        elif ending == "ok" and not writes:
            reads[call] = {key: value for _, key, value in micros}
    return reads, written


def _micro_operation(call: int, micro: Any) -> tuple[str, Hashable, Hashable]:
    if micro.__class__ not in (list, tuple) or len(micro) != 3 or micro[0] not in ("w", "r"):
        raise bad_micro_operation(call, micro, _KNOWN)
    return micro[0], frozen(micro[1]), frozen(micro[2])


def _stray(
    read: Operation, key: Hashable, value: Hashable, operations: Sequence[Operation], details: dict[str, Any]
) -> Verdict:
    evidence = next(
        StrayRead(read=read, key=name, value=shown)
        for _, name, shown in read.value
        if (frozen(name), frozen(shown)) == (key, value)
    )
    for one in operations:
        for f, name, written in one.argument if one.type != "fail" else ():
            if f == "w" and (frozen(name), frozen(written)) == (key, value):
                confirm("long-fork", f"event {one.call} did write what event {read.call} read")
    return Verdict(
        outcome="invalid",
        name="long-fork",
        summary=f"process {read.process} (event {read.call}) read {evidence.value!r} from {evidence.key}, which nobody "
        "wrote there.",
        anomaly="garbage-read",
        operations=(read,),
        evidence=evidence,
        details=details,
    )


def _forked(fork: Fork, operations: Sequence[Operation], details: dict[str, Any]) -> Verdict:
    parts = []
    for read, there, missing in zip(fork.reads, fork.keys, [*fork.keys[1:], fork.keys[0]], strict=True):
        seen = {frozen(key): value for _, key, value in read.value}
        if read not in operations or seen[frozen(there)] is None or seen[frozen(missing)] is not None:
            confirm("long-fork", f"event {read.call} does not show a fork")
        parts.append(f"process {read.process} (event {read.call}) saw {there} written but not {missing}")
    shown = {read.call: read for read in fork.reads}
    return Verdict(
        outcome="invalid",
        name="long-fork",
        summary=", and ".join(parts) + ": there is no order in which they were written.",
        anomaly="long-fork",
        operations=tuple(shown[call] for call in sorted(shown)),
        evidence=fork,
        details=details,
    )


def _complaint_about_order(keys: Sequence[Any], operations: Sequence[Operation]) -> str | None:
    """Return what is wrong with an order of writes, or None if every read saw a beginning of it."""
    place = {frozen(key): index for index, key in enumerate(keys)}
    for read in operations:
        if read.type != "ok" or not read.value or read.value[0][0] != "r":
            continue
        seen = {frozen(key): value for _, key, value in read.value}
        there = [place[key] for key, value in seen.items() if value is not None]
        missing = [place[key] for key, value in seen.items() if value is None]
        if there and missing and max(there) > min(missing):
            return f"event {read.call} did not see a beginning of the order"
    return None
