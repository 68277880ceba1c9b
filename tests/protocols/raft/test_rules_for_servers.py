"""Raft, figure 2: the boxes "State" and "Rules for servers", sentence by sentence."""

from __future__ import annotations

import pytest

from chaoslab.statemachine import Become, Persist, Probe
from chaoslab_protocols.raft.messages import (
    NOT_LEADER,
    OK,
    UNKNOWN,
    AppendEntries,
    AppendEntriesReply,
    ClientReply,
    RequestVote,
    RequestVoteReply,
)
from chaoslab_protocols.raft.settings import Settings
from tests.protocols.raft.machines import acknowledge, append, elect, entry, leader, request, sends, server, timers


def test_a_server_begins_in_term_zero_with_nothing() -> None:
    """State: currentTerm, commitIndex and lastApplied are 0, the log is empty, and it is a follower (section 5.2)."""
    machine = server().machine
    assert (machine.current_term, machine.voted_for, machine.commit_index, machine.last_applied) == (0, None, 0, 0)
    assert (machine.role, machine.log.last_index) == ("follower", 0)


def test_committed_entries_are_applied_in_order() -> None:
    """All servers: "if commitIndex > lastApplied: increment lastApplied, apply log[lastApplied]" (section 5.3)."""
    follower = server(entry(1, 1), entry(1, 2), entry(1, 3), term=1)
    effects = follower.gets("n2", append(1, (3, 1), commit=2))
    assert (follower.machine.last_applied, follower.machine.state_machine.values) == (2, {"x": 2})
    assert Probe("committed") in effects


@pytest.mark.parametrize("message", [RequestVoteReply(9, False), AppendEntriesReply(9, False, 0, 1)])
def test_a_higher_term_makes_a_follower_of_a_leader(message: object) -> None:
    """All servers: "if RPC request or response contains term T > currentTerm" (section 5.1); saved before all else."""
    one = leader()
    effects = one.gets("n2", message)
    assert (one.machine.role, one.machine.current_term, one.machine.voted_for) == ("follower", 9, None)
    assert isinstance(effects[0], Persist)


def test_a_follower_that_hears_nothing_becomes_a_candidate_if_it_would_get_the_votes() -> None:
    """Followers (section 5.2), with the pre-vote of the thesis, section 9.6."""
    one = server(term=4)
    assert {send.to for send in sends(one.election_timeout(), RequestVote)} == {"n2", "n3"}
    assert (one.machine.role, one.machine.current_term) == ("follower", 4)
    effects = one.gets("n2", RequestVoteReply(5, True, True))
    assert (one.machine.role, one.machine.current_term, one.machine.voted_for) == ("candidate", 5, "n1")
    assert Become("candidate") in effects


def test_a_follower_that_has_heard_meanwhile_waits_for_the_rest_of_the_timeout() -> None:
    """Followers: the timeout counts from the last AppendEntries of the current leader."""
    one = server(term=1)
    one.now += 0.2
    one.gets("n2", append(1, (0, 0)))
    one.now += 0.05
    (timer,) = one.fires("election")
    assert timer.after == pytest.approx((0.1, 0.25))  # type: ignore[union-attr]


def test_a_candidate_votes_for_itself_and_asks_all_others() -> None:
    """Candidates, on conversion: increment currentTerm, vote for self, reset the timer, send RequestVote RPCs."""
    one = server(entry(1, 1), term=1)
    one.election_timeout()
    effects = one.gets("n2", RequestVoteReply(2, True, True))
    assert "election" in timers(effects)
    assert [send.message for send in sends(effects)] == [RequestVote(2, "n1", 1, 1)] * 2
    assert isinstance(effects[0], Persist)


def test_a_candidate_with_a_majority_becomes_leader() -> None:
    """Candidates: "if votes received from majority of servers"; one server that answers twice is no majority."""
    one = server(nodes=5)
    one.election_timeout()
    for peer in ("n2", "n2", "n3"):
        one.gets(peer, RequestVoteReply(1, True, True))
    one.gets("n2", RequestVoteReply(1, True))
    one.gets("n2", RequestVoteReply(1, True))
    assert one.machine.role == "candidate"
    one.gets("n4", RequestVoteReply(1, True))
    assert one.machine.role == "leader"


def test_votes_of_another_term_do_not_count() -> None:
    """Candidates: a vote is for one term (section 5.2)."""
    one = server(term=5)
    one.election_timeout()
    one.gets("n2", RequestVoteReply(6, True, True))
    one.gets("n2", RequestVoteReply(5, True))
    assert one.machine.role == "candidate"


def test_a_candidate_that_hears_from_a_new_leader_follows_it() -> None:
    """Candidates: "if AppendEntries RPC received from new leader: convert to follower"."""
    one = server()
    one.election_timeout()
    one.gets("n2", RequestVoteReply(1, True, True))
    one.gets("n3", append(1, (0, 0), leader="n3"))
    assert (one.machine.role, one.machine.leader_id, one.machine.voted_for) == ("follower", "n3", "n1")


