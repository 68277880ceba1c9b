"""Every model, linearizable and sequential, against brute force over objects written down a second time.

The objects here share nothing with ``chaoslab.models``: each says in plain Python which answers an operation can get.
Histories are short and concurrent, with unknown and failed operations, refusals, values that repeat, and lies.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.checkers.linearizable import linearizable
from chaoslab.checkers.linearizable.words import _shown_is_enough, _tellings
from chaoslab.checkers.sequential import sequential
from chaoslab.history import History, Operation
from chaoslab.models import MODELS, bank_starting_as
from chaoslab_workloads.locks import LOCKED_COUNTER

Answers = Iterator[tuple[Any, Any, Any]]
"""``(next state, value, result)`` of everything that an operation can do and be answered."""


@attrs.frozen
class Thing:
    """An object: its start, its operations, what they may be answered, and what a liar answers.

    Attributes:
        model: What the checkers are told.
        start: The state at the start.
        calls: Operations to draw from: name and argument.
        answers: From a state, a name and an argument to all answers.
        values: Values that a liar says, by the name of the operation; what is not here has none.
        results: Likewise, results.
    """

    model: Any
    start: Any
    calls: Sequence[tuple[str, Any]]
    answers: Callable[[Any, str, Any], Answers]
    values: dict[str, Sequence[Any]] = attrs.field(factory=dict)
    results: dict[str, Sequence[Any]] = attrs.field(factory=dict)


def text_or_register(state: Any, f: str, argument: Any) -> Answers:
    if f in ("read", "get"):
        yield state, state, None
    elif f in ("write", "put", "delete"):
        yield argument, None, None
    elif f == "append":
        yield (state or "") + argument, None, None
    else:
        took_place = state == argument[0]
        for told in (took_place, None):
            yield argument[1] if took_place else state, None, told


def a_set(state: frozenset[int], f: str, argument: Any) -> Answers:
    if f == "read":
        yield state, sorted(state), None
    elif f == "contains":
        yield state, argument in state, None
    else:
        after = state | {argument} if f == "add" else state - {argument}
        yield after, None, None
        yield after, None, after != state


def siblings(state: frozenset[int], f: str, argument: Any) -> Answers:
    if f == "read":
        yield state, sorted(state), None
        return
    for over in ([], [1], [2], [1, 2], None):
        left = frozenset() if over is None else state - set(over)
        yield left | {argument} if f == "replace" else left, None, over


def a_collection(state: tuple[Any, ...], f: str, argument: Any) -> Answers:
    places = {"dequeue": [0], "pop": [len(state) - 1]}.get(f)
    if f in ("enqueue", "push", "insert"):
        yield (*state, argument), None, None
    elif not state:
        yield state, None, None
    else:
        for place in places or [i for i, one in enumerate(state) if _priority(one) == min(map(_priority, state))]:
            yield state[:place] + state[place + 1 :], state[place], None


def _priority(element: Any) -> Any:
    return element[0] if isinstance(element, list) else element


def a_counter(state: int, f: str, argument: Any) -> Answers:
    amount = 1 if argument is None else argument
    if f == "read":
        yield state, state, None
    else:
        yield state - amount if f == "decrement" else state + amount, None, None


def a_log(state: tuple[Any, ...], f: str, argument: Any) -> Answers:
    if f == "read":
        yield state, list(state), None
    else:
        yield (*state, argument), None, len(state)
        yield (*state, argument), None, None


def a_lock(state: tuple[bool, Any, int], f: str, argument: Any) -> Answers:
    held, owner, token = state
    if f == "acquire" and not held:
        for told in (True, None):
            yield (True, argument, token + 1), None, told  # it is not said which: perhaps the smallest possible
            yield from (((True, argument, new), new, told) for new in range(max(1, token + 1), 4))
    elif f == "release" and held and (owner is None or argument in (None, owner)):
        for told in (True, None):
            yield (False, None, token), None, told
    else:
        yield state, None, False


def a_locked_counter(state: tuple[int, int], f: str, argument: Any) -> Answers:
    count, token = state
    if f == "read":
        yield state, count, None
        return
    for told in (count + 1, None):
        yield (count + 1, token), told, None
        yield from (((count + 1, new), told, new) for new in range(token + 1, 4))


def a_bank(state: tuple[int, int], f: str, argument: Any) -> Answers:
    if f == "read":
        yield state, {"a": state[0], "b": state[1]}, None
        return
    balances = dict(zip("ab", state, strict=True))
    if balances[argument[0]] < argument[2]:
        yield state, None, False
        return
    balances[argument[0]] -= argument[2]
    balances[argument[1]] += argument[2]
    for told in (True, None):
        yield (balances["a"], balances["b"]), None, told


READ, CAS = ("read", None), [("cas", [old, new]) for old in (None, 1, 2) for new in (1, 2)]
TOLD = [True, False, None]
SOME = [None, 1, 2]
TEXTS = [None, "", "a", "ab", "ba", "b"]

THINGS = {
    "register": Thing(
        MODELS["register"], None, [READ, READ, *(("write", one) for one in SOME)], text_or_register, {"read": SOME}
    ),
    "cas-register": Thing(
        MODELS["cas-register"],
        None,
        [*[READ] * 4, ("write", 1), ("write", 2), ("write", None), *CAS],
        text_or_register,
        {"read": SOME},
        {"cas": TOLD},
    ),
    "kv": Thing(
        MODELS["kv"],
        None,
        [*[("get", None)] * 4, ("put", "a"), ("append", "a"), ("append", "b"), ("delete", None), ("cas", ["a", "b"])],
        text_or_register,
        {"get": TEXTS},
        {"cas": TOLD},
    ),
    "set": Thing(
        MODELS["set"],
        frozenset(),
        [READ, *((f, one) for f in ("add", "add", "remove", "contains") for one in (1, 2))],
        a_set,
        {"read": [[], [1], [2], [1, 2]], "contains": [True, False]},
        {"add": TOLD, "remove": TOLD},
    ),
    "siblings": Thing(
        MODELS["siblings"],
        frozenset(),
        [READ, READ, ("replace", 1), ("replace", 2), ("clear", None)],
        siblings,
        {"read": [[], [1], [2], [1, 2]]},
        {"replace": [[], [1], [2], None], "clear": [[], [1], [1, 2], None]},
    ),
    "queue": Thing(
        MODELS["queue"],
        (),
        [*[("dequeue", None)] * 4, *(("enqueue", one) for one in (1, 2, 3, None))],
        a_collection,
        {"dequeue": [*SOME, 3]},
    ),
    "stack": Thing(
        MODELS["stack"],
        (),
        [*[("pop", None)] * 4, *(("push", one) for one in (1, 2, 3, None))],
        a_collection,
        {"pop": [*SOME, 3]},
    ),
    "priority-queue": Thing(
        MODELS["priority-queue"],
        (),
        [*[("delete-min", None)] * 4, *(("insert", one) for one in (1, 2, [2, "a"], [2, "b"]))],
        a_collection,
        {"delete-min": [*SOME, [2, "a"]]},
    ),
    "counter": Thing(
        MODELS["counter"],
        0,
        [READ, READ, ("add", 1), ("add", 2), ("increment", None), ("decrement", 1)],
        a_counter,
        {"read": [-1, 0, 1, 2, 3]},
    ),
    "log": Thing(
        MODELS["log"],
        (),
        [READ, READ, ("append", 1), ("append", 2)],
        a_log,
        {"read": [[], [1], [2], [1, 2], [2, 1], [1, 1]]},
        {"append": [None, 0, 1, 2]},
    ),
    "mutex": Thing(
        MODELS["mutex"],
        (False, None, -9),
        [(f, owner) for f in ("acquire", "release") for owner in (None, None, "p", "q")],
        a_lock,
        {"acquire": [None, 1, 2, 3]},
        {"acquire": [True, None], "release": TOLD},
    ),
    "locked-counter": Thing(
        LOCKED_COUNTER,
        (0, 0),
        [READ, READ, *[("increment", None)] * 3],
        a_locked_counter,
        {"read": [0, 1, 2, 3], "increment": [None, 1, 2, 3]},
        {"increment": [None, 1, 2, 3]},
    ),
    "bank": Thing(
        bank_starting_as({"a": 2, "b": 1}),
        (2, 1),
        [READ, READ, *(("transfer", [*way, amount]) for way in ("ab", "ba", "aa") for amount in (1, 2))],
        a_bank,
        {"read": [{"a": 2, "b": 1}, {"a": 1, "b": 2}, {"a": 3, "b": 0}, {"a": 1, "b": 1}]},
        {"transfer": TOLD},
    ),
}


def same(one: Any, other: Any) -> bool:
    return repr(one) == repr(other)  # which tells True from 1


@st.composite
def histories(draw: st.DrawFn, thing: Thing) -> History:
    """Three to seven operations of a few processes; how often they are lied to varies."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    history = History()
    processes = list(range(rng.randint(1, 4)))
    state, left, fresh, lies = thing.start, rng.randint(3, 7), len(processes), rng.choice([0, 0.2, 0.5])
    open_now: dict[int, tuple[str, Any, Any]] = {}
    while left or open_now:
        slot = rng.randrange(len(processes))
        process = processes[slot]
        if slot not in open_now:
            if left:
                left -= 1
                f, argument = rng.choice(thing.calls)
                history.invoke(process, f, None, argument)
                open_now[slot] = (f, argument, None)
            continue
        f, argument, told = open_now[slot]
        ending = rng.choices(["effect", "ok", "info", "fail"], [6, 6, 1, 1])[0]
        if told is None and (ending == "effect" or ending == "ok"):
            told = rng.choice(list(thing.answers(state, f, argument)))
            state = told[0]
            open_now[slot] = (f, argument, told)
        if ending == "effect" or (ending == "fail" and told is not None):
            continue
        del open_now[slot]
        if ending != "ok":
            history.complete(process, ending)  # type: ignore[arg-type]
        else:
            _, value, result = told
            if rng.random() < lies:
                value = rng.choice(thing.values.get(f, [None]))
                result = rng.choice(thing.results.get(f, [None]))
            history.complete(process, "ok", value, result)
        if ending == "info":
            processes[slot], fresh = fresh, fresh + 1
    return history


