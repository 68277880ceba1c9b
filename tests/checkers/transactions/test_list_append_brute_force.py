"""The list-append checker against brute force: every order of at most five transactions, straight from definitions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import chain, combinations, permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.checkers.transactions import list_append, list_append_anomalies
from chaoslab.history import History, Operation

LEVELS = ("read-committed", "read-atomic", "snapshot-isolation", "serializable", "strict-serializable")
KEYS = ("x", "y")

Lists = dict[str, list[int]]


class Recording:
    """A small store that is sometimes wrong, and the history of what its clients saw."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.history = History()
        self.lists: Lists = {key: [] for key in KEYS}
        self.open: dict[int, tuple[list[list[Any]], Lists]] = {}
        self.elements = 0
        self.honesty = rng.choice([0.5, 0.9, 1.0])
        self.mode = rng.choice(["serial", "snapshot", "any"])
        self.processes = rng.choice([2, 3, 5])

    def invoke(self, process: int) -> None:
        """Begin a transaction of one to three micro-operations."""
        body: list[list[Any]] = []
        for _ in range(self.rng.choice([1, 2, 2, 3])):
            if self.rng.random() < 0.5:
                body.append(["r", self.rng.choice(KEYS), None])
            else:
                self.elements += 1
                body.append(["append", self.rng.choice(KEYS), self.elements])
        self.history.invoke(process, "txn", None, body)
        self.open[process] = (body, {key: list(items) for key, items in self.lists.items()})

    def complete(self, process: int) -> None:
        """End a transaction: it fails, or nobody knows, or it read something."""
        body, snapshot = self.open.pop(process)
        ending = self.rng.choices(["ok", "info", "fail"], [8, 1, 1])[0]
        view = snapshot if self.mode == "snapshot" else self.lists
        own: Lists = {key: [] for key in KEYS}
        done: list[list[Any]] = []
        for f, key, argument in body:
            if f == "append":
                own[key].append(argument)
                done.append([f, key, argument])
                continue
            source = self.rng.choice([snapshot, self.lists]) if self.mode == "any" else view
            items = source[key] + own[key]
            done.append([f, key, self.damaged(items)])
        if ending == "ok" or (ending == "info" and self.rng.random() < 0.5) or self.rng.random() < 0.02:
            for key in KEYS:
                self.lists[key] += own[key]
        self.history.complete(process, ending, done if ending == "ok" else None)

    def damaged(self, items: list[int]) -> list[int] | None:
        """Return *items*, or what a worse store would have shown."""
        if self.rng.random() < self.honesty:
            return list(items) or None
        kind = self.rng.randrange(4)
        if kind == 0 and items:
            return items[: self.rng.randrange(len(items))]
        if kind == 1:
            return self.rng.sample(items, len(items))
        if kind == 2 and self.elements:
            return [*items, self.rng.randint(1, self.elements + 1)]
        return items[1:]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """A history of at most five transactions of a few processes, from correct to hopeless."""
    recording = Recording(draw(st.randoms(use_true_random=False)))
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


def chosen(history: History) -> Iterator[tuple[Operation, ...]]:
    """Yield the transactions that took place, for each choice of info transactions."""
    operations = history.operations()
    ok = [one for one in operations if one.type == "ok"]
    info = [one for one in operations if one.type == "info"]
    for some in chain.from_iterable(combinations(info, size) for size in range(len(info) + 1)):
        yield (*ok, *some)


def ended_before(first: Operation, second: Operation) -> bool:
    """Return whether *first* had ended when *second* began."""
    return first.ret is not None and first.ret < second.call


def must_precede(first: Operation, second: Operation, level: str, sessions: bool) -> bool:
    """Return whether the level asks for *first* before *second*, whatever they read."""
    if level == "strict-serializable":
        return ended_before(first, second)
    return sessions and first.process == second.process and ended_before(first, second)


def runs(operation: Operation, lists: Lists) -> Lists | None:
    """Return the lists after the transaction ran on *lists*, or None if it read something else."""
    after = {key: list(items) for key, items in lists.items()}
    for f, key, argument in body(operation):
        if f == "append":
            after[key].append(argument)
        elif operation.type == "ok" and (argument or []) != after[key]:
            return None
    return after


def is_serial(history: History, level: str, sessions: bool) -> bool:
    """Return whether some serial order explains the history."""

    def extend(rest: tuple[Operation, ...], lists: Lists) -> bool:
        if not rest:
            return True
        for operation in rest:
            others = tuple(one for one in rest if one is not operation)
            if any(must_precede(one, operation, level, sessions) for one in others):
                continue
            after = runs(operation, lists)
            if after is not None and extend(others, after):
                return True
        return False

    return any(extend(some, {key: [] for key in KEYS}) for some in chosen(history))


