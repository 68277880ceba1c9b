"""CRDTs, rule by rule (Shapiro, Preguiça, Baquero & Zawirski 2011; Bieniusa et al. 2012)."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.statemachine import Context, Effects, Invocation, Persist, Probe, Request, Response, Send
from chaoslab_protocols.crdt import CounterReplica
from chaoslab_protocols.crdt.counters import GCounter, PNCounter
from chaoslab_protocols.crdt.or_set import ORSet
from chaoslab_protocols.crdt.replica import State

ACTORS = ("a", "b", "c")

steps = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["grow", "shrink", "merge"]), st.integers(0, 3)), max_size=25
)


def replicas_after(kind: type[Any], history: list[tuple[int, str, int]]) -> list[Any]:
    """Return three replicas of *kind* after *history*: updates, and merges of one replica into another."""
    words = {"grow": "add", "shrink": "decrement" if kind is PNCounter else "remove"}
    replicas = [kind() for _ in ACTORS]
    for place, what, argument in history:
        if what == "merge":
            replicas[place].merge(kind(replicas[argument % 3].written()))
        else:
            replicas[place].update(ACTORS[place], words[what], argument)
    return replicas


def merged(one: Any, other: Any) -> Any:
    """Return the merge of two states, which stay as they are."""
    both = copy.deepcopy(one)
    both.merge(other)
    return both


@pytest.mark.parametrize("kind", [PNCounter, ORSet])
@given(history=steps)
def test_merging_is_commutative_associative_and_idempotent(
    kind: type[Any], history: list[tuple[int, str, int]]
) -> None:
    """So the order of messages does not matter, nor how often they come (section 2.3)."""
    a, b, c = replicas_after(kind, history)
    assert merged(a, b).written() == merged(b, a).written()
    assert merged(merged(a, b), c).written() == merged(a, merged(b, c)).written()
    assert merged(a, a).written() == a.written()
    assert merged(merged(a, b), b).written() == merged(a, b).written()


@given(history=steps)
def test_a_counter_shows_the_sum_of_all_updates_once_all_is_merged(history: list[tuple[int, str, int]]) -> None:
    """Nothing is lost, nothing counted twice (specification 7)."""
    a, b, c = replicas_after(PNCounter, history)
    expected = sum(amount if what == "grow" else -amount for _, what, amount in history if what != "merge")
    assert merged(merged(a, b), c).value == expected


def test_merging_takes_the_greater_number_of_each_actor() -> None:
    """Not the sum: the same state may come twice (specification 6)."""
    counter = GCounter({"a": 3, "b": 1})
    assert counter.merge(GCounter({"a": 2, "b": 4}))
    assert counter.counts == {"a": 3, "b": 4}
    assert not counter.merge(GCounter({"a": 2, "b": 4}))


def test_an_add_wins_against_a_remove_that_has_not_seen_it() -> None:
    """A remove removes the tags that it observes, and no others (section 3.3.5)."""
    one, other = ORSet(), ORSet()
    one.update("a", "add", 7)
    other.merge(one)
    other.update("b", "remove", 7)
    assert merged(one, other).value == []
    one.update("a", "add", 7)
    assert merged(one, other).value == merged(other, one).value == [7]


def test_what_was_removed_does_not_come_back_from_a_replica_that_still_has_it() -> None:
    """Its tag has been seen here and is not held: it was removed, without a tombstone (Bieniusa et al., section 3)."""
    one, other = ORSet(), ORSet()
    one.update("a", "add", 7)
    other.merge(one)
    one.update("a", "remove", 7)
    assert not one.merge(other)
    assert one.value == []
    assert one.entries == {}


def test_removing_what_is_not_there_changes_nothing() -> None:
    """Nor does it hinder a later add."""
    one = ORSet()
    assert not one.update("a", "remove", 7)
    one.update("a", "add", 7)
    assert one.value == [7]


class Dice:
    """Draws for a machine that is driven by hand."""

    def pick(self, options: Any) -> Any:
        return options[0]


def replica(name: str = "n1", **files: bytes) -> CounterReplica:
    return CounterReplica(
        Context(
            name=name,
            nodes=("n1", "n2"),
            settings=None,
            files=files,
            wall_time=lambda: 0.0,
            monotonic_time=lambda: 0.0,
            home=name,
            random=Dice(),  # type: ignore[arg-type]
        )
    )


def add(number: int, amount: int) -> Request:
    return Request(number, Invocation(f="add", key="x", value=amount))


def sent(effects: Effects) -> list[Send]:
    return [one for one in effects or () if isinstance(one, Send)]


def test_an_update_is_on_the_disk_before_it_is_acknowledged() -> None:
    """An actor's number must never fall back; a restart goes on from it."""
    persist, probe, answer = replica().message("c1", add(1, 5)) or ()
    assert isinstance(persist, Persist)
    assert (probe, answer) == (Probe("updated"), Send("c1", Response(1)))
    again = replica(f=persist.data)
    assert again.object("x").value == 5
    again.message("c1", add(2, 1))
    assert again.object("x").written() == ({"n1": 6}, {})


def test_a_request_that_comes_twice_counts_once() -> None:
    """An increment is not idempotent; a restart does not forget that either."""
    one = replica()
    disk = next(effect.data for effect in one.message("c1", add(1, 5)) or () if isinstance(effect, Persist))
    for node in (one, replica(f=disk)):
        assert node.message("c1", add(1, 5)) is None
        assert node.object("x").value == 5


def test_gossip_tells_both_sides_everything() -> None:
    """Whoever gossips is answered with what has become of it, and that answer is not answered."""
    one, other = replica("n1"), replica("n2")
    one.message("c1", add(1, 5))
    other.message("c2", add(1, 3))
    (gossip,) = sent(one.timer("gossip"))
    (answer,) = sent(other.message("n1", gossip.message))
    assert answer.message == State((("x", ({"n2": 3, "n1": 5}, {})),), answer=True)
    assert sent(one.message("n2", answer.message)) == []
    assert one.object("x").value == other.object("x").value == 8


def test_what_gossip_brings_is_on_the_disk_before_it_is_passed_on() -> None:
    """And what brings nothing new is not written again."""
    node = replica()
    state = State((("x", ({"n2": 3}, {})),))
    first, probe, _ = node.message("n2", state) or ()
    assert isinstance(first, Persist)
    assert probe == Probe("merged")
    assert [type(effect) for effect in node.message("n2", state) or ()] == [Send]


def test_an_operation_that_a_counter_does_not_know_is_refused() -> None:
    """In words."""
    (answer,) = sent(replica().message("c1", Request(1, Invocation(f="remove", key="x", value=1))))
    assert answer.message == Response(1, None, "a counter does not know 'remove'")
