"""What a leader does, by the algorithms of Junqueira, Reed & Serafini 2011, section IV, and how it is elected."""

from __future__ import annotations

from chaoslab.statemachine import Persist
from chaoslab_protocols.zab.channel import Channel
from chaoslab_protocols.zab.history import History
from chaoslab_protocols.zab.messages import (
    ZERO,
    Ack,
    AckEpoch,
    AckNewLeader,
    CEpoch,
    ClientReply,
    Commit,
    Confirm,
    Confirmed,
    Diff,
    NewEpoch,
    NewLeader,
    Notification,
    Propose,
    Snap,
    Snapshot,
    Synced,
    SyncRequest,
    Trunc,
    UpToDate,
    Vote,
    Zxid,
)
from tests.protocols.zab.servers import Server, elected, follower, leader, of, read, txn, write


def test_a_later_epoch_wins_an_election_before_a_longer_history_and_that_before_a_larger_name() -> None:
    """Medeiros 2012, section 4.1: votes are compared by currentEpoch, then zxid, then identifier."""
    election = Server().machine.election
    votes = [Vote(1, Zxid(1, 9), "n3"), Vote(2, Zxid(1, 5), "n1"), Vote(2, Zxid(2, 1), "n1"), Vote(2, Zxid(2, 1), "n2")]
    assert sorted([votes[2], votes[0], votes[3], votes[1]], key=election.rank) == votes


def test_a_better_vote_is_taken_over_and_shown_and_a_worse_one_is_not() -> None:
    """Whoever has the most recent history among a quorum is voted for by all of it."""
    one = Server()
    taken = one.told(one.gets("n3", Notification(1, Vote(1, Zxid(1, 1), "n3"))), Notification, "n1")
    ignored = one.told(one.gets("n1", Notification(1, Vote(0, ZERO, "n1"))), Notification, "n1")
    assert [message.vote.server for message in taken] == ["n3"]
    assert ignored == []


def test_a_vote_of_an_earlier_round_is_answered_and_not_counted() -> None:
    """It is from an election that is over."""
    one = Server()
    one.gets("n3", Notification(5, Vote(0, ZERO, "n3")))
    (answer,) = one.told(one.gets("n1", Notification(4, Vote(9, Zxid(9, 9), "n1"))), Notification, "n1")
    assert (answer.round, answer.vote.server) == (5, "n3")


def test_a_looking_server_is_told_who_leads() -> None:
    """So that one that comes back joins, and disturbs nobody."""
    (answer,) = leader().told(leader().gets("n1", Notification(9, Vote(7, Zxid(7, 7), "n1"))), Notification, "n1")
    assert answer.is_leading


def test_a_new_epoch_is_larger_than_all_that_a_quorum_has_accepted() -> None:
    """Phase 1, step l.1.1."""
    one = elected(Server())
    effects = one.frame("n3", CEpoch(6))
    assert one.told(effects, NewEpoch, "n3") == [NewEpoch(7)]
    assert of(Persist, effects)


def test_a_leader_gives_up_for_a_follower_whose_history_is_more_recent() -> None:
    """Medeiros 2012, section 4.2: the leader must have the most recent history of its quorum."""
    one = elected(Server())
    one.frame("n3", CEpoch(0))
    effects = one.frame("n3", AckEpoch(1, True, 0, Zxid(0, 1)))
    assert one.told(effects, NewLeader) == []
    assert one.machine.is_looking


def test_a_leader_gives_up_for_a_follower_that_has_accepted_a_later_epoch() -> None:
    """That one can follow only in an epoch that is later still."""
    one = leader()
    one.frame("n1", CEpoch(5))
    assert one.machine.is_looking


def test_a_promise_that_is_none_does_not_count() -> None:
    """Another leader with the same epoch may count on it."""
    one = elected(Server())
    one.frame("n3", CEpoch(0))
    assert one.told(one.frame("n3", AckEpoch(1, False, 0, ZERO)), NewLeader) == []


