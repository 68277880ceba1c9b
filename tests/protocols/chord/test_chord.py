"""Chord, operation by operation (Stoica et al. 2001; Zave, "How to make Chord correct", 2017)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from chaoslab.explore.outcome import outcome_of
from chaoslab.plugins import registry
from chaoslab.scenario import load_scenario
from chaoslab.scenario.shipped import scenario_path
from chaoslab.statemachine import Become, Context, Invocation, Persist, Request, Response, Send
from chaoslab_protocols.chord.identifiers import BITS, between, identifier
from chaoslab_protocols.chord.member import NOT_A_MEMBER, Member
from chaoslab_protocols.chord.messages import Find, Found, Notify, Query, State
from chaoslab_protocols.chord.settings import Settings

RING = sorted((f"n{number}" for number in range(1, 9)), key=identifier)
"""Eight names, in the order of their identifiers."""


class Dice(random.Random):
    """Draws for a machine that is driven by hand."""

    def pick(self, options: Any) -> Any:
        return options[0]

    def sample(self, options: Any, count: int) -> Any:  # type: ignore[override]
        return list(options)[:count]


def member(place: int, *, base: int = 5, is_new: bool = True, **settings: Any) -> Member:
    """Return the node at *place* of ``RING``; those at the first *base* places are the base."""
    context: Any = Context(
        name=RING[place],
        nodes=tuple(RING),
        settings=Settings(successors=base - 1, **settings),
        files={} if is_new else {"started": b"yes"},
        wall_time=lambda: 0.0,
        monotonic_time=lambda: 0.0,
        home=RING[place],
        random=Dice(1),  # type: ignore[arg-type]
    )
    made = Member(context)
    made.start()
    return made


def sent(effects: Any, kind: type) -> list[Any]:
    return [one for one in effects or () if isinstance(one, Send) and isinstance(one.message, kind)]


def answered(node: Member, effects: Any, predecessor: str | None, *successors: str) -> list[Any]:
    """Let the one whom *effects* ask answer, and return what comes of it."""
    (query,) = sent(effects, Query)
    return list(node.message(query.to, State(query.message.number, predecessor, successors)) or [])


def unanswered(node: Member, timer: str = "successor") -> list[Any]:
    """Let the patience of *node* run out, and return what it does then."""
    for _ in range(node.settings.attempts - 1):
        assert len(sent(node.timer(timer), Query)) == 1
    return list(node.timer(timer) or [])


def test_between_goes_round_the_ring() -> None:
    """The identifiers are a circle; if both ends are one, it is all of it."""
    assert between(1, 2, 3)
    assert not between(1, 3, 3)
    assert not between(1, 1, 3)
    assert between(9, 1, 3)
    assert between(9, 11, 3)
    assert not between(9, 5, 3)
    assert between(4, 5, 4)
    assert not between(4, 4, 4)
    assert 0 <= identifier("n1") < 1 << BITS


def test_the_base_begins_as_a_ring_in_order() -> None:
    """The first r + 1 nodes know each other (Zave, section on initialization); all others have to join."""
    nodes = [member(place) for place in range(5)]
    assert [node.successors[0] for node in nodes] == [*RING[1:5], RING[0]]
    assert [node.predecessor for node in nodes] == [RING[4], *RING[:4]]
    assert all(len(node.successors) == 4 for node in nodes)
    assert not member(5).is_member


def test_a_node_that_was_down_has_to_join_again() -> None:
    """The others take it for dead meanwhile: it does not answer."""
    node = member(1, is_new=False)
    assert not node.is_member
    assert node.message(RING[0], Query(1)) is None
    assert [send.message.identifier for send in sent(node.timer("period"), Find)] == [node.id, node.id]


def test_whoever_joins_takes_over_the_whole_list_of_its_predecessor() -> None:
    """Zave, Join: with one successor only, it would be lost if that one failed now."""
    node = member(5)
    node.timer("period")
    effects = node.message(RING[4], Found(node.place, (RING[6], RING[7], RING[0], RING[1])))
    assert Become("member") in (effects or ())
    assert node.successors == (RING[6], RING[7], RING[0], RING[1])
    assert node.predecessor == RING[4]


def test_whoever_joins_again_is_not_its_own_successor() -> None:
    """The one before it may not have noticed that it was down."""
    node = member(1, is_new=False)
    node.timer("period")
    node.message(RING[0], Found(node.place, (RING[1], RING[2], RING[3], RING[4])))
    assert node.successors == (RING[2], RING[3], RING[4])


def test_only_the_first_answer_to_a_question_counts() -> None:
    """Two are asked for a place, and both may answer."""
    node = member(5)
    node.timer("period")
    number = node.place
    node.message(RING[4], Found(number, (RING[6],)))
    node.message(RING[4], Found(number, (RING[7],)))
    assert node.successors == (RING[6],)


def test_stabilizing_takes_over_the_list_of_a_successor_that_is_alive() -> None:
    """Zave, StabilizeFromSuccessor; then the successor is notified."""
    node = member(0)
    effects = answered(node, node.timer("period"), RING[0], RING[2], RING[5], RING[6], RING[7])
    assert node.successors == (RING[1], RING[2], RING[5], RING[6])
    assert [send.to for send in sent(effects, Notify)] == [RING[1]]


def test_a_successor_that_does_not_answer_is_dropped_for_the_next_one() -> None:
    """It is asked several times, as messages get lost, and the next one at once."""
    node = member(0)
    (query,) = sent(node.timer("period"), Query)
    assert query.to == RING[1]
    (after,) = sent(unanswered(node), Query)
    assert after.to == RING[2]
    assert node.successors == (RING[2], RING[3], RING[4])


def test_a_nearer_successor_is_adopted_only_if_it_answers() -> None:
    """Zave, StabilizeFromPredecessor: in the original, a dead one would have been adopted."""
    node = member(0)
    node.successors = (RING[2], RING[3], RING[4])
    effects = answered(node, node.timer("period"), RING[1], RING[3], RING[4])
    assert [send.to for send in sent(effects, Query)] == [RING[1]]
    assert node.successors[0] == RING[2]
    effects = answered(node, effects, RING[0], RING[2], RING[3])
    assert node.successors[:2] == (RING[1], RING[2])
    assert [send.to for send in sent(effects, Notify)] == [RING[1]]


def test_a_nearer_successor_that_is_dead_changes_nothing() -> None:
    """The one that there is is notified all the same: it has to find out that its predecessor is dead."""
    node = member(0)
    node.successors = (RING[2], RING[3], RING[4])
    answered(node, node.timer("period"), RING[1], RING[3], RING[4])
    effects = unanswered(node)
    assert node.successors[0] == RING[2]
    assert [send.to for send in sent(effects, Notify)] == [RING[2]]


def test_a_notifier_that_is_nearer_becomes_the_predecessor() -> None:
    """Zave, Rectify."""
    node = member(3)
    node.predecessor = RING[1]
    node.message(RING[2], Notify())
    assert node.predecessor == RING[2]


def test_a_notifier_that_is_farther_becomes_the_predecessor_only_if_the_other_is_dead() -> None:
    """Zave, Rectify: so the predecessor is asked first."""
    for alive in (True, False):
        node = member(3)
        effects = node.message(RING[1], Notify())
        assert [send.to for send in sent(effects, Query)] == [RING[2]]
        if alive:
            answered(node, effects, RING[1], RING[3])
        else:
            unanswered(node, "predecessor")
        assert node.predecessor == (RING[2] if alive else RING[1])


def test_a_lookup_ends_at_the_member_before_the_identifier() -> None:
    """Stoica et al., section 4.3: it is its successor's; else somebody nearer is asked."""
    node = member(0)
    (found,) = sent(node.message("n9", Find(identifier(RING[1]), "n9", 7)), Found)
    assert (found.to, found.message) == ("n9", Found(7, node.successors))
    (on,) = sent(node.message("n9", Find(identifier(RING[4]), "n9", 7)), Find)
    assert on.to in RING[1:4]
    assert (on.message.origin, on.message.hops) == ("n9", 1)
    assert node.message("n9", Find(identifier(RING[4]), "n9", 7, hops=64)) == []