def test_a_candidate_whose_election_timeout_elapses_begins_another_election() -> None:
    """Candidates (section 5.2); before the timeout it asks those again that have not granted their vote (5.1)."""
    one = server()
    one.election_timeout()
    one.gets("n2", RequestVoteReply(1, True, True))
    assert [send.message.term for send in sends(one.fires("votes"), RequestVote)] == [1, 1]
    one.election_timeout()
    one.gets("n2", RequestVoteReply(2, True, True))
    assert (one.machine.role, one.machine.current_term) == ("candidate", 2)


def test_a_new_leader_sends_to_each_server_at_once_and_begins_its_term_with_an_entry() -> None:
    """Leaders, upon election (section 5.2); the empty entry is from the thesis, section 6.4."""
    one = server(entry(1, 1), term=1)
    messages = sends(elect(one), AppendEntries)
    assert {send.to for send in messages} == {"n2", "n3"}
    assert messages[0].message.prev_log_index == 1
    assert [one_entry.command for one_entry in messages[0].message.entries] == [None]


def test_a_new_leader_knows_nothing_of_the_others_logs() -> None:
    """State on leaders: nextIndex is the leader's last log index + 1, matchIndex is 0."""
    one = leader(entry(1, 1), term=1).machine
    assert one.next_index == {"n2": 2, "n3": 2}
    assert one.match_index == {"n2": 0, "n3": 0}


def test_a_leader_repeats_heartbeats_when_idle() -> None:
    """Leaders: "repeat during idle periods to prevent election timeouts" (section 5.2)."""
    one = leader()
    acknowledge(one, "n2", "n3")
    effects = one.fires("heartbeat")
    assert [send.message.entries for send in sends(effects, AppendEntries)] == [(), ()]
    assert timers(effects) == ["heartbeat"]


def test_a_leader_answers_a_command_when_it_has_been_applied() -> None:
    """Leaders: "append entry to local log, respond after entry applied to state machine" (section 5.3)."""
    one = leader()
    acknowledge(one, "n2")
    assert not sends(one.gets("c1", request("write", 7)), ClientReply)
    assert one.machine.log.last_index == 2
    (answer,) = sends(acknowledge(one, "n3"), ClientReply)
    assert (answer.to, answer.message) == ("c1", ClientReply(1, OK, None, "n1"))


def test_a_follower_sends_clients_to_the_leader() -> None:
    """Thesis, section 6.2."""
    one = server(term=1)
    one.gets("n2", append(1, (0, 0)))
    assert one.hears("c1", request("write", 7)) == ClientReply(1, NOT_LEADER, None, "n2")


def test_a_leader_sends_what_a_follower_lacks() -> None:
    """Leaders: "if last log index >= nextIndex for a follower: send entries starting at nextIndex" (section 5.3)."""
    one = leader()
    acknowledge(one, "n2")
    sent = {send.to: send.message for send in sends(one.gets("c1", request("write", 7)), AppendEntries)}
    assert (sent["n2"].prev_log_index, len(sent["n2"].entries)) == (1, 1)
    assert (sent["n3"].prev_log_index, len(sent["n3"].entries)) == (0, 2)


def test_a_leader_goes_back_when_a_follower_does_not_match_and_not_below_what_matched() -> None:
    """Leaders: "if AppendEntries fails because of log inconsistency: decrement nextIndex and retry" (section 5.3)."""
    one = leader(*(entry(1, number) for number in range(1, 6)), term=1)
    (retry,) = sends(one.gets("n2", AppendEntriesReply(2, False, 3, 1)), AppendEntries)
    assert retry.message.prev_log_index == 2
    acknowledge(one, "n2")
    assert not sends(one.gets("n2", AppendEntriesReply(2, False, 3, 1)))
    assert one.machine.next_index["n2"] == 7


def test_an_entry_of_the_current_term_is_committed_by_a_majority() -> None:
    """Leaders: "if there exists an N such that N > commitIndex, a majority of matchIndex[i] >= N" (section 5.3)."""
    one = leader(nodes=5)
    acknowledge(one, "n2", "n2")
    assert one.machine.commit_index == 0
    acknowledge(one, "n4")
    assert one.machine.commit_index == 1


def test_an_entry_of_an_earlier_term_is_committed_only_with_one_of_the_current_term() -> None:
    """Leaders: "... and log[N].term == currentTerm" (section 5.4.2, figure 8)."""
    one = leader(entry(1, 1), entry(1, 2), term=1)
    one.gets("n2", AppendEntriesReply(2, True, 2, 1))
    assert one.machine.commit_index == 0
    one.gets("n2", AppendEntriesReply(2, True, 3, 1))
    assert one.machine.commit_index == 3


def test_a_leader_whom_no_majority_answers_steps_down_and_its_clients_learn_that_nobody_knows() -> None:
    """Thesis, section 6.2: an election timeout without a round of heartbeats to a majority."""
    one = leader()
    one.gets("c1", request("write", 7))
    assert one.fires("quorum")
    one.fires("heartbeat")
    (answer,) = sends(one.fires("quorum"), ClientReply)
    assert (one.machine.role, answer.message.status) == ("follower", UNKNOWN)


def test_a_cluster_of_one_needs_nobody() -> None:
    """A majority of one is one."""
    one = server(nodes=1, settings=Settings())
    one.election_timeout()
    assert one.machine.role == "leader"
    assert one.hears("c1", request("write", 7)).status == OK
    assert one.hears("c1", request("read", number=2)).response == 7
