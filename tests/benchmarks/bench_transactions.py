"""Checkers of transactions: growth with the length of the history."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

from chaoslab.checkers.transactions import list_append, register_transactions
from chaoslab.checkers.transactions.registers import REGISTER_LEVELS
from chaoslab.history import History
from tests.benchmarks.harness import Row, print_rows, seconds_of_each

__all__ = ["rows"]

_PROCESSES = 20
_APPENDS_PER_KEY = 32


def list_append_history(transactions: int, seed: int = 1) -> History:
    """Return a strictly serializable history of transactions of one to four micro-operations on ten keys at a time.

    A key is retired after 32 appends. Up to 20 transactions are open at once; they commit in a random order.
    """
    rng = random.Random(seed)
    history = History()
    lists: dict[int, list[int]] = {}
    active = list(range(10))
    next_key, element = 10, 0
    waiting: dict[int, list[list[Any]]] = {}
    invoked = 0
    while invoked < transactions or waiting:
        process = rng.randrange(_PROCESSES)
        if process not in waiting and invoked < transactions:
            body: list[list[Any]] = []
            for _ in range(rng.randint(1, 4)):
                position = rng.randrange(10)
                key = active[position]
                if rng.random() < 0.5:
                    body.append(["r", key, None])
                    continue
                element += 1
                body.append(["append", key, element])
                if rng.random() < 1 / _APPENDS_PER_KEY:
                    active[position], next_key = next_key, next_key + 1
            history.invoke(process, "txn", None, body)
            waiting[process] = body
            invoked += 1
        elif process in waiting:
            done = []
            for f, key, argument in waiting.pop(process):
                items = lists.setdefault(key, [])
                if f == "append":
                    items.append(argument)
                done.append([f, key, argument if f == "append" else list(items)])
            history.complete(process, "ok", done)
    return history


def register_history(transactions: int, *, keys: int, stale: bool, seed: int = 1) -> History:
    """Return a history of transactions of one to four reads and writes of unique values.

    Up to 20 transactions are open at once. Where they are *stale* each reads the snapshot of its beginning, which has
    write skew in it; otherwise they run one after the other, in a random order.
    """
    rng = random.Random(seed)
    history = History()
    state: dict[int, int] = {}
    waiting: dict[int, tuple[list[list[Any]], dict[int, int]]] = {}
    invoked = value = 0
    while invoked < transactions or waiting:
        process = rng.randrange(_PROCESSES)
        if process not in waiting and invoked < transactions:
            body: list[list[Any]] = []
            for _ in range(rng.randint(1, 4)):
                value += 1
                key = rng.randrange(keys)
                body.append(["r", key, None] if rng.random() < 0.5 else ["w", key, value])
            history.invoke(process, "txn", None, body)
            waiting[process] = body, dict(state) if stale else state
            invoked += 1
        elif process in waiting:
            body, snapshot = waiting.pop(process)
            view = dict(snapshot)
            done = []
            for f, key, argument in body:
                if f == "w":
                    view[key] = state[key] = argument
                done.append([f, key, view.get(key) if f == "r" else argument])
            history.complete(process, "ok", done)
    return history


def list_append_rows() -> list[Row]:
    """Measure the inference of dependencies, verification included."""
    small, large = list_append_history(10_000), list_append_history(100_000)
    found = []
    for level in ("serializable", "strict-serializable"):
        times = seconds_of_each([partial(list_append, small, level), partial(list_append, large, level)])
        growth = times[1] / times[0]
        work = f"list-append, {level}"
        found += [
            Row(work=work, size="1e4 transactions", seconds=times[0]),
            Row(
                work=work,
                size="1e5 transactions",
                seconds=times[1],
                ratio=growth,
                meaning="growth 1e4 to 1e5",
                target="<= 13; about 1 s",
                holds=growth <= 13,
            ),
        ]
    return found


def register_rows() -> list[Row]:
    """Measure axioms and search, verification included."""
    serial = register_history(1_000, keys=50, stale=False)
    stale = register_history(1_000, keys=100, stale=True)
    large = register_history(10_000, keys=50, stale=False)
    found = []
    for level in REGISTER_LEVELS:
        times = seconds_of_each(
            [partial(register_transactions, one, level) for one in (serial, stale, large)], repetitions=3
        )
        growth = times[2] / times[0]
        work = f"registers, {level}"
        found += [
            Row(work=work, size="1e3, one by one", seconds=times[0], target="about 0.25 s"),
            Row(work=work, size="1e3, from snapshots", seconds=times[1], target="about 0.25 s"),
            Row(
                work=work,
                size="1e4, one by one",
                seconds=times[2],
                ratio=growth,
                meaning="growth 1e3 to 1e4",
                target="<= 25",
                holds=growth <= 25,
            ),
        ]
    return found


def rows() -> list[Row]:
    """Measure."""
    return list_append_rows() + register_rows()


if __name__ == "__main__":
    print_rows("transactions", rows())
