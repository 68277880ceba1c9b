"""Convergence: what last reads may say, what replicas may say, and the definition spelled out on random histories."""

from __future__ import annotations

import random
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.checkers.convergence import Agreement, DifferentStates, Disagreement, Snapshot, eventual, strong_eventual
from chaoslab.checkers.convergence_verifier import (
    complaint_about_agreement,
    complaint_about_reads,
    complaint_about_states,
)
from chaoslab.errors import HistoryError
from chaoslab.history import Completion, History
from chaoslab.history.values import frozen
from chaoslab.models import MODELS
from tests.checkers.small_histories import history_of

REGISTER, KV = MODELS["register"], MODELS["kv"]


@attrs.frozen
class Op:
    """One line of a small history: what a process did, and how it ended."""

    process: int
    f: str
    argument: Any = None
    value: Any = None
    type: str = "ok"
    result: Any = None
    key: str = "x"


def written(process: int, value: Any, type: str = "ok") -> Op:
    """Return a write."""
    return Op(process, "write", value, value, type)


def seen(process: int, value: Any) -> Op:
    """Return a read."""
    return Op(process, "read", None, value)


def test_processes_that_read_the_same_in_the_end_converged() -> None:
    """What they read before their last reads does not matter."""
    verdict = eventual(history_of(written(0, 1), written(1, 2), seen(2, 2), seen(3, 1), seen(2, 1)))
    assert verdict.outcome == "valid"
    assert verdict.evidence == Agreement(reads=((6, 8),))
    assert verdict.summary == "the last 2 reads agree on each of 1 keys."


def test_processes_that_read_differently_in_the_end_did_not() -> None:
    """The sentence names two of them and what they read."""
    verdict = eventual(history_of(written(0, 1), written(1, 2), seen(2, 2), seen(3, 1)))
    assert (verdict.outcome, verdict.anomaly) == ("invalid", "divergence")
    assert verdict.summary == (
        "after all updates had completed, process 2 read 2 from x and process 3 read 1 from x, each for the last time."
    )
    assert verdict.evidence == Disagreement(reads=(4, 6))


def test_an_acknowledged_update_must_not_vanish() -> None:
    """Reading the initial value in the end means that every update was lost."""
    verdict = eventual(history_of(written(0, 1), seen(1, None)))
    assert (verdict.outcome, verdict.anomaly) == ("invalid", "lost update")
    assert eventual(history_of(seen(1, None), seen(2, None))).outcome == "valid"
    assert eventual(history_of(written(0, 1, "fail"), seen(1, None))).outcome == "valid"


def test_a_value_that_nobody_wrote_is_wrong_though_all_agree() -> None:
    """Agreement is not enough."""
    assert eventual(history_of(written(0, 1), seen(1, 5), seen(2, 5))).anomaly == "value out of thin air"
    assert eventual(history_of(written(0, 1), seen(1, True))).anomaly == "value out of thin air"


def test_a_read_during_updates_is_not_judged() -> None:
    """It was invoked before the last update had completed."""
    history = History()
    history.invoke(0, "write", "x", 1)
    history.invoke(1, "read", "x")
    history.complete(1, "ok", 7)
    history.complete(0, "ok", 1)
    verdict = eventual(history)
    assert verdict.outcome == "valid"
    assert verdict.summary == "nothing could be judged: no key was read after its updates had completed."


def test_a_read_is_not_the_last_while_other_keys_are_updated() -> None:
    """A key that was updated once, early: what a process read of it then and never again is nothing at the end."""
    early = [Op(0, "write", 1, "x"), Op(1, "read", None, None, key="x")]
    late = [Op(0, "write", 2, "y"), Op(2, "read", None, 1, key="x"), Op(3, "read", None, 1, key="x")]
    assert eventual(history_of(*early, *late)).outcome == "valid"
    assert eventual(history_of(*early, *late[1:])).anomaly == "lost update"


def test_an_update_of_unknown_outcome_may_reach_some_and_not_others() -> None:
    """Its own value may be read by some; what the others read must be one value."""
    unknown = written(9, 3, "info")
    assert eventual(history_of(written(0, 1), unknown, seen(1, 1), seen(2, 3))).outcome == "valid"
    assert eventual(history_of(written(0, 1), unknown, seen(1, 3), seen(2, 3))).outcome == "valid"
    assert (
        eventual(history_of(written(0, 1), written(0, 2), unknown, seen(1, 1), seen(2, 3), seen(4, 2))).outcome
        == "invalid"
    )
    assert eventual(history_of(unknown, seen(1, None), seen(2, 3))).outcome == "valid"


def test_a_refused_compare_and_set_is_no_update() -> None:
    """It wrote nothing, so its second value is out of thin air."""
    refused = Op(0, "cas", [1, 2], None, "ok", False)
    assert eventual(history_of(refused, seen(1, None)), KV).outcome == "valid"
    assert eventual(history_of(refused, seen(1, 2)), KV).anomaly == "value out of thin air"