def has_snapshots(history: History, sessions: bool) -> bool:
    """Return whether some schedule of starts and commits explains the history."""

    def extend(waiting: tuple[Operation, ...], started: dict[int, tuple[Operation, Lists]], lists: Lists) -> bool:
        if not waiting and not started:
            return True
        for call, (operation, snapshot) in started.items():
            after = runs(operation, snapshot)
            written = {key for f, key, _ in body(operation) if f == "append"}
            assert after is not None
            if all(lists[key] == snapshot[key] for key in written):
                rest = {one: value for one, value in started.items() if one != call}
                if extend(waiting, rest, {key: after[key] if key in written else lists[key] for key in KEYS}):
                    return True
        for operation in waiting:
            others = tuple(one for one in waiting if one is not operation)
            unfinished = [*others, *(one for one, _ in started.values())]
            if any(must_precede(one, operation, "snapshot-isolation", sessions) for one in unfinished):
                continue
            if runs(operation, lists) is not None and extend(
                others, {**started, operation.call: (operation, lists)}, lists
            ):
                return True
        return False

    return any(extend(some, {}, {key: [] for key in KEYS}) for some in chosen(history))


def has_commit_order(history: History, level: str, sessions: bool) -> bool:
    """Return whether some commit order makes every read one of committed, final, earlier versions."""
    for some in chosen(history):
        for order in permutations(some):
            late = any(must_precede(order[j], order[i], level, sessions) for j in range(len(order)) for i in range(j))
            if not late and all(reads_are_right(order, place, level, sessions) for place in range(len(order))):
                return True
    return False


def reads_are_right(order: tuple[Operation, ...], place: int, level: str, sessions: bool) -> bool:
    """Return whether the transaction at *place* reads versions that the level allows, for this commit order."""
    operation = order[place]
    if operation.type != "ok":
        return True
    versions: dict[str, list[tuple[int, list[int]]]] = {key: [(-1, [])] for key in KEYS}  # (writer's place, list)
    for writer, one in enumerate(order):
        for key in KEYS:
            appended = [argument for f, name, argument in body(one) if f == "append" and name == key]
            if appended:
                versions[key].append((writer, versions[key][-1][1] + appended))
    own: Lists = {key: [] for key in KEYS}
    seen: dict[str, set[int]] = {key: set() for key in KEYS}  # indices of versions, own appends taken off
    external: dict[str, int] = {}
    for f, key, argument in body(operation):
        if f == "append":
            own[key].append(argument)
            continue
        found = [
            index
            for index, (writer, items) in enumerate(versions[key])
            if items + own[key] == (argument or []) and writer < place
        ]
        if not found:
            return False
        index = found[0]
        if own[key] and versions[key][index + 1][0] != place:
            return False  # something stands between what it read and its own append
        seen[key].add(index)
        if not own[key]:
            external[key] = index
    if level == "read-committed":
        return True
    if any(len(indices) > 1 for indices in seen.values()):
        return False
    sources = {versions[key][index][0] for key, index in external.items()} - {-1}
    if sessions:
        sources |= {i for i, one in enumerate(order) if must_precede(one, operation, level, sessions)}
    return not any(
        versions[key][later][0] in sources
        for key, index in external.items()
        for later in range(index + 1, len(versions[key]))
    )


def expected(history: History, level: str, sessions: bool) -> bool:
    """Decide by brute force."""
    if level in ("serializable", "strict-serializable"):
        return is_serial(history, level, sessions)
    if level == "snapshot-isolation":
        return has_snapshots(history, sessions)
    return has_commit_order(history, level, sessions)


@pytest.mark.parametrize("sessions", [False, True])
@pytest.mark.parametrize("level", LEVELS)
@given(history=histories())
def test_the_checker_agrees_with_brute_force(level: str, sessions: bool, history: History) -> None:
    """Whatever was read, and whether all appends were read or not, the verdicts are the same."""
    verdict = list_append(history, level, sessions=sessions)
    assert verdict.outcome == ("valid" if expected(history, level, sessions) else "invalid"), verdict.summary


@given(histories())
def test_a_stronger_level_never_holds_without_the_weaker_ones(history: History) -> None:
    """Outcomes along the ladder are valid up to some level and invalid from there on."""
    outcomes = [list_append(history, level).outcome for level in LEVELS]
    assert outcomes == sorted(outcomes, reverse=True)


@given(histories())
def test_there_are_anomalies_exactly_if_a_level_is_violated(history: History) -> None:
    """A history without anomalies is strictly serializable, and the reverse."""
    assert (list_append(history, "strict-serializable").outcome == "valid") == (not list_append_anomalies(history))