def test_a_client_is_told_the_owner_of_a_key() -> None:
    """Whether this member finds it at once, or another one after some hops."""
    node = member(0)
    request = Request(1, Invocation(f="get", key="k1"))
    node.message("c1", request)
    (number,) = node.lookups or [0]
    effects = node.message(RING[3], Found(number, (RING[4],)))
    assert sent(effects, Response)[0].message.body == (identifier("k1"), RING[4])
    assert node.lookups == {}


def test_who_is_no_member_refuses_a_client() -> None:
    """In words."""
    (answer,) = sent(member(5).message("c1", Request(1, Invocation(f="read"))), Response)
    assert answer.message == Response(1, None, NOT_A_MEMBER)


def test_a_member_moves_to_a_nearer_successor_in_another_ring() -> None:
    """What brings two rings together: somebody outside was asked for this member's place."""
    node = member(0)
    node.successors = (RING[3], RING[4])
    node.timer("contact")
    effects = node.message(RING[6], Found(node.place, (RING[1], RING[2])))
    assert [send.to for send in sent(effects, Query)] == [RING[1]]
    answered(node, effects, RING[6], RING[2])
    assert node.successors == (RING[1], RING[2])


def test_that_a_node_was_there_is_on_its_disk() -> None:
    """Else it would believe, after a crash, that all begins."""
    effects = Member(
        Context(
            name="n1",
            nodes=("n1",),
            settings=None,
            files={},
            wall_time=lambda: 0.0,
            monotonic_time=lambda: 0.0,
            home="n1",
        )
    ).start()
    assert isinstance((effects or [None])[0], Persist)


@pytest.mark.parametrize("name", ["swarm", "churn", "every_fault", "long_partition"])
def test_chord_holds_in_its_scenarios(name: str) -> None:
    """A few seeds of each; thousands are a campaign's business."""
    scenario = load_scenario(scenario_path(f"chord/{name}"), registry())
    for seed in range(3):
        assert outcome_of(name, scenario, seed).findings == ()


@pytest.mark.parametrize("nodes", ["1", "2", "3", "12"])
def test_chord_holds_for_rings_of_other_sizes(nodes: str) -> None:
    """Also where all members fit into a successor list."""
    sizes = {"cluster.nodes": nodes, "workload.clients": nodes}
    scenario = load_scenario(scenario_path("chord/swarm"), registry(), sizes)
    for seed in range(2):
        assert outcome_of("swarm", scenario, seed).findings == ()


def test_without_asking_beyond_the_ring_two_rings_stay_two() -> None:
    """The rules of the ring alone have no way back from a long partition."""
    changes = {"cluster.settings.contact": "0s"}
    scenario = load_scenario(scenario_path("chord/long_partition"), registry(), changes)
    found = [finding.check for seed in range(3) for finding in outcome_of("long_partition", scenario, seed).findings]
    assert "ring" in found
