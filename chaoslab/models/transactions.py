"""Transactions, each one operation: on lists (append and read), and on registers (write and read).

A transaction is a list of ``["append", key, element]`` and ``["r", key, list]``, or of ``["w", key, value]`` and
``["r", key, value]``. Checkers of transactions read the history themselves; the step here makes a transaction atomic,
so that linearizability of the whole is strict serializability.
"""

from __future__ import annotations

from typing import Any

from chaoslab.models.model import ILLEGAL, UNKNOWN, Model

__all__ = ["LIST_APPEND", "RW_REGISTER", "TRANSACTIONAL"]

TRANSACTIONAL = frozenset({"list-append", "rw-register"})
"""The shapes of models whose operations are transactions."""


def _step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    known = value is not UNKNOWN
    now = dict(state)
    for _, (kind, key, seen) in (value if known else argument)[1]:
        if kind == "append":
            now[key] = (*now.get(key, ()), seen)
        elif kind == "w":
            now[key] = seen
        elif known:
            there = now.get(key)
            shown = ("list", there) if there.__class__ is tuple and _is_list(seen) else there
            if seen != shown and not (there is None and seen == ("list", ())):
                return ILLEGAL
    return frozenset(now.items())


def _is_list(seen: Any) -> bool:
    return seen.__class__ is tuple and bool(seen) and seen[0] == "list"


LIST_APPEND = Model(
    name="list-append",
    summary="transactions that append to lists and read them",
    initial=frozenset(),
    step=_step,
    reads=frozenset(),
    fs=frozenset({"txn"}),
    keyed=False,
    shape="list-append",
)

RW_REGISTER = Model(
    name="rw-register",
    summary="transactions that write registers and read them",
    initial=frozenset(),
    step=_step,
    reads=frozenset(),
    fs=frozenset({"txn"}),
    keyed=False,
    shape="rw-register",
)
