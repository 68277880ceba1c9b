"""What a history of list-append transactions says: who appended what, who read how much, and in which order.

Rules (Kingsbury & Alvaro 2020, "Elle", sections 4 and 5):

1. Nobody appends an element to a key twice, so an element names its transaction. Failed transactions do not count.
2. The version order of a key is its longest read; every other read must be a prefix of it.
3. An info transaction of which some element was read did commit; of all others nothing is known and nothing follows.
4. A committed append that no read saw comes after everything that was seen, as every read is a prefix of the final
   list. Among each other such appends have no order, and none is invented.

This file turns reads into versions and finds what single reads show (``Found``); edges are ``dependencies``' business.
"""

from __future__ import annotations

from collections.abc import Hashable
from itertools import pairwise
from typing import Any

import attrs

from chaoslab.checkers.transactions.micro import PLAIN, bad_micro_operation, freeze, frozen_items, rows
from chaoslab.errors import HistoryError
from chaoslab.history import History
from chaoslab.history.values import frozen

__all__ = ["Appends", "Found", "Key", "observe"]

_KNOWN = '["append", key, element] and ["r", key, list or null]'

NOBODY = -1
"""Stands for the writer of an element that no transaction that may have committed has appended."""


@attrs.frozen(kw_only=True)
class Found:
    """An anomaly that a few reads show, with transactions by number; see ``evidence.Pattern``.

    A failed transaction has no number: there *other_call* is its invocation.
    """

    anomaly: str
    key: Any
    reader: int
    value: Any = None
    other: int | None = None
    other_key: Any = None
    other_call: int | None = None


class Key:
    """What is known of one key.

    Attributes:
        name: The key as it stands in the history.
        number: Its position among the keys.
        writers: From an element to the number of the transaction that appended it, in the order of invocations.
        aborted: From an element to the invocation of the failed transaction that would have appended it.
        several: Transactions with more than one append to this key.
        reads: ``(transaction, list)`` of each read before any append of the transaction itself.
        own_reads: The same for reads after one.
        longest: The longest read: the version order.
        order: The writers of its elements.
        contradicted: Its reads contradict each other: there is no version order.
        tail: Committed transactions with an append that nobody saw, in the order of their invocations.
        positions: From an element to its index in the version order.
    """

    __slots__ = (
        "aborted",
        "contradicted",
        "longest",
        "name",
        "number",
        "order",
        "own_reads",
        "positions",
        "reads",
        "several",
        "tail",
        "writers",
    )

    def __init__(self, name: Any, number: int) -> None:
        self.name = name
        self.number = number
        self.writers: dict[Hashable, int] = {}
        self.aborted: dict[Hashable, int] = {}
        self.several: set[int] = set()
        self.reads: list[tuple[int, list[Hashable]]] = []
        self.own_reads: list[tuple[int, list[Hashable]]] = []
        self.longest: list[Hashable] = []
        self.order: list[int] = []
        self.contradicted = False
        self.tail: list[int] = []
        self.positions: dict[Hashable, int] = {}


class Appends:
    """A history of list-append transactions, read once.

    Attributes:
        calls: Invocation event of each transaction that may have committed, ascending; its number is its position.
        rets: Completion event, or -1 for an info transaction.
        processes: The process of each.
        committed: Whether it certainly did commit.
        appends: ``(key number, element)`` of each append, by transaction.
        keys: The keys, in order of first mention.
        by_name: The same by frozen name.
        found: Anomalies that single reads show.
        raw: From frozen elements to what they look like in the history, where that differs.
    """

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.rets: list[int] = []
        self.processes: list[int] = []
        self.committed: list[bool] = []
        self.appends: list[list[tuple[int, Hashable]]] = []
        self.keys: list[Key] = []
        self.found: list[Found] = []
        self.raw: dict[Hashable, Any] = {}
        self.by_name: dict[Hashable, Key] = {}

    def key(self, name: Any) -> Key:
        """Return what is known of key *name*."""
        known = name if name.__class__ in PLAIN else frozen(name)
        key = self.by_name.get(known)
        if key is None:
            key = self.by_name[known] = Key(name, len(self.keys))
            self.keys.append(key)
        return key


