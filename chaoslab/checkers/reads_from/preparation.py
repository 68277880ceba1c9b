"""Prepares a history of registers for the levels that know no real time: sessions, and which write each read saw.

Rules:

1. A session is one process's operations in the order of their invocations. An update of unknown outcome ends it: it
   may take effect at any later time, so what its process does afterwards is a session of its own.
2. Operations that failed and reads of unknown outcome are left out. An update of unknown outcome stays: it took place
   if somebody saw its value, and if nobody did, it is in nobody's past and constrains nothing.
3. A compare-and-set that took place reads its first value and writes its second, in one operation. A refused one read
   some value other than its first.
4. A read that only one write can explain is settled at once. Where several can (a value written twice, the initial
   value written, a refused compare-and-set) it is a choice, and the candidates stand in order of their invocations.

Operations are numbered from 0 in the order of their invocations: nodes. Everything is columns of small integers.
This file does not know any guarantee.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Mapping
from typing import Any, Final

import attrs

from chaoslab.errors import UsageError
from chaoslab.history import History
from chaoslab.history.values import frozen
from chaoslab.models import Model

__all__ = ["INITIAL", "NOTHING", "Sessions", "prepare", "reading"]

INITIAL: Final = -1
"""In place of a write: the value that was there at the start."""

NOTHING: Final = -2
"""In place of a write: the operation read nothing, or it is not settled what."""

_READ, _WRITE, _CAS = 0, 1, 2
_WRITES = ("write", "put")
_PLAIN = (int, str)


@attrs.frozen(kw_only=True)
class Sessions:
    """A history in columns.

    Attributes:
        history: What it was made of.
        calls: From a node to the index of its invocation.
        nodes: From a session to its nodes, in program order.
        session: From a node to its session.
        position: From a node to its place in its session, from 1: a clock of 0 has seen nothing.
        key: From a node to its key's number.
        keys: From a key's number to the key.
        writes: From a node to whether it changes its key's value, if it took place.
        reads_from: From a node to the write it saw, ``INITIAL``, or ``NOTHING`` if it is no read or a choice.
        choices: The reads that several writes can explain, with these in order, ``INITIAL`` first.
        unexplained: Reads of which no write has the value.
        maybe: Compare-and-sets of unknown outcome: they took place, and read, only if somebody saw what they wrote.
    """

    history: History
    calls: list[int]
    nodes: list[list[int]]
    session: list[int]
    position: list[int]
    key: list[int]
    keys: list[Any]
    writes: list[bool]
    reads_from: list[int]
    choices: Mapping[int, tuple[int, ...]]
    unexplained: tuple[int, ...]
    maybe: tuple[int, ...]


def prepare(history: History, model: Model) -> Sessions:
    """Return *history* in columns, with every read settled that can be.

    Args:
        history: History of n operations.
        model: Gives the value at the start, and which operations are reads.

    Returns:
        The sessions. Cost: O(n), and O(w) more for each refused compare-and-set on a key with w writes.

    Raises:
        UsageError: the model is no register, or an operation is neither a read nor a write nor a compare-and-set.
    """
    if model.shape != "register":
        raise UsageError(
            "session guarantees and causal consistency are about reads and writes, and the model "
            f"{model.name!r} is no register."
        )
    kinds = dict.fromkeys(model.reads, _READ) | dict.fromkeys(_WRITES, _WRITE) | {"cas": _CAS}
    partners, types, fs, values = history.partners, history.types, history.fs, history.values
    keyed = model.keyed
    initial = frozen(model.initial)
    calls: list[int] = []
    nodes: list[list[int]] = []
    session: list[int] = []
    position: list[int] = []
    key: list[int] = []
    keys: list[Any] = []
    writes: list[bool] = []
    key_numbers: dict[Hashable, int] = {}
    running: dict[int | str, int] = {}  # from a process to its session
    writers: list[dict[Hashable, int | list[int]]] = []  # from a key and a value to who wrote it
    observed: list[tuple[int, Hashable]] = []  # (node, the value it saw)
    refused: list[tuple[int, Hashable]] = []  # (node, the value it did not see)
    maybe: list[tuple[int, Hashable]] = []
    for call, (type, process) in enumerate(zip(types, history.processes, strict=True)):
        if type != "invoke" or process.__class__ is str:
            continue
        ret = partners[call]
        ending = types[ret] if ret >= 0 else "info"
        if ending == "fail":
            continue
        kind = kinds.get(fs[call])
        if kind is None:
            raise _unknown(history, call, model)
        if ending == "info" and kind == _READ:
            continue
        node = len(calls)
        name = history.keys[call] if keyed else None
        name_frozen = name if name.__class__ in _PLAIN else frozen(name)
        number = key_numbers.get(name_frozen)
        if number is None:
            number = key_numbers[name_frozen] = len(keys)
            keys.append(name)
            writers.append({})
        mine = running.get(process)
        if mine is None:
            mine = running[process] = len(nodes)
            nodes.append([])
        written: Hashable = None
        is_write = True
        if kind == _READ:
            value = values[ret]
            observed.append((node, value if value.__class__ in _PLAIN else frozen(value)))
            is_write = False
        elif kind == _WRITE:
            value = values[call]
            written = value if value.__class__ in _PLAIN else frozen(value)
        else:
            expected, written = _cas_argument(history, call)
            if ending == "info":
                maybe.append((node, expected))
            elif _took_place(history, call, ret):
                observed.append((node, expected))
            else:
                refused.append((node, expected))
                is_write = False
        calls.append(call)
        session.append(mine)
        line = nodes[mine]
        line.append(node)
        position.append(len(line))
        key.append(number)
        writes.append(is_write)
        if is_write:
            table = writers[number]
            before = table.setdefault(written, node)
            if before != node:
                if isinstance(before, list):
                    before.append(node)
                else:
                    table[written] = [before, node]
        if ending == "info":
            del running[process]
    maybe = _possible(maybe, key, writers, initial, writes)
    reads_from, choices, unexplained = _settled(observed + maybe, refused, key, writers, initial)
    return Sessions(
        history=history,
        calls=calls,
        nodes=nodes,
        session=session,
        position=position,
        key=key,
        keys=keys,
        writes=writes,
        reads_from=reads_from,
        choices=choices,
        unexplained=unexplained,
        maybe=tuple(node for node, _ in maybe),
    )


def reading(sessions: Sessions, chosen: Mapping[int, int]) -> list[int]:
    """Return from each node the write it saw, when the choices are taken as *chosen* says.

    Compare-and-sets of unknown outcome that nobody saw read nothing. Cost: O(n).
    """
    reads_from = list(sessions.reads_from)
    for node, write in chosen.items():
        reads_from[node] = write
    if sessions.maybe:
        waiting = {node: reads_from[node] for node in sessions.maybe}
        for node in waiting:
            reads_from[node] = NOTHING
        seen = [write for write in reads_from if write in waiting]
        while seen:
            write = seen.pop()
            before = waiting.pop(write, None)
            if before is not None:
                reads_from[write] = before
                if before in waiting:
                    seen.append(before)
    return reads_from


def _settled(
    observed: list[tuple[int, Hashable]],
    refused: list[tuple[int, Hashable]],
    key: list[int],
    writers: list[dict[Hashable, int | list[int]]],
    initial: Hashable,
) -> tuple[list[int], dict[int, tuple[int, ...]], tuple[int, ...]]:
    """Return what each node certainly read, the choices, and the reads that nothing explains."""
    reads_from = [NOTHING] * len(key)
    choices: dict[int, tuple[int, ...]] = {}
    unexplained: list[int] = []
    shared: dict[tuple[int, bool, Hashable], tuple[int, ...]] = {}  # candidates, by key, whether refused, and value
    for is_refused, reads in ((False, observed), (True, refused)):
        for node, value in reads:
            found = None if is_refused else writers[key[node]].get(value)
            if found.__class__ is int and found != node and value != initial:
                reads_from[node] = found  # the common case
                continue
            what = key[node], is_refused, value
            candidates = shared.get(what)
            if candidates is None:
                candidates = shared[what] = _candidates(writers[key[node]], is_refused, value, initial)
            place = bisect_left(candidates, node)
            if place < len(candidates) and candidates[place] == node:
                candidates = tuple(one for one in candidates if one != node)  # it cannot have read what it wrote itself
            if not candidates:
                unexplained.append(node)
            elif len(candidates) == 1:
                reads_from[node] = candidates[0]
            else:
                choices[node] = candidates
    return reads_from, dict(sorted(choices.items())), tuple(sorted(unexplained))


def _candidates(
    writers: Mapping[Hashable, int | list[int]], is_refused: bool, value: Hashable, initial: Hashable
) -> tuple[int, ...]:
    """Return the writes of a key that explain a read of *value*, or, refused, of anything else; in order."""
    candidates = []
    if (value == initial) is not is_refused:
        candidates.append(INITIAL)
    for written, found in writers.items() if is_refused else ((value, writers.get(value, [])),):
        if (written == value) is not is_refused:
            candidates += found if isinstance(found, list) else [found]
    return tuple(sorted(candidates))


def _possible(
    maybe: list[tuple[int, Hashable]],
    key: list[int],
    writers: list[dict[Hashable, int | list[int]]],
    initial: Hashable,
    writes: list[bool],
) -> list[tuple[int, Hashable]]:
    """Keep the compare-and-sets of unknown outcome whose first value can have been there; the others wrote nothing."""

    def all_writers(node: int, value: Hashable) -> list[int]:
        found = writers[key[node]].get(value, [])
        return [one for one in (found if isinstance(found, list) else [found]) if one != node]

    while True:
        kept = []
        for node, expected in maybe:
            if expected == initial or all_writers(node, expected):
                kept.append((node, expected))
                continue
            writes[node] = False
            for value, found in list(writers[key[node]].items()):
                left = [one for one in (found if isinstance(found, list) else [found]) if one != node]
                if not left:
                    del writers[key[node]][value]
                else:
                    writers[key[node]][value] = left if len(left) > 1 else left[0]
        if len(kept) == len(maybe):
            return kept
        maybe = kept


def _cas_argument(history: History, call: int) -> tuple[Hashable, Hashable]:
    argument = history.values[call]
    if not isinstance(argument, list | tuple) or len(argument) != 2:
        raise UsageError(f"event {call}: a cas takes [from, to], not {argument!r}.")
    return frozen(argument[0]), frozen(argument[1])


def _took_place(history: History, call: int, ret: int) -> bool:
    result = history.results[ret]
    if not isinstance(result, bool):
        raise UsageError(f"event {ret}: an ok cas tells by its result, true or false, whether it took place.")
    return result


def _unknown(history: History, call: int, model: Model) -> UsageError:
    known = ", ".join(sorted({"read", "get", *_WRITES, "cas"}))
    return UsageError(
        f"event {call}: process {history.processes[call]} calls {history.fs[call]!r}, of which these levels cannot "
        f"tell what it reads or writes; they know {known}."
    )
