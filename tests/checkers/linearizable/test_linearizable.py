"""Linearizability: against brute force, against every pitfall, and in words."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.checkers.linearizable import NoOrder, WitnessOrder, linearizable
from chaoslab.checkers.linearizable.verifier import complaint_about_no_order, complaint_about_order
from chaoslab.errors import HistoryError
from chaoslab.history import History, Operation
from chaoslab.history.values import frozen
from chaoslab.models import ILLEGAL, MODELS, UNKNOWN, Model

REGISTER, CAS, KV = MODELS["register"], MODELS["cas-register"], MODELS["kv"]


def recorded(*events: tuple[Any, ...]) -> History:
    """Return a history of events ``(process, type, f, key, value[, result])``."""
    history = History()
    for process, type, f, key, value, *result in events:
        if type == "invoke":
            history.invoke(process, f, key, value)
        else:
            history.complete(process, type, value, *result)
    return history


def brute_force(operations: Sequence[Operation], model: Model) -> bool:
    """Decide linearizability straight from the definition: try every order of every choice of infos."""
    happened = [operation for operation in operations if operation.type == "ok"]
    unknown = [operation for operation in operations if operation.type == "info"]
    for count in range(len(unknown) + 1):
        for chosen in itertools.combinations(unknown, count):
            for order in itertools.permutations([*happened, *chosen]):
                if _respects_time(order) and _is_legal(order, model):
                    return True
    return False


def _respects_time(order: Sequence[Operation]) -> bool:
    return not any(
        later.ret is not None and later.ret < earlier.call for earlier, later in itertools.combinations(order, 2)
    )


def _is_legal(order: Sequence[Operation], model: Model) -> bool:
    states: dict[Any, Any] = {}
    for operation in order:
        known = operation.type == "ok"
        state = model.step(
            states.get(operation.key, model.initial),
            operation.f,
            frozen(operation.argument),
            frozen(operation.value) if known else UNKNOWN,
            frozen(operation.result) if known else None,
        )
        if state is ILLEGAL and (known or operation.f not in model.reads):
            return False
        if state is not ILLEGAL:
            states[operation.key] = state
    return True


def concurrent_histories(operation: st.SearchStrategy[tuple[str, Any]], see: Any, most: int = 6) -> Any:
    """Return a strategy of short histories: operations that overlap at random and saw plausible things."""

    @st.composite
    def histories(draw: st.DrawFn) -> History:
        history = History()
        processes = list(range(draw(st.integers(1, 4))))
        fresh = len(processes)
        open_now: dict[int, tuple[str, Any]] = {}
        left = draw(st.integers(1, most))
        while left or open_now:
            slot = draw(st.integers(0, len(processes) - 1))
            process = processes[slot]
            if process in open_now:
                f, argument = open_now.pop(process)
                ending = draw(st.sampled_from(["ok", "ok", "ok", "ok", "info", "fail"]))
                value, result = see(draw, f, argument) if ending == "ok" else (argument, None)
                history.complete(process, ending, value, result)
                if ending == "info":
                    processes[slot], fresh = fresh, fresh + 1
            elif left:
                left -= 1
                f, argument = draw(operation)
                open_now[process] = (f, argument)
                history.invoke(process, f, draw(st.sampled_from(["x", "x", "y"])), argument)
                if left == 0 and draw(st.booleans()):
                    break
        return history

    return histories()


SMALL = st.integers(0, 2)


def _see_register(draw: st.DrawFn, f: str, argument: Any) -> tuple[Any, Any]:
    return (draw(st.sampled_from([None, 0, 1, 2])) if f in ("read", "get") else argument), None


def _see_cas(draw: st.DrawFn, f: str, argument: Any) -> tuple[Any, Any]:
    if f == "cas":
        return argument, draw(st.booleans())
    return _see_register(draw, f, argument)


def _see_kv(draw: st.DrawFn, f: str, argument: Any) -> tuple[Any, Any]:
    if f == "get":
        return draw(st.sampled_from([None, "a", "b", "ab", "ba", "aa"])), None
    return _see_cas(draw, f, argument)


REGISTERS = concurrent_histories(st.one_of(st.just(("read", None)), st.tuples(st.just("write"), SMALL)), _see_register)
CASES = concurrent_histories(
    st.one_of(
        st.just(("read", None)),
        st.tuples(st.just("write"), SMALL),
        st.tuples(st.just("cas"), st.tuples(SMALL, SMALL).map(list)),
    ),
    _see_cas,
)
TEXT = st.sampled_from(["a", "b"])
MAPS = concurrent_histories(
    st.one_of(
        st.just(("get", None)),
        st.tuples(st.sampled_from(["put", "append"]), TEXT),
        st.just(("delete", None)),
        st.tuples(st.just("cas"), st.tuples(TEXT, TEXT).map(list)),
    ),
    _see_kv,
)


def _agrees_with_brute_force(history: History, model: Model) -> None:
    verdict = linearizable(history, model)
    assert verdict.outcome == ("valid" if brute_force(history.operations(), model) else "invalid")
    if verdict.outcome == "invalid":
        assert not brute_force(verdict.operations, model)
        assert isinstance(verdict.evidence, NoOrder)
        for left_out in verdict.operations:
            rest = [operation for operation in verdict.operations if operation is not left_out]
            if left_out.f in model.reads:
                assert brute_force(rest, model), "a read that is not needed was left in the small history"


@given(REGISTERS)
def test_registers_agree_with_brute_force(history: History) -> None:
    """Verdict, witness and minimised history, for reads and writes."""
    _agrees_with_brute_force(history, REGISTER)


@given(CASES)
def test_compare_and_set_agrees_with_brute_force(history: History) -> None:
    """The same with compare-and-set, refused and not."""
    _agrees_with_brute_force(history, CAS)


@given(MAPS)
def test_maps_agree_with_brute_force(history: History) -> None:
    """The same with put, append, delete and compare-and-set."""
    _agrees_with_brute_force(history, KV)


@given(REGISTERS)
def test_a_valid_history_comes_with_an_order_that_others_can_check(history: History) -> None:
    """The witness holds every operation that happened, in an order that the model and real time accept."""
    verdict = linearizable(history, REGISTER)
    if verdict.outcome == "valid":
        assert isinstance(verdict.evidence, WitnessOrder)
        orders = [[history.operation(call) for call in order] for order in verdict.evidence.orders]
        assert all(_respects_time(order) and _is_legal(order, REGISTER) for order in orders)
        placed = {one.call for order in orders for one in order}
        assert {one.call for one in history.operations() if one.type == "ok"} <= placed


@pytest.mark.parametrize(
    ("model", "seen", "anomaly", "words"),
    [
        ("log", [], "lost write", "process 1 read [], although process 0 appended 7, which had been acknowledged"),
        ("log", [8, 7], "value out of thin air", "process 1 read [8, 7], but nobody had appended 8."),
        ("kv", "", "lost write", "process 1 read '', although process 0 appended 'a'"),
    ],
)
def test_what_is_missing_from_a_read_of_appends_is_told(model: str, seen: Any, anomaly: str, words: str) -> None:
    """Of a text and of a log; each operation is named once."""
    argument = 7 if model == "log" else "a"
    verdict = linearizable(
        recorded(
            (0, "invoke", "append", None, argument),
            (0, "ok", "append", None, None),
            (1, "invoke", "read", None, None),
            (1, "ok", "read", None, seen),
        ),
        MODELS[model],
    )
    assert verdict.anomaly == anomaly
    assert words in verdict.summary


@pytest.mark.parametrize(
    ("model", "update", "argument", "seen"),
    [("counter", "add", 1, 5), ("log", "append", 7, [7, 7, 7])],
)
def test_a_small_history_keeps_what_its_read_is_made_of(model: str, update: str, argument: Any, seen: Any) -> None:
    """Otherwise it would show another violation than the one that happened."""
    events: list[tuple[Any, ...]] = []
    for process in (0, 1):
        events += [(process, "invoke", update, None, argument), (process, "ok", update, None, None)]
    events += [(2, "invoke", "read", None, None), (2, "ok", "read", None, seen)]
    verdict = linearizable(recorded(*events), MODELS[model])
    assert [one.f for one in verdict.operations] == [update, update, "read"]


def test_the_verifier_rejects_every_kind_of_wrong_order() -> None:
    """Missing, twice, not happened, against real time, against the model, of another key."""
    history = recorded(
        (0, "invoke", "write", "x", 1), (0, "ok", "write", "x", 1), (0, "invoke", "write", "x", 2),
        (0, "ok", "write", "x", 2), (0, "invoke", "read", "x", None), (0, "ok", "read", "x", 2),
        (0, "invoke", "write", "x", 3), (0, "fail", "write", "x", 3),
    )  # fmt: skip

    def complaint(*orders: list[int]) -> str:
        return complaint_about_order(orders, history, REGISTER) or "none"

    assert complaint([0, 2, 4]) == "none"
    assert "missing" in complaint([0, 2])
    assert "twice" in complaint([0, 2, 4, 4])
    assert "had ended" in complaint([2, 0, 4])
    assert "does not accept" in complaint([0, 4, 2])
    assert "none that happened" in complaint([0, 2, 4, 6])
    assert "none that happened" in complaint([1])
    assert "two orders" in complaint([0, 2], [4])
    other = recorded((0, "invoke", "read", "x", None), (0, "ok", "read", "x", None), (0, "invoke", "read", "y", None))
    assert "another key" in (complaint_about_order([[0, 2]], other, REGISTER) or "")


def test_the_verifier_finds_an_order_where_there_is_one() -> None:
    """A history that is said to have none is tried in every order."""
    history = recorded(
        (0, "invoke", "write", "x", 1), (1, "invoke", "read", "x", None),
        (1, "ok", "read", "x", 1), (0, "ok", "write", "x", 1),
    )  # fmt: skip
    assert complaint_about_no_order(history.operations(), REGISTER) is not None
    assert complaint_about_no_order(recorded(*STALE).operations(), REGISTER) is None


def test_an_info_write_may_take_effect_late_or_never() -> None:
    """A value whose write nobody knows of appears long after, and another one never does."""
    history = recorded(
        (0, "invoke", "write", "x", 1), (0, "info", "write", "x", 1),
        (1, "invoke", "write", "x", 2), (1, "info", "write", "x", 2),
        (2, "invoke", "read", "x", None), (2, "ok", "read", "x", None),
        (2, "invoke", "read", "x", None), (2, "ok", "read", "x", 1),
    )  # fmt: skip
    assert linearizable(history, REGISTER).outcome == "valid"


def test_an_info_write_takes_effect_once_only() -> None:
    """It cannot come back after another value was written over it."""
    history = recorded(
        (0, "invoke", "write", "x", 1), (0, "info", "write", "x", 1),
        (2, "invoke", "read", "x", None), (2, "ok", "read", "x", 1),
        (2, "invoke", "write", "x", 2), (2, "ok", "write", "x", 2),
        (2, "invoke", "read", "x", None), (2, "ok", "read", "x", 1),
    )  # fmt: skip
    assert linearizable(history, REGISTER).outcome == "invalid"


def test_a_failed_write_did_not_happen() -> None:
    """Reading its value is reading what nobody wrote, and who tried to write it is shown."""
    history = recorded(
        (0, "invoke", "write", "x", 1), (0, "fail", "write", "x", 1),
        (0, "invoke", "read", "x", None), (0, "ok", "read", "x", 1),
    )  # fmt: skip
    verdict = linearizable(history, REGISTER)
    assert verdict.outcome == "invalid"
    assert verdict.anomaly == "value out of thin air"
    assert "process 0 tried to, and was told that it had not happened" in verdict.summary
    assert [operation.type for operation in verdict.operations] == ["fail", "ok"]


def test_real_time_is_the_order_of_events_and_not_of_timestamps() -> None:
    """All events share one timestamp, and the order still counts."""
    history = recorded(
        (0, "invoke", "write", "x", 1), (0, "ok", "write", "x", 1),
        (1, "invoke", "read", "x", None), (1, "ok", "read", "x", None),
    )  # fmt: skip
    assert set(history.times_ns) == {0}
    assert linearizable(history, REGISTER).outcome == "invalid"


@pytest.mark.parametrize(("written", "read"), [(1, True), (1, 1.0), (0, False), (0, None), ([1], 1), ("1", 1)])
def test_values_that_python_confuses_are_different_values(written: Any, read: Any) -> None:
    """A client that wrote 1 and reads True has seen something else."""
    history = recorded(
        (0, "invoke", "write", "x", written), (0, "ok", "write", "x", written),
        (0, "invoke", "read", "x", None), (0, "ok", "read", "x", read),
    )  # fmt: skip
    assert linearizable(history, REGISTER).outcome == "invalid"


@pytest.mark.parametrize("value", [float("nan"), [1, [2, {"a": None}]], {"k": [1]}, "", 0, False])
def test_any_value_equals_itself(value: Any) -> None:
    """NaN, unhashable and falsy values are values like any other."""
    history = recorded(
        (0, "invoke", "write", "x", value), (0, "ok", "write", "x", value),
        (0, "invoke", "read", "x", None), (0, "ok", "read", "x", value),
    )  # fmt: skip
    assert linearizable(history, REGISTER).outcome == "valid"


def test_a_budget_that_runs_out_gives_unknown_and_says_how_to_raise_it() -> None:
    """Giving up is never called valid."""
    history = History()
    for process in range(10):
        history.invoke(process, "write", "x", process % 5)
    for process in range(10):
        history.complete(process, "ok", process % 5)
    history.invoke(0, "read", "x")
    history.complete(0, "ok", 7)
    assert linearizable(history, CAS).outcome == "invalid"
    verdict = linearizable(history, CAS, configurations_max=3)
    assert verdict.outcome == "unknown"
    assert "3 configurations" in verdict.summary
    assert "--budget" in verdict.summary


def test_a_verdict_has_no_truth() -> None:
    """Nobody can take an unknown for a yes by accident."""
    with pytest.raises(TypeError, match="three values"):
        bool(linearizable(History(), REGISTER))


def test_nothing_at_all_is_linearizable() -> None:
    """An empty history breaks no promise."""
    assert linearizable(History(), REGISTER).outcome == "valid"


def test_an_operation_that_the_model_does_not_know_is_named() -> None:
    """With the event, and what the model knows."""
    history = recorded((0, "invoke", "raed", "x", None), (0, "ok", "raed", "x", 1))
    with pytest.raises(HistoryError, match=r"event 0: .*unknown operation 'raed'; did you mean 'read'"):
        linearizable(history, REGISTER)


STALE = (
    (0, "invoke", "write", "x", 1), (0, "ok", "write", "x", 1),
    (1, "invoke", "write", "x", 2), (1, "ok", "write", "x", 2),
    (2, "invoke", "read", "x", None), (2, "ok", "read", "x", 1),
)  # fmt: skip


@pytest.mark.parametrize(
    ("events", "anomaly", "sentence"),
    [
        (
            STALE,
            "lost write",
            "process 2 read 1 from x, although process 1 wrote 2 to x, which had been acknowledged before that read "
            "began and after every write of 1; no read ever saw 2.",
        ),
        (
            ((3, "invoke", "read", "x", None), (3, "ok", "read", "x", 2), *STALE),
            "read from the future",
            "process 3 read 2 from x, which was written only afterwards (process 1 wrote 2 to x).",
        ),
        (
            (*STALE[:4], (3, "invoke", "read", "x", None), (3, "ok", "read", "x", 2), *STALE[4:]),
            "stale read",
            "process 2 read 1 from x, although process 1 wrote 2 to x, which had been acknowledged before that read "
            "began and after every write of 1.",
        ),
        (
            (*STALE[:4], (2, "invoke", "read", "x", None), (2, "ok", "read", "x", None)),
            "lost write",
            "process 2 read nothing from x, although process 1 wrote 2 to x, which had been acknowledged before that "
            "read began; no read ever saw 2.",
        ),
    ],
)
def test_a_violation_is_told_in_words(events: tuple[Any, ...], anomaly: str, sentence: str) -> None:
    """Who read what, and why that cannot be."""
    verdict = linearizable(recorded(*events), REGISTER)
    assert (verdict.outcome, verdict.anomaly, verdict.summary) == ("invalid", anomaly, sentence)


def test_a_violation_among_thousands_of_operations_comes_out_small() -> None:
    """What is shown has a handful of operations, however long the history was."""
    history = History()
    for number in range(3000):
        history.invoke(number % 5, "write", "x", number)
        history.complete(number % 5, "ok", number)
        history.invoke(5, "read", "x")
        history.complete(5, "ok", number if number != 2500 else 1200)
    verdict = linearizable(history, REGISTER)
    assert verdict.outcome == "invalid"
    assert len(verdict.operations) <= 4
    assert "read 1200" in verdict.summary


def test_what_was_deleted_is_not_missed() -> None:
    """That a key is gone is explained by the delete; what was read after it is not."""
    history = recorded(
        (0, "invoke", "put", "x", 1), (0, "ok", "put", "x", 1),
        (0, "invoke", "delete", "x", None), (0, "ok", "delete", "x", None),
        (1, "invoke", "get", "x", None), (1, "ok", "get", "x", None),
        (1, "invoke", "get", "x", None), (1, "ok", "get", "x", 1),
    )  # fmt: skip
    verdict = linearizable(history, MODELS["kv"])
    assert verdict.summary.startswith("process 1 read 1 from x, although process 0 deleted x")
    assert verdict.anomaly == "stale read"


@pytest.mark.parametrize(("shown", "words"), [(3, "make at most 2"), (0, "make at least 1")])
def test_a_count_that_no_updates_make_is_told_with_their_sum(shown: int, words: str) -> None:
    """One addition has ended and one goes on: the counter shows one or two."""
    history = recorded(
        (0, "invoke", "add", "x", 1), (0, "ok", "add", "x", 1), (1, "invoke", "add", "x", 1),
        (2, "invoke", "read", "x", None), (2, "ok", "read", "x", shown), (1, "ok", "add", "x", 1),
    )  # fmt: skip
    verdict = linearizable(history, MODELS["counter"])
    assert verdict.anomaly == "wrong sum"
    assert words in verdict.summary


@pytest.mark.parametrize("seed", range(8))
def test_the_operations_that_are_shown_are_the_ones_that_are_named(seed: int) -> None:
    """Of many acknowledged writes that a read has missed, the sentence and the table have the same one."""
    rng = random.Random(seed)
    events = [(0, "invoke", "write", "x", 1), (0, "ok", "write", "x", 1)]
    for value in range(2, 3 + rng.randrange(6)):
        events += [(0, "invoke", "write", "x", value), (0, "ok", "write", "x", value)]
        if rng.random() < 0.5:
            events += [(1, "invoke", "read", "x", None), (1, "ok", "read", "x", value)]
    events += [(2, "invoke", "read", "x", None), (2, "ok", "read", "x", 1)]
    verdict = linearizable(recorded(*events), REGISTER)
    assert verdict.outcome == "invalid"
    named = re.search(r"although process 0 wrote (\d+) to x", verdict.summary)
    assert named is not None
    assert [one.argument for one in verdict.operations if one.f == "write"] == [1, int(named[1])]
