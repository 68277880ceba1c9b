"""Ongaro's thesis, chapter 4: membership changes, one server at a time."""

from __future__ import annotations

import pytest

from chaoslab_protocols.raft.log import Configuration, Entry
from chaoslab_protocols.raft.messages import (
    BUSY,
    NOT_LEADER,
    OK,
    REFUSED,
    AppendEntries,
    AppendEntriesReply,
    ClientReply,
    RequestVoteReply,
)
from tests.protocols.raft.machines import Server, acknowledge, append, entry, leader, request, sends, server

WITHOUT_N1 = Entry(1, Configuration(("n2", "n3")))
WITH_N4 = Entry(1, Configuration(("n1", "n2", "n3", "n4")))


def settled(nodes: int = 3) -> Server:
    """A leader that has committed the entry with which its term began."""
    one = leader(nodes=nodes)
    acknowledge(one, *one.machine.peers)
    return one


def admin(f: str, server: str, number: int = 1) -> object:
    return request(f, server, number=number, client="admin1")


def test_a_configuration_is_in_force_as_soon_as_it_is_in_the_log() -> None:
    """Section 4.1: "the new configuration takes effect on each server as soon as it is added to that server's log"."""
    one = server(term=1)
    one.gets("n2", append(1, (0, 0), WITH_N4))
    assert one.machine.members == ("n1", "n2", "n3", "n4")


def test_a_configuration_whose_entry_is_deleted_is_in_force_no_more() -> None:
    """Section 4.1: "a server must be prepared to fall back to the previous configuration in its log"."""
    one = server(term=1)
    one.gets("n2", append(1, (0, 0), WITH_N4))
    one.gets("n3", append(2, (0, 0), entry(2, 1), leader="n3"))
    assert one.machine.members == ("n1", "n2", "n3")


def test_a_configuration_outlives_compaction_and_restart() -> None:
    """Section 4.1 with section 5: the snapshot holds the configuration as of its last entry."""
    one = server(term=1)
    one.gets("n2", append(1, (0, 0), WITH_N4, *(entry(1, number) for number in range(2, 102)), commit=101))
    one.gets("n2", append(1, (64, 1), *(entry(1, number) for number in range(65, 102)), commit=101))
    one.restart()
    assert one.machine.log.last_included_index >= 100
    assert one.machine.members == ("n1", "n2", "n3", "n4")


def test_the_configuration_changes_only_after_an_entry_of_the_term_is_committed() -> None:
    """Ongaro on the raft-dev list, 2015: otherwise two leaders may each have a majority of their own."""
    one = leader()
    assert one.hears("admin1", admin("leave", "n3")).status == BUSY
    acknowledge(one, "n2")
    assert not sends(one.gets("admin1", admin("leave", "n3")), ClientReply)
    assert one.machine.members == ("n1", "n2")


def test_one_change_at_a_time() -> None:
    """Section 4.1: a change begins when the one before is committed."""
    one = settled(nodes=5)
    one.gets("admin1", admin("leave", "n5"))
    assert one.hears("admin2", admin("leave", "n4")).status == BUSY
    (answer,) = sends(acknowledge(one, "n2", "n3"), ClientReply)
    assert (answer.to, answer.message.status) == ("admin1", OK)
    assert not sends(one.gets("admin2", admin("leave", "n4")), ClientReply)


def test_a_server_that_joins_catches_up_before_it_counts() -> None:
    """Section 4.2.1."""
    one = settled()
    (message,) = [send for send in sends(one.gets("admin1", admin("join", "n4")), AppendEntries) if send.to == "n4"]
    assert message.message.prev_log_index == 1
    assert one.machine.members == ("n1", "n2", "n3")
    one.gets("n4", AppendEntriesReply(1, False, 1, one.machine.round))
    assert one.machine.members == ("n1", "n2", "n3")
    acknowledge(one, "n4")
    assert one.machine.members == ("n1", "n2", "n3", "n4")
    assert not sends(acknowledge(one, "n2"), ClientReply)
    assert sends(acknowledge(one, "n3"), ClientReply)[0].message.status == OK


def test_a_leader_that_leaves_does_not_count_itself_and_steps_down_when_that_is_committed() -> None:
    """Section 4.2.2."""
    one = settled()
    one.gets("admin1", admin("leave", "n1"))
    acknowledge(one, "n2")
    assert (one.machine.role, one.machine.commit_index) == ("leader", 1)
    (answer,) = sends(acknowledge(one, "n3"), ClientReply)
    assert answer.message.status == OK
    assert (one.machine.role, one.machine.commit_index) == ("follower", 2)


def test_a_server_that_has_left_calls_no_election() -> None:
    """Section 4.2.3: it would only disturb the others."""
    one = server(term=1)
    one.gets("n2", append(1, (0, 0), WITHOUT_N1, commit=1))
    one.election_timeout()
    assert one.machine.pre_vote_term is None


def test_a_server_that_leaves_stands_as_long_as_that_is_not_committed() -> None:
    """Section 4.2.2, figure 4.6: of two servers it alone has the entry, so the other one cannot get its vote."""
    one = server(Entry(1, None), Entry(1, Configuration(("n2",))), term=1, nodes=2)
    one.election_timeout()
    assert (one.machine.pre_vote_term, one.machine.role) == (2, "follower")  # its own vote does not count
    one.gets("n2", RequestVoteReply(2, True, pre_vote=True))
    one.gets("n2", RequestVoteReply(2, True))
    assert one.machine.role == "leader"
    acknowledge(one, "n2")
    assert (one.machine.role, one.machine.commit_index) == ("follower", 3)


def test_a_server_that_has_left_sends_clients_to_a_member() -> None:
    """It hears of no leader any more; and a client may know nobody else, when all that it knew have left."""
    one = server(term=1)
    one.gets("n2", append(1, (0, 0), WITHOUT_N1))
    one.machine.leader_id = None  # as after a restart
    answer = one.hears("c1", request("write", 1))
    assert (answer.status, answer.leader_hint) == (NOT_LEADER, WITHOUT_N1.command.members[-1])


@pytest.mark.parametrize(("f", "node"), [("join", "n2"), ("leave", "n9")])
def test_what_is_so_already_is_done(f: str, node: str) -> None:
    """An administrator who asks again after no answer is told yes."""
    assert settled().hears("admin1", admin(f, node)).status == OK


def test_the_last_member_stays() -> None:
    """A cluster of nobody could never be changed again."""
    one = server(nodes=1)
    one.election_timeout()
    assert one.hears("admin1", admin("leave", "n1")).status == REFUSED