def has_order(thing: Thing, operations: Sequence[Operation], before: Callable[[Operation, Operation], bool]) -> bool:
    """Return whether the object can have answered as it did, in an order that keeps to *before*: tries all."""
    seen: set[str] = set()

    def extend(left: tuple[Operation, ...], state: Any) -> bool:
        if all(one.type == "info" for one in left):
            return True
        configuration = repr(([one.call for one in left], state))
        if configuration in seen:
            return False
        seen.add(configuration)
        for one in left:
            if any(before(other, one) for other in left):
                continue
            rest = tuple(other for other in left if other is not one)
            for after, value, result in thing.answers(state, one.f, one.argument):
                told = one.type == "info" or (
                    same(value, one.value if one.f in thing.values else None) and same(result, one.result)
                )
                if told and extend(rest, after):
                    return True
        return False

    return extend(tuple(one for one in operations if one.type != "fail"), thing.start)


def in_time(one: Operation, other: Operation) -> bool:
    return one.ret is not None and one.ret < other.call


@pytest.mark.parametrize("name", THINGS)
@given(data=st.data())
def test_nothing_is_explained_that_is_not_wrong(name: str, data: st.DataObject) -> None:
    """Of a history that has an order nothing can be said, whichever operations a search would have ended with."""
    thing = THINGS[name]
    history = data.draw(histories(thing))
    operations = history.operations()
    happened = [one for one in operations if one.type != "fail"]
    if not happened or linearizable(history, thing.model).outcome != "valid":
        return
    for blocked in happened:
        for telling in _tellings(happened, blocked, operations, thing.model):
            assert not _shown_is_enough(telling.operations, thing.model), telling


