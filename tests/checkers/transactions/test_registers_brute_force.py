"""The checker of register transactions against brute force: orders and sources enumerated from definitions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import chain, combinations, permutations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.checkers.transactions import register_axioms, register_transactions
from chaoslab.history import History, Operation

LEVELS = ("read-committed", "read-atomic", "causal", "snapshot-isolation", "serializable", "strict-serializable")
KEYS = ("x", "y")

State = dict[str, Any]
EMPTY: State = dict.fromkeys(KEYS)


class Recording:
    """A small store that is sometimes wrong, and the history of what its clients saw."""

    def __init__(self, rng: random.Random, *, unique: bool) -> None:
        self.rng = rng
        self.unique = unique
        self.history = History()
        self.versions: list[State] = [dict(EMPTY)]
        self.open: dict[int, tuple[list[list[Any]], int]] = {}
        self.values = 0
        self.staleness = rng.choice([0.0, 0.1, 0.4])
        self.mode = rng.choice(["serial", "snapshot", "recent", "any"])
        self.processes = rng.choice([2, 3, 5])

    def invoke(self, process: int) -> None:
        """Begin a transaction of one to three micro-operations."""
        body: list[list[Any]] = []
        for _ in range(self.rng.choice([1, 2, 2, 3])):
            if self.rng.random() < 0.5:
                body.append(["r", self.rng.choice(KEYS), None])
            else:
                self.values += 1
                value = self.values if self.unique else self.rng.choice([1, 1, 2, 2, 3, None])
                body.append(["w", self.rng.choice(KEYS), value])
        self.history.invoke(process, "txn", None, body)
        self.open[process] = (body, len(self.versions) - 1)

    def complete(self, process: int) -> None:
        """End a transaction: it fails, or nobody knows, or it read something."""
        body, snapshot = self.open.pop(process)
        ending = self.rng.choices(["ok", "info", "fail"], [8, 1, 1])[0]
        own: State = {}
        done: list[list[Any]] = []
        place = snapshot if self.mode == "snapshot" else len(self.versions) - 1
        if self.rng.random() < self.staleness:
            place = self.rng.randrange(len(self.versions))
        for f, key, argument in body:
            if self.mode in ("recent", "any"):
                place = self.rng.randint(snapshot if self.mode == "recent" else 0, len(self.versions) - 1)
            if f == "w":
                own[key] = argument
                done.append([f, key, argument])
            else:
                done.append([f, key, own.get(key, self.versions[place][key])])
            if f == "r" and self.rng.random() < self.staleness / 4:
                done[-1][2] = self.rng.randint(1, self.values + 1)
        if ending == "ok" or (ending == "info" and self.rng.random() < 0.5) or self.rng.random() < 0.02:
            self.versions.append({**self.versions[-1], **own})
        self.history.complete(process, ending, done if ending == "ok" else None)


@st.composite
def histories(draw: st.DrawFn, unique: bool = True) -> History:
    """A history of at most five transactions of a few processes, from correct to hopeless."""
    recording = Recording(draw(st.randoms(use_true_random=False)), unique=unique)
    rng = recording.rng
    transactions = rng.randint(2, 5)
    invoked = 0
    while invoked < transactions or recording.open:
        process = rng.randrange(recording.processes)
        if process in recording.open:
            recording.complete(process)
        elif invoked < transactions:
            recording.invoke(process)
            invoked += 1
    return recording.history


def body(operation: Operation) -> Any:
    """Return what the transaction did, with reads where they are known."""
    return operation.value if operation.type == "ok" else operation.argument


def final(operation: Operation) -> State:
    """Return what the transaction left in the keys that it wrote."""
    return {key: value for f, key, value in body(operation) if f == "w"}


def chosen(history: History) -> Iterator[tuple[Operation, ...]]:
    """Yield the transactions that took place, for each choice of info transactions."""
    operations = history.operations()
    ok = [one for one in operations if one.type == "ok"]
    info = [one for one in operations if one.type == "info"]
    for some in chain.from_iterable(combinations(info, size) for size in range(len(info) + 1)):
        yield (*ok, *some)


def must_precede(first: Operation, second: Operation, level: str, sessions: bool) -> bool:
    """Return whether the level asks for *first* before *second*, whatever they read."""
    ended = first.ret is not None and first.ret < second.call
    return ended and (level == "strict-serializable" or (sessions and first.process == second.process))


def reads_match(operation: Operation, state: State) -> bool:
    """Return whether the transaction, run on *state*, reads what it did read."""
    own: State = {}
    for f, key, value in body(operation):
        if f == "w":
            own[key] = value
        elif operation.type == "ok" and own.get(key, state[key]) != value:
            return False
    return True


def is_serial(history: History, level: str, sessions: bool) -> bool:
    """Return whether some serial order explains the history."""

    def extend(rest: tuple[Operation, ...], state: State) -> bool:
        if not rest:
            return True
        for operation in rest:
            others = tuple(one for one in rest if one is not operation)
            waits = any(must_precede(one, operation, level, sessions) for one in others)
            if not waits and reads_match(operation, state) and extend(others, {**state, **final(operation)}):
                return True
        return False

    return any(extend(some, dict(EMPTY)) for some in chosen(history))


def has_snapshots(history: History, sessions: bool) -> bool:
    """Return whether some schedule of starts and commits explains the history."""

    def extend(waiting: tuple[Operation, ...], started: tuple[Operation, ...], state: State) -> bool:
        if not waiting and not started:
            return True
        for operation in started:
            rest = tuple(one for one in started if one is not operation)
            # No other writer of its keys is open now: whichever of the two commits first, they would overlap.
            overlap = any(final(one).keys() & final(operation).keys() for one in rest)
            if not overlap and extend(waiting, rest, {**state, **final(operation)}):
                return True
        for operation in waiting:
            others = tuple(one for one in waiting if one is not operation)
            waits = any(must_precede(one, operation, "snapshot-isolation", sessions) for one in (*others, *started))
            if not waits and reads_match(operation, state) and extend(others, (*started, operation), state):
                return True
        return False

    return any(extend(some, (), dict(EMPTY)) for some in chosen(history))


def external_reads(operation: Operation) -> list[tuple[str, Any]]:
    """Return key and value of each read before an own write to the key."""
    found: list[tuple[str, Any]] = []
    written: set[str] = set()
    for f, key, value in body(operation) if operation.type == "ok" else ():
        if f == "w":
            written.add(key)
        elif key not in written:
            found.append((key, value))
    return found


def own_reads_are_right(operation: Operation) -> bool:
    """Return whether reads after an own write saw that write."""
    own: State = {}
    for f, key, value in body(operation) if operation.type == "ok" else ():
        if f == "w":
            own[key] = value
        elif key in own and own[key] != value:
            return False
    return True


Sources = dict[tuple[int, int], int]  # (reader, position of the read) -> writer, -1: the initial state


def sources_of(some: tuple[Operation, ...]) -> Iterator[Sources]:
    """Yield every way in which reads can have got their values."""
    reads = [(r, i, key, value) for r, one in enumerate(some) for i, (key, value) in enumerate(external_reads(one))]
    possible = [
        [w for w, one in enumerate(some) if w != r and key in final(one) and final(one)[key] == value]
        + ([-1] if value is None else [])
        for r, _, key, value in reads
    ]
    for choice in product(*possible):
        yield {(r, i): w for (r, i, _, _), w in zip(reads, choice, strict=True)}


def visible(some: tuple[Operation, ...], sources: Sources, level: str, sessions: bool) -> Any:
    """Return the relation "writer b is visible to the read at position i of r" as a function of (b, r, i)."""
    count = len(some)
    direct = {
        (b, r)
        for b in range(count)
        for r in range(count)
        if must_precede(some[b], some[r], level, sessions) or any(sources[key] == b for key in sources if key[0] == r)
    }
    causal = set(direct)
    for k, i, j in product(range(count), repeat=3):
        if (i, k) in causal and (k, j) in causal:
            causal.add((i, j))
    if level == "read-committed":
        return lambda b, r, i: any(sources[r, j] == b for j in range(i))
    return lambda b, r, i: (b, r) in (causal if level == "causal" else direct)


def axiom_holds(order: tuple[int, ...], some: Any, sources: Sources, level: str, sessions: bool) -> bool:
    """Return whether the commit order extends what it must and satisfies the axiom of the level."""
    place = {txn: position for position, txn in enumerate(order)}
    place[-1] = -1
    for first in order:
        for second in order:
            if must_precede(some[first], some[second], level, sessions) and place[first] > place[second]:
                return False
    if any(place[w] > place[r] for (r, _), w in sources.items()):
        return False
    sees = visible(some, sources, level, sessions)
    return not any(
        b != a and b != r and external_reads(some[r])[i][0] in final(some[b]) and place[b] > place[a] and sees(b, r, i)
        for (r, i), a in sources.items()
        for b in order
    )


def has_commit_order(history: History, level: str, sessions: bool) -> bool:
    """Return whether some commit order and sources of reads satisfy the axiom of the level."""
    for some in chosen(history):
        if not all(map(own_reads_are_right, some)):
            continue
        for sources in sources_of(some):
            if any(axiom_holds(order, some, sources, level, sessions) for order in permutations(range(len(some)))):
                return True
    return False


def expected(history: History, level: str, sessions: bool) -> bool:
    """Decide by brute force."""
    if level in ("serializable", "strict-serializable"):
        return is_serial(history, level, sessions)
    if level == "snapshot-isolation":
        return has_snapshots(history, sessions)
    return has_commit_order(history, level, sessions)


@pytest.mark.parametrize("sessions", [False, True])
@pytest.mark.parametrize("level", LEVELS)
@given(history=histories(unique=True))
def test_the_checker_agrees_with_brute_force(level: str, sessions: bool, history: History) -> None:
    """With unique values the verdicts are the same."""
    verdict = register_transactions(history, level, sessions=sessions)
    assert verdict.outcome == ("valid" if expected(history, level, sessions) else "invalid"), verdict.summary


@pytest.mark.parametrize("level", LEVELS)
@given(history=histories(unique=False))
def test_the_checker_agrees_with_brute_force_where_values_repeat(level: str, history: History) -> None:
    """With values that several transactions write, null among them, the verdicts are the same."""
    verdict = register_transactions(history, level)
    assert verdict.outcome == ("valid" if expected(history, level, True) else "invalid"), verdict.summary


@given(histories(unique=True))
def test_causality_is_the_same_with_clocks_and_with_bits(history: History) -> None:
    """Many processes are dealt with in another way than few, with the same verdicts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(register_axioms, "CHAINS_MAX", 0)
        verdict = register_transactions(history, "causal")
    assert verdict.outcome == register_transactions(history, "causal").outcome


@given(histories(unique=True))
def test_a_stronger_level_never_holds_without_the_weaker_ones(history: History) -> None:
    """Outcomes along the ladder are valid up to some level and invalid from there on."""
    outcomes = [register_transactions(history, level).outcome for level in LEVELS]
    assert outcomes == sorted(outcomes, reverse=True)
