"""Sequential consistency: between linearizability and the causal levels, and equal to trying all interleavings."""

from __future__ import annotations

import random
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.checkers.causal import causal, causal_convergence, causal_memory, pram
from chaoslab.checkers.linearizable import linearizable
from chaoslab.checkers.reads_from import Pattern
from chaoslab.checkers.sequential import Interleaving, NoInterleaving, sequential
from chaoslab.checkers.sequential.appends import order_of_appends
from chaoslab.checkers.sequential.plan import relevant
from chaoslab.checkers.sequential.verifier import complaint_about_core, complaint_about_order
from chaoslab.errors import HistoryError
from chaoslab.history import History, Operation
from chaoslab.history.values import frozen
from chaoslab.models import ILLEGAL, MODELS, Model
from tests.checkers.linearizable.test_lookahead import Clients
from tests.checkers.small_histories import Op, changed, history_of, seen, written

REGISTER, CAS_REGISTER, KV = MODELS["register"], MODELS["cas-register"], MODELS["kv"]


def _queue_step(state: tuple[Any, ...], f: str, argument: Any, value: Any, result: Any) -> Any:
    if f == "enqueue":
        return (*state, argument)
    return state[1:] if state and (result is None or state[0] == value) else ILLEGAL


QUEUE = Model(
    name="test-queue",
    summary="enqueue and dequeue",
    initial=(),
    step=_queue_step,
    reads=frozenset(),
    fs=frozenset({"enqueue", "dequeue"}),
    keyed=False,
)


def took(process: int, value: Any) -> Op:
    """Return a dequeue that gave *value*."""
    return Op(process, "dequeue", "q", None, value, "ok", True)


# Not sequential although causal memory and causal convergence allow it: two keys, and each process sees its own write
# while it misses the other one's (store buffering), told apart from the causal levels by nothing but one order for all.
STORE_BUFFERING = history_of(written(0, "x", 1), seen(0, "y", None), written(1, "y", 1), seen(1, "x", None))
STALE = history_of(written(0, "x", 1), written(0, "x", 2), seen(1, "x", 1))


def test_store_buffering_is_causal_and_not_sequential() -> None:
    """Both causal levels allow it, so only the search can refute it."""
    assert causal_memory(STORE_BUFFERING).outcome == "valid"
    assert causal_convergence(STORE_BUFFERING).outcome == "valid"
    verdict = sequential(STORE_BUFFERING, REGISTER)
    assert (verdict.outcome, verdict.anomaly) == ("invalid", "not sequentially consistent")
    assert isinstance(verdict.evidence, NoInterleaving)
    assert verdict.evidence.searched_again
    assert len(verdict.operations) == 4
    assert verdict.summary == (
        "no order that keeps each process's own explains that process 1 read nothing from x, given that process 0 "
        "wrote 1 to x, process 0 read nothing from y, process 1 wrote 1 to y."
    )


def test_a_stale_read_is_sequential_and_not_linearizable() -> None:
    """Sequential consistency knows no real time."""
    assert linearizable(STALE, REGISTER).outcome == "invalid"
    verdict = sequential(STALE, REGISTER)
    assert verdict.outcome == "valid"
    assert isinstance(verdict.evidence, Interleaving)
    assert [operation.call for operation in verdict.evidence.operations] == [0, 4, 2]


def test_keys_cannot_be_judged_one_by_one() -> None:
    """Each key of the store-buffering history alone is sequential."""
    for key in "xy":
        alone = history_of(*(Op(one.process, one.f, one.key, one.argument, one.value)
                             for one in STORE_BUFFERING.operations() if one.key == key))  # fmt: skip
        assert sequential(alone, REGISTER).outcome == "valid"


def test_what_a_causal_level_forbids_is_told_in_its_words() -> None:
    """The refuters give a pattern with its name, without any search."""
    verdict = sequential(history_of(written(0, "x", 1), seen(0, "x", None)), REGISTER)
    assert verdict.anomaly == "WriteCOInitRead"
    assert isinstance(verdict.evidence, Pattern)
    assert "configurations" not in verdict.details


def test_an_update_of_unknown_outcome_may_be_seen_late_or_never() -> None:
    """It is optional, and what its process does afterwards does not wait for it."""
    unknown = written(0, "x", 1, "info")
    assert sequential(history_of(unknown, seen(1, "x", None), seen(1, "x", 1)), REGISTER).outcome == "valid"
    assert sequential(history_of(unknown, seen(0, "x", None)), REGISTER).outcome == "valid"
    assert sequential(history_of(unknown, seen(1, "x", 1), seen(1, "x", None)), REGISTER).outcome == "invalid"
    pop = Op(0, "dequeue", "q", type="info")
    assert sequential(history_of(pop, Op(1, "enqueue", "q", 1), took(1, 1)), QUEUE).outcome == "valid"


def test_a_failed_write_did_not_happen() -> None:
    """Its value comes out of thin air."""
    assert sequential(history_of(written(0, "x", 1, "fail"), seen(1, "x", 1)), REGISTER).anomaly == "ThinAirRead"


