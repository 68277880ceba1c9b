"""Raft, figure 2: the box "RequestVote RPC", sentence by sentence; pre-vote and stickiness from the thesis."""

from __future__ import annotations

import pytest

from chaoslab.statemachine import Persist, Probe, Send
from chaoslab_protocols.raft.messages import RequestVote, RequestVoteReply
from tests.protocols.raft.machines import append, entry, server


def test_a_vote_is_refused_if_the_term_is_below_the_current_one() -> None:
    """Receiver implementation 1 (section 5.1)."""
    assert server(term=3).hears("n2", RequestVote(2, "n2", 9, 2)) == RequestVoteReply(3, False)


def test_a_vote_is_granted_if_none_was_given_in_the_term() -> None:
    """Receiver implementation 2 (section 5.2)."""
    voter = server(entry(1, 1), term=1)
    assert voter.hears("n2", RequestVote(2, "n2", 1, 1)) == RequestVoteReply(2, True)
    assert voter.machine.voted_for == "n2"


def test_a_vote_is_granted_to_the_same_candidate_again_and_to_no_other() -> None:
    """Receiver implementation 2: "if votedFor is null or candidateId"."""
    voter = server(term=2, voted_for="n2")
    assert voter.hears("n2", RequestVote(2, "n2", 0, 0)).vote_granted
    assert not voter.hears("n3", RequestVote(2, "n3", 0, 0)).vote_granted


def test_a_vote_outlives_a_restart() -> None:
    """Figure 2, persistent state: one vote a term, whatever happens to the voter."""
    voter = server(term=1)
    effects = voter.gets("n2", RequestVote(2, "n2", 0, 0))
    kinds = [type(effect) for effect in effects]
    assert max(i for i, kind in enumerate(kinds) if kind is Persist) < kinds.index(Send)
    assert Probe("vote-saved") in effects
    voter.restart()
    assert (voter.machine.current_term, voter.machine.voted_for) == (2, "n2")
    assert not voter.hears("n3", RequestVote(2, "n3", 0, 0)).vote_granted


@pytest.mark.parametrize(
    ("last_log_index", "last_log_term", "granted"),
    [(2, 2, True), (3, 2, True), (1, 3, True), (1, 2, False), (5, 1, False)],
)
def test_a_vote_needs_a_log_that_is_at_least_as_up_to_date(
    last_log_index: int, last_log_term: int, granted: bool
) -> None:
    """Receiver implementation 2 (section 5.4.1): the later last term wins; with equal terms the longer log."""
    voter = server(entry(1, 1), entry(2, 2), term=3)
    assert voter.hears("n2", RequestVote(4, "n2", last_log_index, last_log_term)).vote_granted == granted


def test_a_server_that_hears_from_a_leader_neither_votes_nor_updates_its_term() -> None:
    """Thesis, section 4.2.3; when the shortest election timeout has passed, it does both."""
    voter = server(term=1)
    voter.gets("n3", append(1, (0, 0), leader="n3"))
    voter.now += 0.1
    assert voter.hears("n2", RequestVote(7, "n2", 0, 0)) == RequestVoteReply(1, False)
    voter.now += 0.1
    assert voter.hears("n2", RequestVote(7, "n2", 0, 0)) == RequestVoteReply(7, True)


def test_a_pre_vote_changes_neither_term_nor_vote() -> None:
    """Thesis, section 9.6: it only says what would be."""
    voter = server(entry(1, 1), term=1)
    assert voter.hears("n2", RequestVote(2, "n2", 1, 1, True)) == RequestVoteReply(2, True, True)
    assert voter.hears("n3", RequestVote(2, "n3", 0, 0, True)) == RequestVoteReply(1, False, True)
    assert (voter.machine.current_term, voter.machine.voted_for) == (1, None)
