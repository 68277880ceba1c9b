"""Small histories of registers for the tests of levels and guarantees: written line by line, or drawn."""

from __future__ import annotations

import random
from typing import Any

import attrs
from hypothesis import strategies as st

from chaoslab.history import History

__all__ = ["Op", "changed", "histories", "history_of", "replicas", "runs", "seen", "written"]


@attrs.frozen
class Op:
    """One line of a small history: what a process did, and how it ended."""

    process: int
    f: str
    key: str
    argument: Any = None
    value: Any = None
    type: str = "ok"
    result: Any = None


def history_of(*operations: Op) -> History:
    """Return a history in which each operation ends before the next one begins."""
    history = History()
    for one in operations:
        history.invoke(one.process, one.f, one.key, one.argument)
        history.complete(one.process, one.type, one.value, one.result)  # type: ignore[arg-type]
    return history


def written(process: int, key: str, value: Any, type: str = "ok") -> Op:
    """Return a write."""
    return Op(process, "write", key, value, value, type)


def seen(process: int, key: str, value: Any) -> Op:
    """Return a read."""
    return Op(process, "read", key, None, value)


def changed(process: int, key: str, old: Any, new: Any, type: str = "ok", result: Any = True) -> Op:
    """Return a compare-and-set."""
    return Op(process, "cas", key, [old, new], None, type, result)


@st.composite
def histories(draw: st.DrawFn, *, unique: bool, longest: int = 7) -> History:
    """Draw short histories: reads see a value that is written somewhere, or nothing."""
    shape = draw(
        st.lists(
            st.tuples(
                st.integers(0, 2), st.sampled_from("xxxy"), st.sampled_from("rrrrwwwc" if unique else "rrrwwwcn")
            ),
            min_size=2,
            max_size=longest,
        )
    )
    operations = []
    values: dict[str, list[Any]] = {"x": [None], "y": [None]}
    for count, (process, key, kind) in enumerate(shape, 1):
        value = count if unique else draw(st.integers(1, 2))
        if kind in "wc":
            values[key].append(value)
        operations.append((process, key, kind, value))
    made = []
    retired: set[int] = set()
    for process, key, kind, value in operations:
        if process in retired:
            continue
        type = draw(st.sampled_from(["ok", "ok", "ok", "ok", "info", "fail"])) if kind != "r" else "ok"
        if kind == "r":
            made.append(seen(process, key, draw(st.sampled_from(values[key]))))
        elif kind == "w":
            made.append(written(process, key, value, type))
        else:
            old = draw(st.sampled_from([one for one in values[key] if one != value] or [None]))
            made.append(changed(process, key, old, value, type, result=kind == "c" if type == "ok" else None))
        if type == "info":
            retired.add(process)
    return history_of(*made)


@st.composite
def runs(draw: st.DrawFn, *, longest: int = 8, turns: int = 4, repeated: bool = False) -> History:
    """Draw histories between the levels: processes that write first and then read, mostly, what anybody wrote."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    plan: list[tuple[int, str, str]] = []
    for process in range(rng.choice((2, 3, 3, 4))):
        for turn in range(rng.randint(1, turns)):
            kind = "w" if rng.random() < (0.75 if turn == 0 else 0.25) else "r"
            plan.append((process, kind, rng.choice("xxxxy")))
    plan = plan[:longest]
    values: dict[str, list[Any]] = {"x": [], "y": []}
    made: list[Op] = []
    for number, (_, kind, key) in enumerate(plan):
        if kind == "w":
            values[key].append(rng.randint(1, 2) if repeated else number)
    left = {key: list(found) for key, found in values.items()}
    for process, kind, key in plan:
        others = values[key] if values[key] and rng.random() < 0.9 else [None]
        if kind == "r":
            made.append(seen(process, key, rng.choice(others)))
        elif rng.random() < 0.1:
            made.append(changed(process, key, rng.choice(others), left[key].pop(0)))
        else:
            made.append(written(process, key, left[key].pop(0)))
    return history_of(*made)


@st.composite
def replicas(draw: st.DrawFn) -> History:
    """Draw longer histories of replicas that get each other's writes late, in some order, and settle them somehow."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    count = rng.randint(3, 5)
    state: list[dict[str, tuple[int, int]]] = [{} for _ in range(count)]  # from a key to (stamp, value)
    parcels: list[list[tuple[str, tuple[int, int]]]] = [[] for _ in range(count)]
    latest_wins, in_order = rng.random() < 0.5, rng.random() < 0.4
    careless = rng.choice((0, 0.1, 0.3))
    made: list[Op] = []
    for number in range(rng.randint(14, 26)):
        process, key = rng.randrange(count), rng.choice("xxy")
        mine = parcels[process]
        for _ in range(min(len(mine), rng.choice((0, 0, 1, 1, 3)))):
            there, what = mine.pop(0 if in_order else rng.randrange(len(mine)))
            if not latest_wins or state[process].get(there, (-1, 0)) < what:
                state[process][there] = what
        before = state[process].get(key)
        if rng.random() < 0.6:
            older = [one.argument for one in made if one.f == "write" and one.key == key]
            forgets = older and rng.random() < careless
            made.append(seen(process, key, rng.choice(older) if forgets else before and before[1]))
            continue
        stamp = number + rng.choice((0, 0, 0, -4))
        state[process][key] = (stamp, number)
        for other in range(count):
            if other != process:
                place = len(parcels[other]) - rng.choice((0, 0, 1))
                parcels[other].insert(max(0, place), (key, (stamp, number)))
        made.append(written(process, key, number))
    return history_of(*made)