def test_any_model_will_do() -> None:
    """A queue's order shows in what two processes take out of it."""
    both = [Op(0, "enqueue", "q", 1), Op(0, "enqueue", "q", 2)]
    assert sequential(history_of(*both, took(1, 1), took(2, 2)), QUEUE).outcome == "valid"
    verdict = sequential(history_of(*both, took(1, 2), took(1, 1)), QUEUE)
    assert verdict.outcome == "invalid"
    assert isinstance(verdict.evidence, NoInterleaving)


def test_too_small_a_budget_gives_unknown_and_says_how_to_raise_it() -> None:
    """Nothing is decided without a search if only a search can decide."""
    verdict = sequential(STORE_BUFFERING, REGISTER, configurations_max=0)
    assert verdict.outcome == "unknown"
    assert "--budget" in verdict.summary


def test_an_operation_that_the_model_does_not_know_is_refused() -> None:
    """The message names it and what the model knows."""
    with pytest.raises(HistoryError, match="'register' has no such operation"):
        sequential(history_of(Op(0, "append", "x", "a")), REGISTER)


def test_the_verifier_refuses_what_is_not_so() -> None:
    """An order that moves an operation, and a part of a history that lacks an explanation, are not believed."""
    operations = STALE.operations()
    assert complaint_about_order([operations[0], operations[2], operations[1]], operations, REGISTER) is None
    assert complaint_about_order(operations, operations, REGISTER) is not None
    assert complaint_about_order([operations[1], operations[0], operations[2]], operations, REGISTER) is not None
    assert complaint_about_order(operations[:2], operations, REGISTER) is not None
    assert complaint_about_core(operations[1:], operations, REGISTER, 1000)[0] is not None
    assert complaint_about_core(operations, operations, REGISTER, 1000)[0] is not None


# Brute force: all interleavings.


def by_definition(history: History, model: Model) -> bool:
    """Return whether some interleaving of the sessions is accepted by the model: all of them are tried."""
    sessions: dict[Any, list[Operation]] = {}
    lives: dict[int, int] = {}
    for one in history.operations():
        if one.type == "fail" or (one.type == "info" and one.f in model.reads):
            continue
        life = lives.get(one.process, 0)
        sessions.setdefault((one.process, life), []).append(one)
        if one.type == "info":
            lives[one.process] = life + 1
    lines = list(sessions.values())
    stack: list[tuple[tuple[int, ...], dict[Any, Any]]] = [((0,) * len(lines), {})]
    while stack:
        places, states = stack.pop()
        if all(line[place].type == "info" for line, place in zip(lines, places, strict=True) if place < len(line)):
            return True
        for index, line in enumerate(lines):
            if places[index] == len(line):
                continue
            one = line[places[index]]
            key = frozen(one.key) if model.keyed else None
            result = None if one.type == "info" else frozen(one.result)
            state = model.step(states.get(key, model.initial), one.f, frozen(one.argument), frozen(one.value), result)
            if state is not ILLEGAL:
                stack.append(((*places[:index], places[index] + 1, *places[index + 1 :]), {**states, key: state}))
    return False


@st.composite
def runs(draw: st.DrawFn, *, longest: int = 8, repeated: bool = False) -> History:
    """Draw histories between the levels: processes that write first and then read, mostly, what anybody wrote."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    plan: list[tuple[int, str, str]] = []
    for process in range(rng.choice((2, 3, 3, 4))):
        for turn in range(rng.randint(1, 4)):
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
        if kind == "r" and rng.random() < 0.1:
            made.append(changed(process, key, rng.choice(others), None, result=False))
        elif kind == "r":
            made.append(seen(process, key, rng.choice(others)))
        elif rng.random() < 0.1:
            made.append(changed(process, key, rng.choice(others), left[key].pop(0)))
        else:
            made.append(written(process, key, left[key].pop(0), rng.choice(["ok"] * 9 + ["info"])))
    return history_of(*made)


@st.composite
def texts(draw: st.DrawFn) -> History:
    """Draw short histories of text that is put, appended to, deleted and read."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    made: list[Op] = []
    for number in range(rng.randint(3, 7)):
        process, f = rng.randrange(3), rng.choice(["append", "append", "put", "delete", "get", "get", "get"])
        type = rng.choice(["ok", "ok", "ok", "info"]) if f in ("append", "put") else "ok"
        text = "".join(rng.sample("0123456"[: number + 1], rng.randint(0, min(2, number)))) or None
        made.append(
            Op(process, f, "x", str(number) if f in ("append", "put") else None, text if f == "get" else None, type)
        )
    return history_of(*made)


