"""Raft, figure 2: the box "AppendEntries RPC", sentence by sentence."""

from __future__ import annotations

from chaoslab.statemachine import Persist, Send
from chaoslab_protocols.raft.messages import AppendEntriesReply
from tests.protocols.raft.machines import append, entry, server


def test_a_reply_is_false_if_the_term_is_below_the_current_one() -> None:
    """Receiver implementation 1 (section 5.1); from the answer the old leader learns of the newer term."""
    follower = server(entry(2, 1), term=3)
    assert follower.hears("n2", append(2, (1, 2))) == AppendEntriesReply(3, False, 0, 0)
    assert follower.machine.leader_id is None


def test_a_reply_is_false_if_there_is_no_entry_at_prev_log_index() -> None:
    """Receiver implementation 2 (section 5.3): a gap; the answer says where the log ends."""
    reply = server(entry(1, 1), term=1).hears("n2", append(1, (3, 1)))
    assert (reply.success, reply.match_index) == (False, 2)


def test_a_reply_is_false_if_the_entry_at_prev_log_index_has_another_term() -> None:
    """Receiver implementation 2 (section 5.3); the answer names the first entry of the term in conflict."""
    follower = server(entry(1, 1), entry(2, 2), entry(2, 3), term=3)
    reply = follower.hears("n2", append(3, (3, 3)))
    assert (reply.success, reply.match_index) == (False, 2)
    assert follower.terms() == [1, 2, 2]


def test_an_entry_that_conflicts_is_deleted_with_all_that_follow_it() -> None:
    """Receiver implementation 3 (section 5.3): same index, different terms."""
    follower = server(entry(1, 1), entry(2, 2), entry(2, 3), term=3)
    assert follower.hears("n2", append(3, (1, 1), entry(3, 9))).success
    assert follower.terms() == [1, 3]
    follower.restart()
    assert follower.terms() == [1, 3]


def test_entries_that_do_not_conflict_stay() -> None:
    """Receiver implementation 3 (section 5.3): an old message must not cut off what came after it."""
    follower = server(entry(1, 1), entry(1, 2), entry(1, 3), term=1)
    assert follower.hears("n2", append(1, (0, 0), entry(1, 1))).match_index == 1
    assert follower.hears("n2", append(1, (1, 1))).match_index == 1
    assert follower.terms() == [1, 1, 1]


def test_new_entries_are_appended_once() -> None:
    """Receiver implementation 4: "append any new entries not already in the log"."""
    follower = server(entry(1, 1), term=1)
    message = append(1, (0, 0), entry(1, 1), entry(1, 2), entry(1, 3))
    assert follower.hears("n2", message).match_index == 3
    assert follower.hears("n2", message).match_index == 3
    assert follower.terms() == [1, 1, 1]


def test_the_commit_index_is_the_lower_of_leader_commit_and_the_last_new_entry() -> None:
    """Receiver implementation 5: what follows the last new entry may not be the leader's."""
    follower = server(entry(1, 1), entry(1, 2), entry(1, 3), term=1)
    follower.gets("n2", append(1, (0, 0), entry(1, 1), commit=3))
    assert follower.machine.commit_index == 1
    follower.gets("n2", append(1, (3, 1), commit=2))
    assert follower.machine.commit_index == 2


def test_entries_are_durable_before_they_are_acknowledged() -> None:
    """Figure 2, persistent state: "updated on stable storage before responding to RPCs"."""
    kinds = [type(effect) for effect in server(term=1).gets("n2", append(1, (0, 0), entry(1, 1)))]
    assert kinds.index(Persist) < kinds.index(Send)


def test_what_a_snapshot_covers_matches() -> None:
    """Section 7: entries below the snapshot are committed, so they are the leader's own."""
    follower = server(*(entry(1, number) for number in range(1, 101)), term=1)
    follower.gets("n2", append(1, (100, 1), commit=100))
    assert follower.machine.log.last_included_index == 100
    reply = follower.hears("n2", append(1, (98, 1), entry(1, 99), entry(1, 100), entry(1, 101)))
    assert (reply.success, reply.match_index) == (True, 101)
    assert follower.terms() == [1]
