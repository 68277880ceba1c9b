"""A replicated growable array (Roh et al. 2011; Attiya et al. 2016, section 4)."""

from __future__ import annotations

import itertools
import random

import pytest

from chaoslab.explore.outcome import outcome_of
from chaoslab.plugins import registry
from chaoslab.scenario import load_scenario
from chaoslab.scenario.shipped import scenario_path
from chaoslab_protocols.crdt.rga import RGA


def typed(text: RGA, actor: str, *words: str, place: int = 1000) -> RGA:
    for word in words:
        text.update(actor, "insert", [place, word])
    return text


def merged(*texts: RGA) -> RGA:
    whole = RGA()
    for text in texts:
        whole.merge(RGA(text.written()))
    return whole


def test_words_stand_where_they_were_typed() -> None:
    """At the end, at the beginning, and half-way."""
    text = typed(RGA(), "a", "one", "four")
    text.update("a", "insert", [0, "zero"])
    text.update("a", "insert", [667, "two"])
    assert text.value == ["zero", "one", "two", "four"]


def test_at_the_same_place_the_latest_comes_first() -> None:
    """Section 5.4: an insertion skips those with a larger s4vector."""
    text = typed(RGA(), "a", "end")
    text.update("a", "insert", [0, "first"])
    text.update("a", "insert", [0, "second"])
    assert text.value == ["second", "first", "end"]


def test_replicas_that_have_merged_the_same_show_the_same_in_whatever_order() -> None:
    """Commutative, associative, idempotent."""
    start = typed(RGA(), "a", "x", "y")
    replicas = []
    for actor in "bcd":
        own = RGA(start.written())
        own.update(actor, "insert", [500, f"{actor}1"])
        own.update(actor, "insert", [random.Random(actor).randrange(1001), f"{actor}2"])
        own.update(actor, "delete", "x" if actor == "c" else f"{actor}1")
        replicas.append(own)
    shown = [merged(*order).value for order in itertools.permutations(replicas)]
    assert all(value == shown[0] for value in shown)
    assert merged(*replicas, *replicas).value == shown[0]


def test_what_one_actor_types_in_a_row_stays_together() -> None:
    """Two people type a few words at the same place at the same time: one after the other, not mixed."""
    start = typed(RGA(), "a", "begin")
    first = typed(RGA(start.written()), "b", "b1", "b2", "b3")
    second = typed(RGA(start.written()), "c", "c1", "c2", "c3")
    words = merged(first, second).value
    assert words in (
        ["begin", "b1", "b2", "b3", "c1", "c2", "c3"],
        ["begin", "c1", "c2", "c3", "b1", "b2", "b3"],
    )


def test_a_word_typed_behind_one_that_is_deleted_meanwhile_stays() -> None:
    """The tombstone holds its place."""
    start = typed(RGA(), "a", "one", "two")
    deletes, types = RGA(start.written()), RGA(start.written())
    deletes.update("b", "delete", "one")
    types.update("c", "insert", [500, "between"])
    assert merged(deletes, types).value == ["between", "two"]


def test_an_unknown_operation_is_refused() -> None:
    """In one sentence."""
    with pytest.raises(ValueError, match="does not know 'append'"):
        RGA().update("a", "append", "x")


@pytest.mark.parametrize("name", ["text_swarm", "text_every_fault"])
def test_texts_converge_in_their_scenarios(name: str) -> None:
    """A few seeds of each."""
    scenario = load_scenario(scenario_path(f"crdt/{name}"), registry())
    for seed in range(3):
        assert outcome_of(name, scenario, seed).findings == ()
