"""Linearizability: against the textbook search, and how the time grows."""

from __future__ import annotations

import os
import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chaoslab.checkers.linearizable import linearizable
from chaoslab.history import History, read_history
from chaoslab.models import MODELS
from tests.benchmarks.harness import Row, seconds, seconds_of_each
from tests.benchmarks.literal_wgl import literal_wgl

__all__ = ["concurrent_history", "rows"]

REGISTER, CAS = MODELS["register"], MODELS["cas-register"]
_RECORDED = Path(os.environ.get("CHAOSLAB_HISTORIES", Path(__file__).parents[3] / "shared" / "histories")) / "etcd"


def concurrent_history(
    operations: int, processes: int, choose: Callable[[random.Random, int], tuple[str, Any]], apply: Any, seed: int = 1
) -> History:
    """Return a valid history: *processes* work on one object, each operation takes effect at a moment of its own.

    Args:
        operations: How many.
        processes: How many at once.
        choose: From a generator and a counter to ``(f, argument)``.
        apply: From the state, f and argument to ``(state, value, result)``.
        seed: Of the order of things.
    """
    rng = random.Random(seed)
    history = History()
    state: Any = None
    # Each process goes round: call, take effect, return.
    phase = [0] * processes
    asked: list[tuple[str, Any]] = [("", None)] * processes
    got: list[tuple[Any, Any]] = [(None, None)] * processes
    called = 0
    open_now = 0
    while called < operations or open_now:
        process = rng.randrange(processes)
        if phase[process] == 0:
            if called < operations:
                asked[process] = choose(rng, called)
                history.invoke(process, asked[process][0], "x", asked[process][1])
                called += 1
                open_now += 1
                phase[process] = 1
        elif phase[process] == 1:
            f, argument = asked[process]
            state, value, result = apply(state, f, argument)
            got[process] = value, result
            phase[process] = 2
        else:
            history.complete(process, "ok", *got[process])
            phase[process] = 0
            open_now -= 1
    return history


def _apply(state: Any, f: str, argument: Any) -> tuple[Any, Any, Any]:
    if f == "read":
        return state, state, None
    if f == "write":
        return argument, argument, None
    took_place = state == argument[0]
    return (argument[1] if took_place else state), argument, took_place


def _unique(rng: random.Random, number: int) -> tuple[str, Any]:
    return ("read", None) if rng.random() < 0.5 else ("write", number)


def _few_values(values: int, cas_only: bool = False) -> Callable[[random.Random, int], tuple[str, Any]]:
    def choose(rng: random.Random, number: int) -> tuple[str, Any]:
        kind = rng.random()
        if cas_only or kind > 0.6:
            return "cas", (rng.randrange(values), rng.randrange(values))
        return ("read", None) if kind < 0.3 else ("write", rng.randrange(values))

    return choose


def _few_writes(rng: random.Random, number: int) -> tuple[str, Any]:
    return ("read", None) if rng.random() < 0.5 else ("write", rng.randrange(3))


def _judge(history: History, model: Any) -> Callable[[], None]:
    def work() -> None:
        assert linearizable(history, model).outcome == "valid"

    return work


def _growth(work: str, make: Callable[[int], History], model: Any, sizes: list[int], target: float) -> list[Row]:
    found: list[Row] = []
    before = None
    for size in sizes:
        took = seconds(_judge(make(size), model), repetitions=3)
        ratio = None if before is None else took / before
        last = size == sizes[-1]
        found.append(
            Row(
                work=work,
                size=f"{size:,} operations",
                seconds=took,
                ratio=ratio,
                meaning=f"x of the size before, {took / size * 1e6:.1f} us each",
                target=f"<= {target}" if last else "",
                holds=ratio <= target if last and ratio is not None else None,
            )
        )
        before = took
    return found


def _recorded() -> list[Row]:
    files = sorted(_RECORDED.glob("*.log"))
    if not files:
        return [Row(work="recordings of etcd: not here", size="", seconds=0.0)]
    histories = [read_history(path, "jepsen-log") for path in files]
    operations = [history.operations() for history in histories]

    def ours() -> None:
        for history in histories:
            linearizable(history, CAS)

    def textbook() -> None:
        for one in operations:
            literal_wgl(one, CAS)

    def told() -> None:
        for history in histories:
            _ = linearizable(history, CAS).summary

    fast, slow, words = seconds_of_each([ours, textbook, told], repetitions=3)
    size = f"{len(files)} histories"
    return [
        Row(work="recordings of etcd, textbook search", size=size, seconds=slow),
        Row(work="recordings of etcd", size=size, seconds=fast, ratio=fast / slow, meaning="x the textbook search",
            target="<= 0.02", holds=fast / slow <= 0.02),
        Row(work="recordings of etcd, minimised and in words", size=size, seconds=words, ratio=words / slow,
            meaning="x the textbook search"),
    ]  # fmt: skip


def _memory(work: str, history: History, model: Any) -> Row:
    """Return the memory that judging takes on top of the history itself."""
    tracemalloc.start()
    verdict = linearizable(history, model)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert verdict.outcome == "valid"
    operations = verdict.details["operations"]
    return Row(work=work, size=f"{operations:,} operations", seconds=0.0, ratio=peak / operations,
               meaning="bytes an operation", target="<= 1000", holds=peak / operations <= 1000)  # fmt: skip


def _appends(puts: float) -> Callable[[random.Random, int], tuple[str, Any]]:
    def choose(rng: random.Random, number: int) -> tuple[str, Any]:
        kind = rng.random()
        return ("put" if kind < puts else "append", f"{number} ") if kind < 0.5 else ("get", None)

    return choose


def _apply_text(state: Any, f: str, argument: Any) -> tuple[Any, Any, Any]:
    if f == "get":
        return state, state, None
    return (argument if f == "put" else (state or "") + argument), argument, None


def rows() -> list[Row]:
    """Measure everything."""
    hard = concurrent_history(10_000, 30, _few_values(5, cas_only=True), _apply)
    reads = concurrent_history(10_000, 30, _few_writes, _apply)
    return [
        *_recorded(),
        *_growth(
            "register, unique values, 10 processes",
            lambda size: concurrent_history(size, 10, _unique, _apply),
            REGISTER,
            [10_000, 100_000, 1_000_000],
            13,
        ),
        *_growth(
            "cas-register, 5 values, 10 processes",
            lambda size: concurrent_history(size, 10, _few_values(5), _apply),
            CAS,
            [1_000, 10_000, 100_000],
            13,
        ),
        *_growth(
            "kv, appends and gets, 10 processes",
            lambda size: concurrent_history(size, 10, _appends(0.0), _apply_text),
            MODELS["kv"],
            [500, 5_000],
            40,
        ),
        *_growth(
            "kv, appends, puts and gets, 10 processes",
            lambda size: concurrent_history(size, 10, _appends(0.1), _apply_text),
            MODELS["kv"],
            [1_000, 10_000],
            13,
        ),
        _memory("memory, unique values", concurrent_history(100_000, 10, _unique, _apply), REGISTER),
        _memory("memory, 5 values", concurrent_history(100_000, 10, _few_values(5), _apply), CAS),
        Row(work="compare-and-set only, 30 processes", size="10,000 operations", seconds=seconds(_judge(hard, CAS))),
        Row(work="3 values, 30 processes", size="10,000 operations", seconds=seconds(_judge(reads, REGISTER))),
    ]
