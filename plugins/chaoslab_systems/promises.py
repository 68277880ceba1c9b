"""What users of a system were promised, judged by what they saw: functional checks that several systems share.

Rules:

1. A check knows histories only. What became of an operation of unknown outcome is left open, either way.
2. A check says in words what went wrong, and shows the operations.
3. A history that shows nothing either way is unknown, never valid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from chaoslab.checkers import Verdict
from chaoslab.history import History, Operation

__all__ = ["QUIET_NS", "Broken", "judged", "last_reads", "nothing_is_lost", "once", "own_writes_are_seen"]

QUIET_NS = 5_000_000_000
"""How long nobody asks for anything before the last reads, where replicas are given time to come to agree."""


@attrs.frozen
class Broken:
    """How a promise was broken: its name, a sentence, and the operations that show it."""

    anomaly: str
    summary: str
    operations: tuple[Operation, ...]


def judged(name: str, found: Broken | None, seen: int, kept: str) -> tuple[Verdict, ...]:
    """Return the verdict of the check *name*.

    Args:
        name: Of the check.
        found: How the promise was broken, if it was.
        seen: How many operations the promise was about.
        kept: The promise in words, for when it was kept.
    """
    if found is not None:
        return (
            Verdict(
                outcome="invalid",
                name=name,
                anomaly=found.anomaly,
                summary=found.summary,
                operations=found.operations,
            ),
        )
    if not seen:
        return (Verdict(outcome="unknown", name=name, summary="nothing happened that this promise is about."),)
    return (Verdict(outcome="valid", name=name, summary=f"{kept}, {seen} times."),)


def last_reads(operations: Sequence[Operation], *, quiet_ns: int = 0) -> list[Operation]:
    """Return the ok reads that began when no update of their key had been open for *quiet_ns*, to the end."""
    ended: dict[Any, int] = {}
    for one in operations:
        if one.f != "read":
            time_ns = one.call_time_ns if one.ret_time_ns is None else one.ret_time_ns
            ended[one.key] = max(ended.get(one.key, 0), time_ns)
    return [
        one
        for one in operations
        if one.f == "read" and one.type == "ok" and one.call_time_ns > ended.get(one.key, 0) + max(0, quiet_ns - 1)
    ]


def nothing_is_lost(history: History, keys: tuple[str, ...], parameters: Any) -> Sequence[Verdict]:
    """Judge whether whatever was put in, and that nobody tried to take out, is there in the end. Cost: O(n)."""
    operations = history.operations()
    removed = {(one.key, one.argument) for one in operations if one.f == "remove"}
    added = [
        one for one in operations if one.f == "add" and one.type == "ok" and (one.key, one.argument) not in removed
    ]
    found, seen = None, 0
    for read in last_reads(operations, quiet_ns=QUIET_NS):
        there = set(read.value or ())
        for add in added:
            if add.key != read.key:
                continue
            seen += 1
            if found is None and add.argument not in there:
                found = Broken(
                    "lost update",
                    f"{add.argument} was put into {add.key} and acknowledged, nobody took it out, "
                    "and in the end it is not there.",
                    (add, read),
                )
    return judged("nothing-lost", found, seen, "what was put in was there in the end")


def own_writes_are_seen(history: History, keys: tuple[str, ...], parameters: Any) -> Sequence[Verdict]:
    """Judge whether everybody saw what they wrote themselves; each key has one author, whose values grow. O(n).

    A write of which nobody knows whether it happened may do so after a later one: what it wrote may be read any time.
    """
    found, seen = None, 0
    own: dict[tuple[int, Any], Operation] = {}
    operations = history.operations()
    late = {(one.key, one.argument) for one in operations if one.f == "write" and one.type == "info"}
    for one in sorted(operations, key=lambda one: one.call):  # a process asks one thing after the other
        if one.type != "ok":
            continue
        if one.f == "write":
            own[one.process, one.key] = one
        elif (one.process, one.key) in own and (one.key, one.value) not in late:
            seen += 1
            written = own[one.process, one.key]
            if found is None and (one.value is None or one.value < written.argument):
                found = Broken(
                    "own write missed",
                    f"the author of {one.key} wrote {written.argument}, was told that it is done, and then read "
                    f"{'nothing' if one.value is None else one.value}.",
                    (written, one),
                )
    return judged("own-writes-seen", found, seen, "authors saw what they had written")


def once(f: str, name: str, anomaly: str, sentence: Callable[[Any, Any, Any], str]) -> Any:
    """Return a check that of all *f* on a key one is told that it took place, at most.

    Args:
        f: The operation; its result tells whether it took place.
        name: Of the check.
        anomaly: What it is called when it happens twice.
        sentence: Tells it, given the key and the two arguments.
    """

    def check(history: History, keys: tuple[str, ...], parameters: Any) -> Sequence[Verdict]:
        found, first = None, dict[Any, Operation]()
        for one in history.operations():
            if one.f != f or one.type != "ok" or one.result is not True:
                continue
            earlier = first.setdefault(one.key, one)
            if earlier is not one and found is None:
                words = sentence(one.key, earlier.argument, one.argument)
                found = Broken(anomaly, words, (earlier, one))
        return judged(name, found, len(first), "it happened once and no more")

    return check
