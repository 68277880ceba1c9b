"""The text workload's checks can fail."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from chaoslab.checkers.registry import check
from chaoslab.history import History, Operation
from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import load_scenario
from chaoslab.scenario.shipped import scenario_path
from chaoslab_protocols.crdt import TextReplica
from chaoslab_protocols.crdt.rga import RGA, Stamp
from chaoslab_workloads.text_order import contradiction
from chaoslab_workloads.texts import CONVERGING_TEXT, TEXT


def anomaly(*last: tuple[str, list[str]], deleted: str | None = None) -> Any:
    """Return what is wrong when n1 typed w1 and then w2, and the last reads (node, words) are these."""
    history = History()

    def operation(process: int, f: str, value: Any, node: str, time_ns: int, seen: Any = None) -> None:
        history.invoke(process, f, "x", value, time_ns=time_ns)
        history.complete(process, "ok", seen if f == "read" else value, time_ns=time_ns + 1, node=node)

    operation(0, "insert", [0, "w1"], "n1", 1)
    operation(0, "insert", [0, "w2"], "n1", 3)
    if deleted is not None:
        operation(0, "delete", deleted, "n1", 5)
    for process, (node, words) in enumerate(last):
        operation(process, "read", None, node, 9_000_000_000, words)
    (verdict,) = CONVERGING_TEXT.checks(history, ("x",), None)
    return verdict.outcome if verdict.anomaly is None else verdict.anomaly


@pytest.mark.parametrize(
    ("last", "deleted", "expected"),
    [
        ([("n1", ["w2", "w1"]), ("n2", ["w2", "w1"])], None, "valid"),
        ([("n1", ["w2", "w1"]), ("n2", ["w1", "w2"])], None, "divergence"),
        ([("n1", ["w2"]), ("n2", ["w2"])], None, "lost edit"),
        ([("n1", ["w2"]), ("n2", ["w2"])], "w1", "valid"),
        ([("n1", ["w2", "w1"]), ("n2", ["w2", "w1"])], "w1", "zombie edit"),
        ([("n1", ["w2", "w1", "w1"])], None, "made up"),
        ([("n1", ["w2", "w1", "w3"])], None, "made up"),
        ([], None, "unknown"),
    ],
)
def test_what_is_wrong_is_named(last: list[Any], deleted: str | None, expected: str) -> None:
    """One history for each anomaly, and those that are right."""
    assert anomaly(*last, deleted=deleted) == expected


@pytest.mark.parametrize(("words", "outcome"), [(["w1"], "valid"), (["w1", "w2"], "invalid"), ([], "invalid")])
def test_a_word_that_was_typed_is_seen_by_who_reads_later_if_it_is_linearizable(words: list[str], outcome: str) -> None:
    """Neither less than was acknowledged, nor what nobody typed."""
    history = History()
    for process, f, argument, value in ((0, "insert", [0, "w1"], [0, "w1"]), (1, "read", None, words)):
        history.invoke(process, f, "x", argument, time_ns=len(history.types))
        history.complete(process, "ok", value, time_ns=len(history.types))
    (verdict,) = check(history, model=TEXT, levels=["linearizable"])
    assert verdict.outcome == outcome


def read(*words: str) -> Operation:
    return Operation(process=0, f="read", key="x", type="ok", value=list(words), call=0, ret=1)


def typed(word: str, before: str | None = None, behind: str | None = None, type: Any = "ok") -> Operation:
    result = (before, behind)
    return Operation(process=0, f="insert", key="x", argument=[0, word], type=type, result=result, call=0, ret=1)


@pytest.mark.parametrize(
    "operations",
    [
        [read("a", "b"), read("a", "c", "b"), typed("c", "a", "b")],
        [read("a", "b"), read("b", "c"), read("a", "c")],
        [typed("a"), typed("b", "a"), typed("c", "a", "b"), read("a", "c", "b")],
        [typed("c", "b", "a", type="info"), read("a", "c", "b")],
    ],
)
def test_one_order_may_explain_all_reads_and_all_places(operations: list[Operation]) -> None:
    """Words may come and go, and what nobody knows to have happened shows nothing."""
    assert contradiction(operations) is None


@pytest.mark.parametrize(
    ("operations", "circle"),
    [
        ([read("a", "b"), read("b", "a")], {"a", "b"}),
        ([read("a", "b"), read("b", "c"), read("c", "a")], {"a", "b", "c"}),
        ([typed("c", "a", "b"), read("a", "b", "c")], {"b", "c"}),
        ([typed("c", "a", "b"), read("c", "a", "b")], {"a", "c"}),
        ([read("x", "a", "a", "y")], {"a"}),
    ],
)
def test_the_shortest_circle_shows_that_there_is_no_order(operations: list[Operation], circle: set[str]) -> None:
    """Two reads that disagree, three that do only together, a word that is not where it was typed, one twice."""
    found = contradiction(operations)
    assert found is not None
    assert {fact.word for fact in found} == {fact.next for fact in found} == circle


class ByAge(RGA):
    """All replicas put the oldest word first, wherever it was typed."""

    def order(self) -> list[Stamp]:
        return sorted(self.words)


class ByAgeReplica(TextReplica):
    """A replica of such texts."""

    OBJECT = ByAge


def test_a_text_on_which_all_agree_is_wrong_if_words_are_not_where_they_were_typed() -> None:
    """Every word is there and all have the same text; only the order of the right program is one that people typed."""
    plugins = registry()
    by_age = attrs.evolve(plugins.protocols["crdt-text"], replica=ByAgeReplica)
    wrong_plugins = attrs.evolve(plugins, protocols={**plugins.protocols, "crdt-text": by_age})
    scenario = load_scenario(scenario_path("crdt/text_every_fault"), plugins, {"scenario.duration": "5s"})
    for seed in range(3):
        right, wrong = run(scenario, seed), run(scenario, seed, plugins=wrong_plugins)
        assert (right.verdict, wrong.verdict) == ("valid", "invalid")
        assert [one.anomaly for one in wrong.checks if one.outcome == "invalid"] == ["out of order"]