def test_appends_are_judged_by_agreement_alone() -> None:
    """What text appends leave is not for this checker to say; of unknown outcome they make a key unjudgeable."""
    appends = [Op(0, "append", "a"), Op(1, "append", "b")]
    assert eventual(history_of(*appends, Op(2, "get", None, "ab"), Op(3, "get", None, "ab")), KV).outcome == "valid"
    assert eventual(history_of(*appends, Op(2, "get", None, "ab"), Op(3, "get", None, "ba")), KV).outcome == "invalid"
    unknown = Op(4, "append", "c", None, "info")
    verdict = eventual(history_of(*appends, unknown, Op(2, "get", None, "ab"), Op(3, "get", None, "ba")), KV)
    assert verdict.details["keys_not_judged"] == 1


def test_an_operation_that_the_model_does_not_know_is_refused() -> None:
    """The message names it."""
    with pytest.raises(HistoryError, match="'register' has no such operation"):
        eventual(history_of(Op(0, "append", "a")))


def test_replicas_that_received_the_same_must_be_the_same() -> None:
    """Whoever received other updates is not compared."""
    one = Snapshot(node="n1", received=frozenset({1, 2}), state=[1, 2])
    same = Snapshot(node="n2", received=frozenset({2, 1}), state=[1, 2])
    other = Snapshot(node="n3", received=frozenset({1, 2}), state=[2, 1])
    less = Snapshot(node="n4", received=frozenset({1}), state=[1])
    assert strong_eventual([one, same, less]).outcome == "valid"
    verdict = strong_eventual([one, less, other])
    assert verdict.outcome == "invalid"
    assert verdict.evidence == DifferentStates(one=one, other=other)
    assert verdict.summary == (
        "n1 and n3 had received the same 2 updates, but the first had [1, 2] and the second [2, 1]."
    )
    assert strong_eventual([one, less]).summary.startswith("nothing could be judged")


def test_the_verifiers_refuse_what_is_not_so() -> None:
    """Reads that differ do not agree; reads that agree, or were not the last ones, do not disagree."""
    operations = history_of(written(0, 1), written(1, 2), seen(2, 2), seen(3, 1), seen(2, 1)).operations()
    assert complaint_about_agreement([(6, 8)], operations, REGISTER) is None
    assert complaint_about_agreement([(4, 6)], operations, REGISTER) is not None
    assert complaint_about_reads((4, 6), operations, REGISTER) is not None
    assert complaint_about_reads((6, 8), operations, REGISTER) is not None
    assert complaint_about_reads((6,), operations, REGISTER) is not None
    assert complaint_about_reads((0,), operations, REGISTER) is not None
    assert complaint_about_states([(frozenset(), 1), (frozenset(), 2)], ()) is not None
    assert complaint_about_states([(frozenset(), 1), (frozenset(), 1)], (0, 1)) is not None


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Draw short histories: overlapping updates, then reads of mostly one value."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    history = History()
    values: list[Any] = [None]
    unfinished: set[int] = set()
    for process in range(rng.randint(0, 3)):
        values.append(process)
        history.invoke(process, "write", "x", process)
        ending: Completion | None = rng.choice(["ok", "ok", "ok", "info", "fail", None])
        if ending is not None and rng.random() < 0.8:
            history.complete(process, ending, process)
        else:
            unfinished.add(process)
    for process in range(3, 6):
        if rng.random() < 0.3:
            history.invoke(process, "read", "x")
            history.complete(process, "ok", rng.choice(values))
    for process in (0, 1, 2):
        if process in unfinished and rng.random() < 0.5:
            history.complete(process, "ok", process)
    favourite = rng.choice(values)
    for process in range(3, 6):
        if rng.random() < 0.7:
            history.invoke(process, "read", "x")
            history.complete(process, "ok", favourite if rng.random() < 0.8 else rng.choice([*values, 99]))
    return history


def by_definition(history: History) -> bool:
    """Return whether some value that can be left at the end explains all reads that count.

    One value is left by the updates that certainly happened (the initial one if there were none). Each update of
    unknown outcome is then seen by any processes, or by none.
    """
    operations = [one for one in history.operations() if one.type != "fail"]
    writes = [one for one in operations if one.f == "write"]
    settled = [one for one in writes if one.type == "ok"]
    late = [frozen(one.argument) for one in writes if one.type == "info"]
    left = [frozen(one.argument) for one in settled] or [None]
    last: dict[int, Any] = {}
    for one in operations:
        if one.f == "read" and all(write.ret is not None and write.ret < one.call for write in settled):
            last[one.process] = frozen(one.value)
    return any(all(value == kept or value in late for value in last.values()) for kept in (*left, *late))


@given(history=histories())
def test_last_reads_are_judged_as_the_definition_says(history: History) -> None:
    """On random histories the checker and the definition agree."""
    assert (eventual(history).outcome == "valid") == by_definition(history)