@st.composite
def queues(draw: st.DrawFn) -> History:
    """Draw short histories of a queue."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    made: list[Op] = []
    for number in range(rng.randint(3, 7)):
        process = rng.randrange(3)
        if rng.random() < 0.5:
            made.append(Op(process, "enqueue", "q", number, None, rng.choice(["ok", "ok", "info"])))
        elif rng.random() < 0.15:
            made.append(Op(process, "dequeue", "q", None, None, "info"))
        else:
            made.append(took(process, rng.randrange(7)))
    return history_of(*made)


@st.composite
def overlapping(draw: st.DrawFn) -> History:
    """Draw short histories of a register whose operations overlap."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    history = History()
    open_now: dict[int, tuple[str, Any]] = {}
    values: list[Any] = [None]
    for number in range(14):
        process = rng.randrange(3)
        if process in open_now:
            f, value = open_now.pop(process)
            history.complete(process, "ok", value if f == "write" else rng.choice(values[-3:]))
        else:
            f = rng.choice(["read", "write"])
            open_now[process] = (f, number)
            values += [number] if f == "write" else []
            history.invoke(process, f, "x", number if f == "write" else None)
    return history


@st.composite
def crossing(draw: st.DrawFn) -> History:
    """Draw short histories of processes that write a key or two and then look at what the others wrote."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    made: list[Op] = []
    values: dict[str, list[Any]] = {"x": [None], "y": [None], "z": [None]}
    for process in range(3):
        for _ in range(rng.choice((1, 1, 2))):
            key = rng.choice("xyz")
            values[key].append(len(made))
            made.append(written(process, key, len(made)))
    for process in range(3):
        for _ in range(rng.randint(1, 2)):
            key = rng.choice("xyz")
            made.append(seen(process, key, rng.choice(values[key])))
    return history_of(*made)


def agrees(history: History, model: Model) -> None:
    """Assert that the checker and brute force say the same."""
    assert (sequential(history, model).outcome == "valid") == by_definition(history, model)


@given(history=runs())
def test_unique_values_are_judged_as_the_definition_says(history: History) -> None:
    """On short histories of registers it agrees with trying all interleavings."""
    agrees(history, CAS_REGISTER)


@given(history=runs(repeated=True))
def test_repeated_values_are_judged_as_the_definition_says(history: History) -> None:
    """With two values only, refused compare-and-sets and unknown outcomes, too."""
    agrees(history, CAS_REGISTER)


@given(history=crossing())
def test_processes_that_cross_are_judged_as_the_definition_says(history: History) -> None:
    """Where causal levels are kept and only the search can tell, too."""
    agrees(history, REGISTER)


@given(history=texts())
def test_texts_are_judged_as_the_definition_says(history: History) -> None:
    """With appends and deletes, where nothing but the model knows what they do, too."""
    agrees(history, KV)


@given(history=queues())
def test_queues_are_judged_as_the_definition_says(history: History) -> None:
    """With a model of somebody's own that is not keyed, too."""
    agrees(history, QUEUE)


@given(history=st.one_of(overlapping(), runs(longest=12), runs(longest=12, repeated=True)))
def test_linearizable_implies_sequential_implies_all_causal_levels(history: History) -> None:
    """The ladder holds on random histories."""
    outcome = sequential(history, CAS_REGISTER).outcome
    if linearizable(history, CAS_REGISTER).outcome == "valid":
        assert outcome == "valid"
    if outcome == "valid":
        for check in (causal_memory, causal_convergence, causal, pram):
            assert check(history).outcome == "valid"


@pytest.mark.parametrize("model", ["log", "kv"])
def test_a_reader_that_lags_behind_is_sequential(model: str) -> None:
    """The textbook's example, long: two logs, written by one each, and readers that see less than there is."""
    done = []
    for number in range(300):
        for writer, key in ((0, "x"), (1, "y")):
            done.append(Op(writer, "append", key, number if model == "log" else f"{number} "))
            seen = range(max(number - 7 * writer - 3, 0))
            text = "".join(f"{one} " for one in seen) or None
            done.append(Op(2 + number % 3, "read", key, None, [*seen] if model == "log" else text))
    history = history_of(*done)
    assert linearizable(history, MODELS[model]).outcome == "invalid"
    assert sequential(history, MODELS[model], configurations_max=100).outcome == "valid"


@pytest.mark.parametrize(("model", "fs"), [("log", ("append", "append", "read")), ("kv", ("append", "get"))])
def test_what_is_only_appended_to_has_an_order_exactly_if_the_search_finds_one(model: str, fs: tuple[str, ...]) -> None:
    """Short histories with and without lies and unknown outcomes."""
    outcomes = set()
    for seed in range(200):
        clients = Clients(MODELS[model], fs, seed, infos=(0, 0.2)[seed % 2], lies=(0, 0.3, 0.9)[seed % 3])
        history = clients.work(4 + seed % 8, 1 + seed % 4)
        searched = sequential(history, attrs.evolve(MODELS[model], step=lambda *one: MODELS[model].step(*one)))
        lived = relevant(history.operations(), MODELS[model])
        order = order_of_appends(lived, MODELS[model])
        assert (order is not None) == (searched.outcome == "valid"), history.operations()
        outcomes.add(searched.outcome)
    assert outcomes == {"valid", "invalid"}


def test_a_text_that_is_not_there_is_not_one_that_is_empty() -> None:
    """A map has nothing under a key at first; whoever saw an empty text there saw something else."""
    assert sequential(history_of(Op(0, "get", "x", None, "")), KV).outcome == "invalid"
    assert sequential(history_of(Op(0, "get", "x", None, None)), KV).outcome == "valid"
