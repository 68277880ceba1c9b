"""What a follower does, by the algorithms of Junqueira, Reed & Serafini 2011, section IV."""

from __future__ import annotations

from chaoslab.statemachine import Effect, Persist, Send
from chaoslab_protocols.zab.messages import (
    NOT_SERVING,
    OK,
    Ack,
    AckEpoch,
    AckNewLeader,
    CEpoch,
    ClientReply,
    Commit,
    Diff,
    Forward,
    Frame,
    NewEpoch,
    NewLeader,
    Notification,
    Propose,
    Snap,
    Snapshot,
    Trunc,
    UpToDate,
    Vote,
    Zxid,
)
from tests.protocols.zab.servers import Server, follower, of, read, txn, write


def kinds(effects: list[Effect]) -> list[str]:
    """Persist and the messages sent, in order, by name."""
    names = []
    for effect in effects:
        if isinstance(effect, Persist):
            names.append("Persist")
        elif isinstance(effect, Send) and isinstance(effect.message, Frame):
            names += [message.__class__.__name__ for message in effect.message.messages]
    return names


def joining() -> Server:
    """A server that has just found out that n1 leads."""
    one = Server()
    sent = one.gets("n1", Notification(1, Vote(0, Zxid(0, 0), "n1"), is_leading=True))
    assert one.told(sent, CEpoch, "n1") == [CEpoch(0)]
    return one


def test_an_epoch_is_on_the_disk_before_it_is_acknowledged() -> None:
    """Phase 1: "f.p <- e'", then ACK-E."""
    assert kinds(joining().frame("n1", NewEpoch(3))) == ["Persist", "AckEpoch"]


def test_an_epoch_older_than_the_accepted_one_is_not_followed() -> None:
    """Phase 1: a follower accepts e' only if it is later than f.p."""
    one = joining()
    one.frame("n1", NewEpoch(3))
    effects = one.frame("n1", NewEpoch(2))
    assert one.told(effects, AckEpoch) == []
    assert one.machine.is_looking


def test_an_epoch_accepted_before_is_no_promise_a_second_time() -> None:
    """Two leaders may have chosen the same epoch; each follower counts for one of them."""
    one = joining()
    (first,) = one.told(one.frame("n1", NewEpoch(3)), AckEpoch)
    one.restart()
    one.gets("n3", Notification(1, Vote(0, Zxid(0, 0), "n3"), is_leading=True))
    (second,) = one.told(one.frame("n3", NewEpoch(3)), AckEpoch)
    assert (first.is_promise, second.is_promise) == (True, False)


def test_an_initial_history_and_its_epoch_are_on_the_disk_at_once_and_before_they_are_acknowledged() -> None:
    """Phase 2: atomically accept the history and set f.a to e', then ACK-LD."""
    one = joining()
    one.frame("n1", NewEpoch(3))
    effects = one.frame("n1", Diff((txn(1, 1), txn(1, 2))), NewLeader(3))
    assert kinds(effects) == ["Persist", "AckNewLeader"]
    one.restart()
    assert (one.replica.current_epoch, one.replica.history.last_zxid) == (3, Zxid(1, 2))


def test_what_is_truncated_does_not_come_back_after_a_restart() -> None:
    """TRUNC drops what nobody has committed, for ever."""
    one = follower(1, txn(1, 1))
    one.frame("n1", Propose(txn(1, 2)))
    one.restart()
    one.gets("n1", Notification(2, Vote(0, Zxid(0, 0), "n1"), is_leading=True))
    one.frame("n1", NewEpoch(2))
    one.frame("n1", Trunc(Zxid(1, 1), (txn(2, 1),)), NewLeader(2))
    one.restart()
    assert [one.zxid for one in one.replica.history.txns] == [Zxid(1, 1), Zxid(2, 1)]


def test_a_snapshot_takes_the_place_of_the_history() -> None:
    """SNAP carries the state, and it is there after a restart."""
    one = joining()
    one.frame("n1", NewEpoch(2))
    snapshot = Snapshot(Zxid(1, 7), ((("x", 17),), (("c1", 17, None),)))
    effects = one.frame("n1", Snap(snapshot, (txn(1, 8),)), NewLeader(2))
    assert one.told(effects, AckNewLeader)
    one.restart()
    assert one.replica.state_machine.values == {"x": 17}
    assert one.replica.history.last_zxid == Zxid(1, 8)


