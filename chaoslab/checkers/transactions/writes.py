"""What a history of register transactions says: who wrote what, who read which value, and where that can come from.

Rules:

1. Only the last write of a transaction to a key is ever visible to others. Failed transactions wrote nothing.
2. Only a read before any write of the transaction itself to that key says something about others.
3. A value that several transactions wrote, or that is also the initial one (null), has several possible sources.
4. An info transaction did commit if something that it wrote was read. Otherwise nothing follows from it.

This file finds what single reads show; which source a read had, and what follows from it, is not its business.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import attrs

from chaoslab.checkers.transactions.appends import Found
from chaoslab.checkers.transactions.micro import bad_micro_operation, freeze, rows
from chaoslab.history import History

__all__ = ["INITIAL", "Problem", "Read", "Writes", "observe_writes"]

INITIAL = -1
"""Stands for the writer of the initial state."""

_KNOWN = '["w", key, value] and ["r", key, value or null]'


@attrs.frozen
class Read:
    """A read that says something about other transactions.

    Attributes:
        txn: Number of the transaction.
        key: Number of the key.
        value: What was read, frozen.
        position: How many such reads its transaction made before.
        sources: The transactions that may have written it (``INITIAL``: nobody), likeliest first.
    """

    txn: int
    key: int
    value: Hashable
    position: int
    sources: tuple[int, ...]


class Writes:
    """A history of register transactions, read once.

    Attributes:
        calls, rets, processes: Of each transaction that may have committed; a number is a position. ret -1: info.
        writes: From a key to the value that the transaction left there, by transaction.
        reads: The reads of each transaction, in its order.
        names: The keys as they stand in the history.
        found: Anomalies that single reads show.
        raw: From frozen values to what they look like in the history, where that differs.
    """

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.rets: list[int] = []
        self.processes: list[int] = []
        self.writes: list[dict[int, Hashable]] = []
        self.reads: list[list[Read]] = []
        self.names: list[Any] = []
        self.found: list[Found] = []
        self.raw: dict[Hashable, Any] = {}
        self._numbers: dict[Hashable, int] = {}

    def key_number(self, name: Any) -> int:
        """Return the number of key *name*."""
        known = freeze(name, self.raw)
        number = self._numbers.get(known)
        if number is None:
            number = self._numbers[known] = len(self.names)
            self.names.append(name)
        return number


class Problem:
    """Transactions with the sources of their reads decided (or left out).

    Attributes:
        seen: The history.
        committed: The transactions that count, ascending.
        reads: ``(key, source)`` of each read that counts, by transaction, in its order.
        sessions: Whether process order counts.
        realtime: Whether real time counts.
    """

    def __init__(self, seen: Writes, chosen: dict[Read, int], *, sessions: bool, realtime: bool) -> None:
        self.seen = seen
        self.sessions = sessions
        self.realtime = realtime
        self.reads: list[list[tuple[int, int]]] = []
        certain = [ret >= 0 for ret in seen.rets]
        for reads in seen.reads:
            resolved = []
            for read in reads:
                source = read.sources[0] if len(read.sources) == 1 else chosen.get(read)
                if source is None:
                    continue
                resolved.append((read.key, source))
                if source != INITIAL:
                    certain[source] = True
            self.reads.append(resolved)
        self.committed = [txn for txn, known in enumerate(certain) if known]

    def session_predecessors(self) -> list[tuple[int, int]]:
        """Return pairs of neighbours in process order; nothing comes after an info transaction."""
        pairs = []
        latest: dict[int, int] = {}
        for txn in self.committed if self.sessions else ():
            process = self.seen.processes[txn]
            if process in latest:
                pairs.append((latest[process], txn))
            if self.seen.rets[txn] >= 0:
                latest[process] = txn
        return pairs

    def writers(self) -> dict[int, list[int]]:
        """Return from each key to the transactions that wrote it."""
        found: dict[int, list[int]] = {}
        for txn in self.committed:
            for key in self.seen.writes[txn]:
                found.setdefault(key, []).append(txn)
        return found


def observe_writes(history: History) -> Writes:
    """Read *history* of n micro-operations. Cost: O(n), and more where values repeat.

    Raises:
        HistoryError: not a history of register transactions.
    """
    seen = Writes()
    bodies: list[list[tuple[str, int, Hashable]]] = []
    writers: dict[tuple[int, Hashable], list[int]] = {}
    overwritten: dict[tuple[int, Hashable], list[int]] = {}
    aborted: dict[tuple[int, Hashable], int] = {}
    for call, ret, process, ending, body in rows(history):
        micros = [_micro_operation(seen, call, micro) for micro in body]
        if ending == "fail":
            for f, key, value in micros:
                if f == "w":
                    aborted.setdefault((key, value), call)
            continue
        txn = len(seen.calls)
        seen.calls.append(call)
        seen.rets.append(ret)
        seen.processes.append(process)
        bodies.append(micros)
        final = {key: value for f, key, value in micros if f == "w"}
        seen.writes.append(final)
        for key, value in final.items():
            writers.setdefault((key, value), []).append(txn)
        for f, key, value in micros:
            if f == "w" and value != final[key]:
                overwritten.setdefault((key, value), []).append(txn)
    for txn, micros in enumerate(bodies):
        reads = _reads(seen, txn, micros, writers, overwritten, aborted) if seen.rets[txn] >= 0 else []
        seen.reads.append(reads)
    return seen


def _micro_operation(seen: Writes, call: int, micro: Any) -> tuple[str, int, Hashable]:
    if micro.__class__ not in (list, tuple) or len(micro) != 3 or micro[0] not in ("w", "r"):
        raise bad_micro_operation(call, micro, _KNOWN)
    return micro[0], seen.key_number(micro[1]), freeze(micro[2], seen.raw)


def _reads(
    seen: Writes,
    txn: int,
    micros: list[tuple[str, int, Hashable]],
    writers: dict[tuple[int, Hashable], list[int]],
    overwritten: dict[tuple[int, Hashable], list[int]],
    aborted: dict[tuple[int, Hashable], int],
) -> list[Read]:
    """Return the reads of one transaction that say something about others."""
    own: dict[int, Hashable] = {}
    before: dict[int, Hashable] = {}
    reads: list[Read] = []
    for f, key, value in micros:
        name = seen.names[key]
        if f == "w":
            own[key] = value
            continue
        if key in own:
            if own[key] != value:
                seen.found.append(Found(anomaly="internal", key=name, value=own[key], reader=txn))
            continue
        if before.setdefault(key, value) != value:
            seen.found.append(Found(anomaly="non-repeatable-read", key=name, reader=txn))
        sources = _sources(seen, txn, writers.get((key, value), ()), value)
        other = next((one for one in overwritten.get((key, value), ()) if one != txn), None)
        if sources:
            reads.append(Read(txn, key, value, len(reads), sources))
        elif other is not None:
            seen.found.append(Found(anomaly="G1b", key=name, value=value, reader=txn, other=other))
        elif any(f == "w" and (number, one) == (key, value) for f, number, one in micros):
            seen.found.append(Found(anomaly="internal", key=name, value=value, reader=txn))
        else:
            call = aborted.get((key, value))
            anomaly = "garbage-read" if call is None else "G1a"
            seen.found.append(Found(anomaly=anomaly, key=name, value=value, reader=txn, other_call=call))
    return reads


def _sources(seen: Writes, txn: int, writers: Any, value: Hashable) -> tuple[int, ...]:
    """Return who may have written what *txn* read: those that began before it ended first, the latest of them first."""
    ret = seen.rets[txn]
    others = [writer for writer in writers if writer != txn]
    if len(others) > 1:
        others.sort(key=lambda writer: (seen.calls[writer] > ret, -seen.calls[writer]))
    return (*others, INITIAL) if value is None else tuple(others)