def observe(history: History) -> Appends:
    """Read *history* of n micro-operations. Cost: O(n + elements read).

    Raises:
        HistoryError: not a list-append history, or an element appended twice to one key.
    """
    seen = Appends()
    for call, ret, process, ending, body in rows(history):
        if ending == "fail":
            _aborted(seen, call, body)
            continue
        txn = len(seen.calls)
        seen.calls.append(call)
        seen.rets.append(ret)
        seen.processes.append(process)
        seen.committed.append(ret >= 0)
        seen.appends.append(_transaction(seen, txn, body))
    for key in seen.keys:
        _version_order(seen, key)
    for key in seen.keys:
        if len(key.writers) > len(key.order) and not key.contradicted:
            positions, committed = key.positions, seen.committed
            unseen = [txn for element, txn in key.writers.items() if element not in positions and committed[txn]]
            key.tail = list(dict.fromkeys(unseen))
    return seen


def _aborted(seen: Appends, call: int, body: Any) -> None:
    for micro in body:
        f, name, argument = _parts(call, micro)
        if f == "append":
            seen.key(name).aborted.setdefault(freeze(argument, seen.raw), call)


def _parts(call: int, micro: Any) -> Any:
    """Return function, key and argument of a micro-operation.

    Raises:
        HistoryError: it is none.
    """
    try:
        f, _, argument = micro
    except (TypeError, ValueError):
        raise bad_micro_operation(call, micro, _KNOWN) from None
    if f == "append" or (f == "r" and (argument is None or argument.__class__ is list or argument.__class__ is tuple)):
        return micro
    raise bad_micro_operation(call, micro, _KNOWN)


def _transaction(seen: Appends, txn: int, body: Any) -> list[tuple[int, Hashable]]:
    """Take up the micro-operations of one transaction and return its appends."""
    appends: list[tuple[int, Hashable]] = []
    own: dict[Key, list[Hashable]] = {}
    before: dict[Key, list[Hashable]] = {}
    raw, known, ok = seen.raw, seen.by_name, seen.rets[txn] >= 0
    for micro in body:
        f, name, argument = _parts(seen.calls[txn], micro)
        key = known.get(name) if name.__class__ in PLAIN else None
        if key is None:
            key = seen.key(name)
        if f == "append":
            element = argument if argument.__class__ in PLAIN else freeze(argument, raw)
            if key.writers.setdefault(element, txn) != txn or element in own.get(key, ()):
                raise HistoryError(
                    f"event {seen.calls[txn]}: {argument!r} is appended to {name!r} again (first at event "
                    f"{seen.calls[key.writers[element]]}); every element of a key must be appended only once."
                )
            appends.append((key.number, element))
            if key in own:
                own[key].append(element)
                key.several.add(txn)
            else:
                own[key] = [element]
            if key in before and _was_read(key, txn, element):
                seen.found.append(Found(anomaly="internal", key=name, value=element, reader=txn))
        elif ok:
            items = frozen_items(argument, raw) if argument else []
            if key in own:
                _read_after_append(seen, txn, key, items, own[key], before)
                continue
            if before.setdefault(key, items) is not items and before[key] != items:
                seen.found.append(Found(anomaly="non-repeatable-read", key=name, reader=txn))
            key.reads.append((txn, items))
    return appends


def _was_read(key: Key, txn: int, element: Hashable) -> bool:
    """Return whether *txn*, whose reads are the latest so far, has read *element* before any append of its own."""
    for reader, items in reversed(key.reads):
        if reader != txn:
            break
        if element in items:
            return True
    return False


