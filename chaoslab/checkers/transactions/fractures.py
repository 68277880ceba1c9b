"""Fractured reads and lost updates among list-append transactions: patterns that need no search for cycles.

Rules:

1. A read is fractured if its transaction read one key as another transaction left it, and lacks what that transaction
   appended to a second key (Bailis et al. 2014). With sessions the same holds for what the process did itself before.
2. An update is lost if two committed transactions read the same version of a key and both appended to it.
"""

from __future__ import annotations

from collections.abc import Hashable

from chaoslab.checkers.transactions.appends import Appends, Found, Key

__all__ = ["fractured_reads", "lost_updates"]


def _external_reads(seen: Appends) -> dict[int, list[tuple[int, int]]]:
    """Return ``(key number, length)`` of each read before an own append, by transaction."""
    reads: dict[int, list[tuple[int, int]]] = {}
    for number, key in enumerate(seen.keys):
        if not key.contradicted:
            for txn, items in key.reads:
                reads.setdefault(txn, []).append((number, len(items)))
    return reads


def fractured_reads(seen: Appends, *, sessions: bool) -> list[Found]:
    """Return the fractured reads, one a transaction. Cost: O(n * reads * appends of a transaction)."""
    found = []
    reads = _external_reads(seen)
    own_appends: dict[int, dict[int, tuple[Hashable, int]]] = {}  # by process: from a key to the latest own append
    for txn, process in enumerate(seen.processes):
        versions = dict(reads.get(txn, ()))
        fracture = _fracture(seen, txn, reads.get(txn, []), versions)
        if fracture is None and sessions:
            fracture = _session_fracture(seen, txn, versions, own_appends.get(process, {}))
        if fracture is not None:
            found.append(fracture)
        if sessions and seen.rets[txn] >= 0:
            own_appends.setdefault(process, {}).update(
                {number: (element, txn) for number, element in seen.appends[txn]}
            )
    return found


def _misses(key: Key, length: int, element: Hashable) -> bool:
    return key.positions.get(element, len(key.positions)) >= length


def _fracture(seen: Appends, txn: int, reads: list[tuple[int, int]], versions: dict[int, int]) -> Found | None:
    if len(versions) < 2:
        return None
    for seen_number, length in reads:
        writer = seen.keys[seen_number].order[length - 1] if length else -1
        if writer < 0 or writer == txn or len(seen.appends[writer]) < 2:
            continue
        for number, element in seen.appends[writer]:
            if number in versions and number != seen_number and _misses(seen.keys[number], versions[number], element):
                return Found(
                    anomaly="fractured-read",
                    key=seen.keys[number].name,
                    value=element,
                    reader=txn,
                    other=writer,
                    other_key=seen.keys[seen_number].name,
                )
    return None


def _session_fracture(
    seen: Appends, txn: int, versions: dict[int, int], own: dict[int, tuple[Hashable, int]]
) -> Found | None:
    for number, length in versions.items():
        if number in own and _misses(seen.keys[number], length, own[number][0]):
            element, writer = own[number]
            return Found(
                anomaly="fractured-read-process",
                key=seen.keys[number].name,
                value=element,
                reader=txn,
                other=writer,
            )
    return None


def lost_updates(seen: Appends) -> list[Found]:
    """Return the lost updates, one for each version that several read and replaced. Cost: O(n)."""
    found = []
    for key in seen.keys:
        if key.contradicted:
            continue
        appenders = set(key.writers.values())
        first_reader: dict[int, int] = {}
        reported: set[int] = set()
        for txn, items in key.reads:
            if txn not in appenders or not seen.committed[txn]:
                continue
            other = first_reader.setdefault(len(items), txn)
            if other != txn and len(items) not in reported:
                reported.add(len(items))
                found.append(Found(anomaly="lost-update", key=key.name, reader=txn, other=other))
    return found