def in_process(one: Operation, other: Operation) -> bool:
    return one.process == other.process and one.call < other.call


@pytest.mark.parametrize("name", THINGS)
@given(data=st.data())
def test_linearizability_is_what_the_definition_says(name: str, data: st.DataObject) -> None:
    """For every model the verdict is that of trying all orders in real time."""
    thing = THINGS[name]
    history = data.draw(histories(thing))
    verdict = linearizable(history, thing.model)
    if verdict.outcome == "unknown":
        assert thing.model.guesses
        return
    assert verdict.outcome == ("valid" if has_order(thing, history.operations(), in_time) else "invalid")
    if verdict.outcome == "invalid":
        assert verdict.summary.endswith(".")
        assert not has_order(thing, verdict.operations, in_time)


@pytest.mark.parametrize("name", THINGS)
@given(data=st.data())
def test_sequential_consistency_is_what_the_definition_says(name: str, data: st.DataObject) -> None:
    """For every model the verdict is that of trying all orders that keep each process's own."""
    thing = THINGS[name]
    history = data.draw(histories(thing))
    verdict = sequential(history, thing.model)
    if verdict.outcome == "unknown":
        assert thing.model.guesses
        return
    assert verdict.outcome == ("valid" if has_order(thing, history.operations(), in_process) else "invalid")
    if verdict.outcome == "invalid":
        assert verdict.summary.endswith(".")


def test_every_model_of_one_object_is_here() -> None:
    """Whoever adds a model is reminded; transactions have tests of their own."""
    assert THINGS.keys() == {name for name, model in MODELS.items() if model.fs != {"txn"}} | {LOCKED_COUNTER.name}