def _read_after_append(
    seen: Appends,
    txn: int,
    key: Key,
    items: list[Hashable],
    mine: list[Hashable],
    before: dict[Key, list[Hashable]],
) -> None:
    if items[-len(mine) :] != mine:
        seen.found.append(Found(anomaly="internal", key=key.name, value=mine[-1], reader=txn))
        return
    if before.setdefault(key, items[: -len(mine)]) != items[: -len(mine)]:
        seen.found.append(Found(anomaly="non-repeatable-read", key=key.name, reader=txn))
    key.own_reads.append((txn, items))


def _version_order(seen: Appends, key: Key) -> None:
    """Find the longest read of *key*, compare all others with it, and look up who wrote what."""
    reads = key.reads + key.own_reads if key.own_reads else key.reads
    longest: list[Hashable] = []
    longest_reader = NOBODY
    for txn, items in reads:
        if len(items) > len(longest):
            longest, longest_reader = items, txn
    order = [key.writers.get(element, NOBODY) for element in longest]
    for txn in order:
        if txn != NOBODY:
            seen.committed[txn] = True
    if NOBODY in order:
        _unwritten(seen, key, longest, order)
    others = [(txn, items) for txn, items in reads if longest[: len(items)] != items]
    if others:
        _contradiction(seen, key, longest_reader, longest, others)
    for txn, items in [(longest_reader, longest), *others]:
        if len(set(items)) != len(items):
            twice = next(item for index, item in enumerate(items) if item in items[:index])
            seen.found.append(Found(anomaly="duplicate-elements", key=key.name, value=twice, reader=txn))
            key.contradicted = True
            break
    if key.contradicted:
        return
    key.longest, key.order = longest, order
    key.positions = dict(zip(longest, range(len(longest)), strict=True))
    if key.several:
        _several_appends(seen, key)


def _contradiction(
    seen: Appends, key: Key, longest_reader: int, longest: list[Hashable], others: list[tuple[int, list[Hashable]]]
) -> None:
    """Report the first of *others*, reads that are no prefix of the *longest* one; whatever they saw was committed."""
    key.contradicted = True
    reader, items = others[0]
    value = next(one for one, another in zip(items, longest, strict=False) if one != another)
    seen.found.append(
        Found(anomaly="incompatible-order", key=key.name, value=value, reader=reader, other=longest_reader)
    )
    for _, items in others:
        for element in items:
            if element in key.writers:
                seen.committed[key.writers[element]] = True


def _unwritten(seen: Appends, key: Key, longest: list[Hashable], order: list[int]) -> None:
    """Report the elements of *longest* that nobody who may have committed has appended, each at its first reader."""
    for index, element in enumerate(longest):
        if order[index] != NOBODY:
            continue
        reader = next(txn for txn, items in key.reads + key.own_reads if len(items) > index and items[index] == element)
        aborted = key.aborted.get(element)
        anomaly = "garbage-read" if aborted is None else "G1a"
        seen.found.append(Found(anomaly=anomaly, key=key.name, value=element, reader=reader, other_call=aborted))


def _several_appends(seen: Appends, key: Key) -> None:
    """Report reads that contradict the order in which one transaction appended, or that end in the middle of it."""
    elements: dict[int, list[Hashable]] = {txn: [] for txn in sorted(key.several)}
    for element, txn in key.writers.items():
        if txn in elements:
            elements[txn].append(element)
    unseen = len(key.positions)
    for txn, appended in elements.items():
        places = [key.positions.get(element, unseen) for element in appended]
        if places != sorted(places):
            reader = next(one for one, items in key.reads + key.own_reads if len(items) == unseen)
            value = next(
                later for (_, later), (at, then) in zip(pairwise(appended), pairwise(places), strict=True) if then < at
            )
            seen.found.append(Found(anomaly="incompatible-order", key=key.name, value=value, reader=reader, other=txn))
    for txn, items in key.reads:
        writer = key.writers.get(items[-1], NOBODY) if items else NOBODY
        if writer in elements and writer != txn and elements[writer][-1] != items[-1]:
            seen.found.append(Found(anomaly="G1b", key=key.name, value=items[-1], reader=txn, other=writer))