def test_a_server_serves_nobody_before_its_initial_history_is_committed() -> None:
    """Phase 2 ends with COMMIT-LD; until then a history may yet be dropped."""
    one = joining()
    one.frame("n1", NewEpoch(2))
    one.frame("n1", Diff((txn(1, 1),)), NewLeader(2))
    (refused,) = one.told(one.gets("c1", read(90)), ClientReply)
    (answered,) = one.told(one.frame("n1", UpToDate(Zxid(1, 1))) + one.gets("c1", read(91)), ClientReply)
    assert (refused.status, answered.status, answered.result) == (NOT_SERVING, OK, 11)


def test_a_proposal_is_on_the_disk_before_it_is_acknowledged() -> None:
    """Phase 3: a follower appends to its history, then ACK."""
    effects = follower().frame("n1", Propose(txn(1, 1)))
    assert kinds(effects) == ["Persist", "Ack"]


def test_a_proposal_is_seen_when_it_is_committed_and_not_before() -> None:
    """Phase 3: a transaction is delivered once the leader says that a quorum has it."""
    one = follower()
    one.frame("n1", Propose(txn(1, 1)))
    (before,) = one.told(one.gets("c1", read(90)), ClientReply)
    one.frame("n1", Commit(Zxid(1, 1)))
    (after,) = one.told(one.gets("c1", read(91)), ClientReply)
    assert (before.result, after.result) == (None, 11)


def test_a_read_waits_for_what_its_client_has_seen() -> None:
    """Hunt et al. 2010, section 4.4: a client is not served from a state older than one it has seen."""
    one = follower()
    assert one.told(one.gets("c1", read(90, Zxid(1, 1))), ClientReply) == []
    one.frame("n1", Propose(txn(1, 1)))
    (answer,) = one.told(one.frame("n1", Commit(Zxid(1, 1))), ClientReply)
    assert (answer.number, answer.result, answer.zxid) == (90, 11, Zxid(1, 1))


def test_a_write_is_forwarded_to_the_leader_and_answered_by_the_server_that_was_asked() -> None:
    """Hunt et al. 2010, section 4: the request goes to the leader, the answer comes when the server delivers it."""
    one = follower()
    (forwarded,) = one.told(one.gets("c1", write(11)), Forward, "n1")
    one.frame("n1", Propose(txn(1, 1)))
    (answer,) = one.told(one.frame("n1", Commit(Zxid(1, 1))), ClientReply, "c1")
    assert (forwarded.command.number, answer.number, answer.zxid) == (11, 11, Zxid(1, 1))


def test_a_follower_looks_for_another_leader_when_its_own_is_silent() -> None:
    """Failure detection, by the follower's own clock."""
    one = follower()
    one.now = 1.0
    effects = one.fires("tick")
    assert one.machine.is_looking
    assert one.told(effects, Notification, "n3")


def test_what_the_disk_has_lost_at_its_end_was_not_acknowledged() -> None:
    """A record that a crash cut short is dropped, and the journal is written anew."""
    one = follower(1, txn(1, 1))
    one.files["journal"] += b"0123 [half a rec"
    effects = one.restart()
    assert one.replica.history.last_zxid == Zxid(1, 1)
    assert b"half" not in one.files["journal"]
    assert effects


def test_a_server_that_has_lost_what_it_acknowledged_keeps_silent() -> None:
    """It can vouch for nothing any more."""
    one = follower(1, txn(1, 1))
    first, rest = one.files["journal"].split(b"\n", 1)
    one.files["journal"] = first[:-2] + b"??\n" + rest
    assert of(Send, one.restart()) == []
    assert one.gets("n1", Notification(1, Vote(0, Zxid(0, 0), "n1"))) == []


def test_an_answer_is_not_given_twice_for_a_command_that_was_delivered() -> None:
    """A repeated command is answered from what it gave, and changes nothing."""
    one = follower(1, txn(1, 1))
    (answer,) = one.told(one.gets("c1", write(11)), ClientReply)
    assert answer.status == OK
    assert one.told(one.frame("n1", Propose(txn(1, 2))), Ack)