def test_a_follower_gets_what_it_lacks_and_drops_what_the_leader_has_not() -> None:
    """DIFF, TRUNC or SNAP, by where the follower's history ends (Medeiros 2012, section 3)."""
    one = leader()
    lead = one.machine.leader
    assert lead is not None
    base = Snapshot(Zxid(1, 3), ())
    one.replica.history = History(base, [txn(1, 4), txn(1, 5), txn(3, 1)])
    assert lead.difference(Zxid(1, 4)) == Diff((txn(1, 5), txn(3, 1)))
    assert lead.difference(Zxid(2, 9)) == Trunc(Zxid(1, 5), (txn(3, 1),))
    assert lead.difference(Zxid(3, 2)) == Trunc(Zxid(3, 1), ())
    assert lead.difference(Zxid(1, 2)) == Snap(base, (txn(1, 4), txn(1, 5), txn(3, 1)))


def test_an_initial_history_is_committed_when_a_quorum_has_it() -> None:
    """Phase 2, step l.2.2."""
    one = follower(1, txn(1, 1))
    one.restart()
    elected(one)
    one.frame("n3", CEpoch(1))
    one.frame("n3", AckEpoch(2, True, 1, ZERO))
    assert one.replica.last_delivered == ZERO
    effects = one.frame("n3", AckNewLeader(2))
    assert one.replica.last_delivered == Zxid(1, 1)
    assert one.told(effects, UpToDate, "n3") == [UpToDate(Zxid(1, 1))]


def test_a_transaction_is_committed_when_a_quorum_has_it() -> None:
    """Phase 3, step l.3.2; the client is answered then."""
    one = leader()
    effects = one.gets("c1", write(1))
    (proposed,) = one.told(effects, Propose, "n3")
    assert one.told(effects, ClientReply) == []
    effects = one.frame("n3", Ack(proposed.txn.zxid))
    assert one.told(effects, Commit, "n3") == [Commit(proposed.txn.zxid)]
    assert [reply.number for reply in one.told(effects, ClientReply, "c1")] == [1]


def test_a_leader_that_hears_from_no_quorum_does_not_lead() -> None:
    """Section IV: a leader without a quorum of followers goes back to the election."""
    one = leader()
    one.now = 1.0
    one.fires("tick")
    assert one.machine.is_looking


def test_a_sync_is_answered_when_a_quorum_has_confirmed_since_it_was_asked_for() -> None:
    """Otherwise the answer may come from a leader that has been replaced."""
    one = leader(one=Server(reads="quorum-sync"))
    effects = one.frame("n3", SyncRequest(1))
    assert (one.told(effects, Confirm), one.told(effects, Synced)) == ([Confirm(1)], [])
    assert one.told(one.frame("n3", Confirmed(0)), Synced) == []
    assert one.told(one.frame("n3", Confirmed(1)), Synced) == [Synced(1, ZERO)]
    effects = one.gets("c1", read(1))
    assert one.told(effects, ClientReply) == []
    assert one.told(one.frame("n3", Confirmed(2)), ClientReply)


def test_as_in_zookeeper_a_leader_may_be_set_to_answer_syncs_alone() -> None:
    """Hunt et al. 2010, section 4.4; a scenario shows what that is worth."""
    one = leader(one=Server(reads="sync"))
    assert one.told(one.frame("n3", SyncRequest(1)), Synced) == [Synced(1, ZERO)]


def test_a_channel_delivers_in_order_and_once_whatever_the_network_does() -> None:
    """Frames are lost, doubled and turned around by a fixed pattern; every message arrives, in its place."""
    ends = {"n1": Channel("n2", "n1", (1, 1)), "n2": Channel("n1", "n1", (1, 1))}
    under_way = [send for number in range(1, 31) for send in ends["n1"].send(number)]
    arrived: list[int] = []
    for turn in range(20):
        under_way = [send for number, send in enumerate(under_way) if (number + turn) % 3]
        for send in [*reversed(under_way), *under_way[::2]]:
            arrived += ends[send.to].receive(send.message)  # type: ignore[union-attr]
        under_way = [*ends["n1"].tick(), *ends["n2"].tick()]
    assert arrived == list(range(1, 31))
