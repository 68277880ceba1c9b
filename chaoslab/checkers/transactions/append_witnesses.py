"""Checks orders that are said to explain a list-append history: trusts nothing, shares no code with the search.

Rules:

1. The order holds every ok transaction once, info transactions at most once, and no failed one.
2. A serial order is replayed: every read must return what the lists hold at that moment.
3. A schedule is replayed too: reads return the lists as they stood at the transaction's start, and nobody else commits
   to a key between the start and the commit of a transaction that appends to it.
4. A commit order gives final lists. Every read must be a beginning of one, written by transactions that stand ahead of
   the reader, and end where a transaction ends. For read-atomic it must also have all that each transaction wrote of
   which it read something.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from chaoslab.history import History
from chaoslab.history.values import frozen

__all__ = ["complaint_about_commit_order", "complaint_about_schedule", "complaint_about_serial_order"]

_PLAIN = frozenset({int, str})


def _same(items: Any, state: list[Any]) -> bool:
    """Return whether a read of *items* returned exactly *state*, by type and content."""
    items = items or []
    if items.__class__ is list and _PLAIN.issuperset(map(type, items)) and _PLAIN.issuperset(map(type, state)):
        return bool(items == state)
    return [frozen(item) for item in items] == [frozen(item) for item in state]


def _known(key: Any) -> Hashable:
    return key if key.__class__ in _PLAIN else frozen(key)


def _missing_or_wrong(history: History, calls: Sequence[int], times: int) -> str | None:
    counts = [0] * len(history)
    for call in calls:
        counts[call] += 1
    for call, count in enumerate(counts):
        if history.types[call] != "invoke" or history.processes[call].__class__ is str:
            if count:
                return f"event {call} is not the invocation of a transaction"
            continue
        ending = _ending(history, call)
        if count not in {"ok": (times,), "fail": (0,), "info": (0, times)}[ending]:
            return f"the transaction of event {call} ({ending}) stands {count} times in the order"
    return None


def _ending(history: History, call: int) -> str:
    partner = history.partners[call]
    return history.types[partner] if partner >= 0 else "info"


def _body(history: History, call: int) -> tuple[Any, bool]:
    """Return the micro-operations of a transaction and whether what they read is known."""
    if _ending(history, call) != "ok":
        return history.values[call], False
    value = history.values[history.partners[call]]
    return (history.values[call] if value is None else value), True


def _out_of_order(history: History, calls: Sequence[int], *, realtime: bool, sessions: bool) -> str | None:
    """Return a complaint if a transaction stands ahead of one that had ended when it began."""
    latest_call = -1
    latest_of_process: dict[int | str, int] = {}
    for call in calls:
        ret = history.partners[call] if _ending(history, call) == "ok" else None
        process = history.processes[call]
        if realtime and ret is not None and ret < latest_call:
            return f"the transaction of event {call} had ended before one that stands ahead of it began"
        if sessions and ret is not None and ret < latest_of_process.get(process, -1):
            return f"the transaction of event {call} stands after a later one of its process"
        latest_call = max(latest_call, call)
        latest_of_process[process] = max(latest_of_process.get(process, -1), call)
    return None


def complaint_about_serial_order(
    history: History, calls: Sequence[int], *, realtime: bool = False, sessions: bool = False
) -> str | None:
    """Return what is wrong with a serial order, or None if it is right. Cost: O(elements read)."""
    complaint = _missing_or_wrong(history, calls, 1) or _out_of_order(
        history, calls, realtime=realtime, sessions=sessions
    )
    if complaint is not None:
        return complaint
    state: dict[Hashable, list[Any]] = {}
    odd: set[Hashable] = set()  # keys with elements for which == says too little
    for call in calls:
        body, reads_known = _body(history, call)
        for f, key, argument in body:
            known = _known(key)
            if known not in state:
                state[known] = []
            if f == "append":
                state[known].append(argument)
                if argument.__class__ not in _PLAIN:
                    odd.add(known)
            elif reads_known and not (
                (argument == state[known] and known not in odd and _PLAIN.issuperset(map(type, argument)))
                or _same(argument, state[known])
            ):
                return f"the transaction of event {call} did not read what {key!r} held at its place in the order"
    return None


def complaint_about_schedule(history: History, calls: Sequence[int], *, sessions: bool = False) -> str | None:
    """Return what is wrong with a schedule of starts and commits, or None if it is right. Cost: O(elements read)."""
    complaint = _missing_or_wrong(history, calls, 2)
    if complaint is not None:
        return complaint
    state: dict[Hashable, list[Any]] = {}
    open_now: dict[int, dict[Hashable, list[Any]]] = {}
    started_of_process: dict[int | str, int] = {}
    for call in calls:
        body, reads_known = _body(history, call)
        process = history.processes[call]
        if call not in open_now:
            started_of_process[process] = max(started_of_process.get(process, -1), call)
            written = {_known(key) for f, key, _ in body if f == "append"}
            view = {_known(key): list(state.get(_known(key), ())) for _, key, _ in body}
            open_now[call] = {key: list(view[key]) for key in view if key in written}
            for f, key, argument in body:
                if f == "append":
                    view[_known(key)].append(argument)
                elif reads_known and not _same(argument, view[_known(key)]):
                    return f"the transaction of event {call} did not read what {key!r} held when it started"
        else:
            ended = _ending(history, call) == "ok"
            if sessions and ended and started_of_process.get(process, -1) > call:
                return f"the transaction of event {call} commits after a later one of its process started"
            if any(not _same(state.get(key, []), before) for key, before in open_now.pop(call).items()):
                return f"another transaction committed to a key between start and commit of that of event {call}"
            for f, key, argument in body:
                if f == "append":
                    state.setdefault(_known(key), []).append(argument)
    return None


def complaint_about_commit_order(
    history: History, calls: Sequence[int], *, atomic: bool, sessions: bool = False
) -> str | None:
    """Return what is wrong with a commit order, or None if it is right.

    Args:
        history: The history.
        calls: The order.
        atomic: For read-atomic instead of read-committed.
        sessions: Whether process order counts.

    Cost: O(elements read).
    """
    complaint = _missing_or_wrong(history, calls, 1) or _out_of_order(history, calls, realtime=False, sessions=sessions)
    if complaint is not None:
        return complaint
    lists: dict[Hashable, list[Any]] = {}
    writers: dict[Hashable, list[int]] = {}  # of each element, the place of its transaction in the order
    appended: list[dict[Hashable, int]] = []  # by place: from a key to the length of its list after that transaction
    for place, call in enumerate(calls):
        appended.append({})
        for f, key, argument in _body(history, call)[0]:
            if f == "append":
                lists.setdefault(_known(key), []).append(argument)
                writers.setdefault(_known(key), []).append(place)
                appended[place][_known(key)] = len(lists[_known(key)])
    must_have: dict[int | str, dict[Hashable, int]] = {}  # by process: how long lists are that it has appended to
    for place, call in enumerate(calls):
        body, reads_known = _body(history, call)
        at_least = dict(must_have.get(history.processes[call], {})) if sessions else {}
        if reads_known:
            complaint = _complaint_about_reads(body, place, lists, writers, appended, at_least if atomic else None)
            if complaint is not None:
                return f"the transaction of event {call} {complaint}"
            if sessions and atomic:
                must_have.setdefault(history.processes[call], {}).update(appended[place])
    return None


def _complaint_about_reads(
    body: Any,
    place: int,
    lists: dict[Hashable, list[Any]],
    writers: dict[Hashable, list[int]],
    appended: list[dict[Hashable, int]],
    at_least: dict[Hashable, int] | None,
) -> str | None:
    own: dict[Hashable, list[Any]] = {}
    base: dict[Hashable, int] = {}
    seen_writers: list[int] = []
    external: dict[Hashable, int] = {}
    for f, key, argument in body:
        known = _known(key)
        if f == "append":
            own.setdefault(known, []).append(argument)
            continue
        items = argument or []
        size = len(items) - len(own.get(known, ()))
        if (
            size < 0
            or not _same(items, lists.get(known, [])[: len(items)])
            or not _same(list(items[size:]), own.get(known, []))
        ):
            return f"read from {key!r} what is no beginning of its final list"
        if size and writers[known][size - 1] >= place:
            return f"read from {key!r} what was committed only later"
        if size < len(writers.get(known, ())) and size and writers[known][size] == writers[known][size - 1]:
            return f"read a part of what one transaction wrote to {key!r}"
        if at_least is not None and base.setdefault(known, size) != size:
            return f"read {key!r} twice and saw different versions"
        if known not in own:
            external[known] = size
            if size:
                seen_writers.append(writers[known][size - 1])
    if at_least is not None:
        for writer in seen_writers:
            for known, size in appended[writer].items():
                at_least[known] = max(size, at_least.get(known, 0))
        for known, size in external.items():
            if size < at_least.get(known, 0):
                return f"read {known!r} without all that a transaction wrote of which it read something"
    return None
