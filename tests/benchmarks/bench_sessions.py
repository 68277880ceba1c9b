"""Session guarantees, causal levels, sequential consistency and staleness: how long they take, and how that grows."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable

from chaoslab.checkers.causal import causal, causal_convergence, causal_memory, pram
from chaoslab.checkers.convergence import eventual
from chaoslab.checkers.sequential import sequential
from chaoslab.checkers.sessions import monotonic_reads, monotonic_writes, read_your_writes, writes_follow_reads
from chaoslab.checkers.staleness import staleness
from chaoslab.checkers.verdict import Verdict
from chaoslab.history import History
from chaoslab.models import MODELS
from tests.benchmarks.harness import Row, seconds, seconds_of_each

__all__ = ["replicated_history", "rows", "stale_history"]

REGISTER = MODELS["register"]


def replicated_history(operations: int, sessions: int, keys: int, *, catches_up: bool, seed: int = 1) -> History:
    """Return what clients of replicas see that apply one log of writes, each with a lag of its own.

    Args:
        operations: How many; half of them are reads.
        sessions: How many clients, each at its own replica.
        keys: How many keys.
        catches_up: A replica applies the whole log before it takes a write: sequentially consistent. Otherwise it
            applies its own write at once: causally convergent, and as a rule not sequential.
        seed: Of the order of things.
    """
    rng = random.Random(seed)
    history = History()
    places: list[list[int]] = [[] for _ in range(keys)]  # of each key's writes in the log; the place is the value
    latest_own = [[-1] * keys for _ in range(sessions)]
    applied = [0] * sessions
    log = 0
    for number in range(operations):
        session = rng.randrange(sessions)
        key = rng.randrange(keys)
        if rng.random() < 0.3:
            applied[session] = rng.randint(applied[session], log)
        history.invoke(session, *(("read",) if number % 2 else ("write",)), f"k{key}", None if number % 2 else log)
        if number % 2:
            index = bisect_right(places[key], applied[session] - 1)
            value = max(places[key][index - 1] if index else -1, latest_own[session][key])
            history.complete(session, "ok", None if value < 0 else value)
            continue
        history.complete(session, "ok", log)
        places[key].append(log)
        latest_own[session][key] = log
        log += 1
        if catches_up:
            applied[session] = log
    return history


def stale_history(operations: int, seed: int = 1) -> History:
    """Return reads and writes of one register in which every tenth read is one version behind."""
    rng = random.Random(seed)
    history = History()
    value = 0
    for number in range(operations):
        process = rng.randrange(10)
        if number % 2:
            stale = number % 20 == 1 and value > 1
            history.invoke(process, "read", "x", time_ns=10 * number)
            history.complete(process, "ok", value - stale, time_ns=10 * number + 5)
        else:
            value += 1
            history.invoke(process, "write", "x", value, time_ns=10 * number)
            history.complete(process, "ok", value, time_ns=10 * number + 5)
    return history


def _growing(
    work: str, check: Callable[[History], object], small: History, large: History, target_seconds: float | None = None
) -> Row:
    """Measure *check* on two histories, the second ten times as long; judge seconds if there is a target, or growth.

    Time grows by more than size does, as 10,000 operations fit into the processor's cache: 15 to 20 is linear.
    """
    few, many = seconds_of_each([lambda: check(small), lambda: check(large)], repetitions=3)
    growth = many / few
    if target_seconds is not None:
        return Row(
            work=work,
            size=f"{len(large) // 2:,} operations",
            seconds=many,
            ratio=growth,
            meaning="times as long for 10 times as many",
            target=f"<= {target_seconds} s",
            holds=many <= target_seconds,
        )
    return Row(
        work=work,
        size=f"{len(large) // 2:,} operations",
        seconds=many,
        ratio=growth,
        meaning="times as long for 10 times as many",
        target="<= 25",
        holds=growth <= 25,
    )


def _valid(check: Callable[..., Verdict]) -> Callable[[History], object]:
    def checked(history: History) -> object:
        verdict = check(history, REGISTER)
        assert verdict.outcome == "valid", verdict.summary
        return verdict

    return checked


def rows() -> list[Row]:
    """Measure."""
    few, many = (replicated_history(size, 20, 50, catches_up=False) for size in (10_000, 100_000))
    found = [
        _growing("causal (CC), 20 sessions", _valid(causal), few, many, target_seconds=1.5),
        _growing("causal convergence, 20 sessions", _valid(causal_convergence), few, many),
        _growing("read your writes, 20 sessions", _valid(read_your_writes), few, many),
        _growing("monotonic reads, 20 sessions", _valid(monotonic_reads), few, many),
        _growing("monotonic writes, 20 sessions", _valid(monotonic_writes), few, many),
        _growing("writes follow reads, 20 sessions", _valid(writes_follow_reads), few, many),
    ]
    few, many = (replicated_history(size, 20, 50, catches_up=True) for size in (10_000, 100_000))
    found += [
        _growing("causal memory, 20 sessions", _valid(causal_memory), few, many),
        _growing("PRAM, 20 sessions", _valid(pram), few, many),
        _growing("sequential, not linearizable, 20 sessions", _valid(sequential), few, many),
        _growing("eventual", lambda history: eventual(history), few, many),
    ]
    few, many = stale_history(10_000), stale_history(100_000)
    found.append(_growing("staleness, two versions", lambda history: staleness(history), few, many))
    buffering = _store_buffering(8)
    found.append(
        Row(
            work="not sequential, only a search can tell",
            size=f"{len(buffering) // 2} operations",
            seconds=seconds(lambda: sequential(buffering, REGISTER)),
        )
    )
    return found


def _store_buffering(processes: int) -> History:
    """Return a history that both causal levels allow: each process writes a key and misses what the next one wrote."""
    history = History()
    for process in range(processes):
        for round_number in range(3):
            value = 100 * process + round_number
            history.invoke(process, "write", f"k{process}", value)
            history.complete(process, "ok", value)
    for process in range(processes):
        history.invoke(process, "read", f"k{(process + 1) % processes}")
        history.complete(process, "ok", None)
    return history
