"""Histories that nobody would record on purpose: they end within their budget, in words, with bounded memory."""

from __future__ import annotations

import random
import re
import tracemalloc
from typing import Any

import pytest

from chaoslab.checkers.ladder import ladder
from chaoslab.checkers.linearizable import linearizable
from chaoslab.checkers.registry import LEVELS, check, implied
from chaoslab.errors import HistoryError, UsageError
from chaoslab.history import History
from chaoslab.models import MODELS

REGISTER = MODELS["register"]


def half_unknown(operations: int, seed: int = 1) -> History:
    """Return a history on one key, half of whose operations nobody knows the outcome of, with values that repeat."""
    rng = random.Random(seed)
    history = History()
    for process in range(operations):
        value = rng.randrange(100)
        if process < operations // 10 or rng.random() < 0.5:
            history.invoke(process, "write", "x", value)
            history.complete(process, "info", value)
        else:
            f = rng.choice(["read", "write"])
            history.invoke(process, f, "x", None if f == "read" else value)
            history.complete(process, "ok", value)
    return history


def test_a_history_that_is_half_unknown_ends_within_its_budget() -> None:
    """Unknown, with how to raise the budget; memory grows with the history and not with its square."""
    history = half_unknown(20_000)
    tracemalloc.start()
    verdict = linearizable(history, REGISTER, configurations_max=20_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert verdict.outcome == "unknown"
    assert "20,000 configurations" in verdict.summary
    assert peak / 20_000 < 2_000


def test_the_whole_ladder_of_very_many_sessions_ends_within_its_budget() -> None:
    """Every operation a process of its own: no level takes time or memory with the square of their number."""
    history = half_unknown(8_000)
    tracemalloc.start()
    found = ladder(history, REGISTER, budget=4_000, budget_below=4_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    outcomes = {verdict.name: verdict.outcome for verdict in found.verdicts}
    assert outcomes["linearizable"] == outcomes["sequential"] == outcomes["causal"] == "unknown"
    assert outcomes["monotonic-writes"] == "valid"
    for verdict in found.verdicts:
        assert verdict.outcome == "valid" or "raise the budget (--budget" in verdict.summary
    assert peak / 8_000 < 3_000


def test_what_would_follow_from_an_undecided_level_decides_it() -> None:
    """A read of what nobody wrote on one key, and a search without end on another: invalid, not unknown."""
    history = half_unknown(300)
    history.invoke(9_000, "write", "y", 1)
    history.complete(9_000, "ok", 1)
    for seen in (1, None):
        history.invoke(9_001, "read", "y")
        history.complete(9_001, "ok", seen)
    found = ladder(history, REGISTER, budget=100, budget_below=100)
    outcomes = {verdict.name: verdict.outcome for verdict in found.verdicts}
    assert outcomes["monotonic-reads"] == "invalid"
    assert {outcomes[name] for name in LEVELS if "monotonic-reads" in implied(name)} == {"invalid"}
    assert found.strongest != "linearizable"


@pytest.mark.campaign
def test_a_million_operations_half_unknown_end_as_unknown() -> None:
    """The same at the size of a night's recording, with the default budget."""
    history = half_unknown(1_000_000)
    tracemalloc.start()
    verdict = linearizable(history, REGISTER)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert verdict.outcome == "unknown"
    assert peak / 1_000_000 < 1_000


DEEP: Any = []
for _ in range(2_000):
    DEEP = [DEEP]

STRANGE = [
    float("nan"),
    float("inf"),
    -0.0,
    True,
    "",
    b"bytes",
    [1, [2]],
    {"a": [1]},
    {1, 2},
    DEEP,
    (1,),
    10**400,
    "\ud800",
]


@pytest.mark.parametrize("value", STRANGE, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("level", [name for name, level in LEVELS.items() if level.check is not None])
def test_a_strange_value_is_a_value_at_every_level(value: Any, level: str) -> None:
    """Written and read back it is fine; something else read back is not, where the level can tell."""
    history = History()
    history.invoke(0, "write", "x", value)
    history.complete(0, "ok", value)
    history.invoke(0, "read", "x")
    history.complete(0, "ok", value)
    assert check(history, model=REGISTER, levels=[level])[0].outcome == "valid"
    history.invoke(0, "read", "x")
    history.complete(0, "ok", ["never written"])
    verdict = check(history, model=REGISTER, levels=[level])[0]
    assert verdict.outcome == "invalid"
    assert "never written" in verdict.summary


def test_timestamps_that_go_back_do_not_matter() -> None:
    """Real time is the order of events; a recorder's skewed clock changes nothing."""
    history = History()
    history.invoke(0, "write", "x", 1, time_ns=900)
    history.complete(0, "ok", 1, time_ns=100)
    history.invoke(1, "read", "x", time_ns=500)
    history.complete(1, "ok", 1, time_ns=-5)
    assert ladder(history, REGISTER).strongest == "linearizable"


def test_mixed_types_on_one_key_are_told_apart() -> None:
    """1, 1.0, True and "1" are four values."""
    history = History()
    for value in (1, 1.0, True, "1"):
        history.invoke(0, "write", "x", value)
        history.complete(0, "ok", value)
        history.invoke(0, "read", "x")
        history.complete(0, "ok", value)
    assert ladder(history, REGISTER).strongest == "linearizable"


@pytest.mark.parametrize("argument", [5, None, "ab", [1], {"a": 1}])
@pytest.mark.parametrize("level", [name for name, level in LEVELS.items() if level.check is not None])
def test_a_compare_and_set_without_two_values_is_refused_in_words(level: str, argument: Any) -> None:
    """With the event, at every level."""
    history = History()
    history.invoke(0, "cas", "x", argument)
    history.complete(0, "ok", argument, True)
    with pytest.raises(HistoryError, match=r"event 0: a cas takes \[from, to\], not"):
        check(history, model=MODELS["cas-register"], levels=[level])
    with pytest.raises(HistoryError, match=r"a cas takes \[from, to\]"):
        linearizable(history, MODELS["cas-register"])


def test_reads_of_what_is_no_register_are_not_judged_as_such() -> None:
    """A set that nobody added to is read as empty: that is no value out of thin air."""
    history = History()
    history.invoke(0, "read")
    history.complete(0, "ok", [])
    assert ladder(history, MODELS["set"]).strongest == "linearizable"
    with pytest.raises(UsageError, match="the model 'set' is no register"):
        check(history, model=MODELS["set"], levels=["causal"])


def test_a_level_of_transactions_says_nothing_of_a_register() -> None:
    """In one sentence that names those that do."""
    with pytest.raises(UsageError, match="serializable says nothing of the model 'register'; its levels: linearizable"):
        check(History(), model=REGISTER, levels=["serializable"])


@pytest.mark.parametrize("model", sorted(MODELS))
def test_nothing_at_all_satisfies_everything(model: str) -> None:
    """An empty history breaks no promise of any model at any level."""
    found = ladder(History(), MODELS[model])
    assert {verdict.outcome for verdict in found.verdicts} == {"valid"}


@pytest.mark.parametrize("model", ["cas-register", "kv"])
@pytest.mark.parametrize("argument", [3, None, [1], [1, 2, 3], "12"])
@pytest.mark.parametrize("level", ["linearizable", "sequential", "causal"])
def test_a_compare_and_set_of_something_else_than_a_pair_is_refused(model: str, argument: Any, level: str) -> None:
    """In words with the event, on every way to a verdict."""
    history = History()
    history.invoke(0, "cas", "x", argument)
    history.complete(0, "ok", argument, True)
    with pytest.raises(UsageError, match=r"event 0: a cas takes \[from, to\], not"):
        check(history, model=MODELS[model], levels=[level])


@pytest.mark.parametrize(
    ("model", "f", "argument", "value", "why"),
    [
        ("kv", "append", 5, 5, "event 2: what is appended to a value is text, not 5."),
        ("counter", "read", None, True, "event 3: what a counter shows is a number, not True."),
        ("counter", "add", [1], [1], "event 2: what is added to a counter is a number, not [1]."),
        ("bank", "transfer", ["a", "b"], ["a", "b"], "event 2: a transfer takes [from, to, amount], not ['a', 'b']."),
        ("set", "read", None, 1, "event 3: the model 'set' cannot make sense of read that saw 1: 'int' object"),
    ],
)
def test_a_value_that_a_model_has_no_meaning_for_is_named_with_its_event(
    model: str, f: str, argument: Any, value: Any, why: str
) -> None:
    """In the words of the history, and with the place: not as the checker keeps it, and not only somewhere."""
    history = History()
    history.invoke(0, f, value=argument)
    history.complete(0, "fail")
    history.invoke(1, f, value=argument)
    history.complete(1, "ok", value)
    with pytest.raises(HistoryError, match=f"^{re.escape(why)}"):
        check(history, model=MODELS[model], levels=["linearizable"])


@pytest.mark.parametrize("result", [1, 0, "yes", [True]])
@pytest.mark.parametrize(("model", "f", "argument"), [("kv", "cas", [1, 2]), ("set", "add", 1)])
@pytest.mark.parametrize("level", ["linearizable", "sequential"])
def test_whether_an_operation_did_anything_is_true_or_false(
    model: str, f: str, argument: Any, level: str, result: Any
) -> None:
    """A result of 1 is a mistake in the recording: to call the system wrong for it would accuse the innocent."""
    history = History()
    history.invoke(0, f, value=argument)
    history.complete(0, "ok", argument, result)
    with pytest.raises(HistoryError, match=f"event 1: the result of {f} is true or false"):
        check(history, model=MODELS[model], levels=[level])
