"""Peng & Dabek 2010, section 2.2 and figure 6: what each call does to a row, and what is left of it after a crash."""

from __future__ import annotations

import pytest

from chaoslab.statemachine import Persist, Probe, Send
from chaoslab_protocols.percolator.messages import (
    Cleaned,
    Cleanup,
    Commit,
    Committed,
    Erase,
    Get,
    Lock,
    Locked,
    Prewrite,
    Prewritten,
    Value,
)
from chaoslab_protocols.percolator.shard import ROWS
from tests.protocols.percolator.machines import Node, of, shard_with


def is_locked_for(start_ts: int, answer: Prewritten) -> bool:
    assert answer.start_ts == start_ts
    return answer.why_not is None


def test_a_get_tells_the_latest_write_that_is_not_after_its_snapshot() -> None:
    """Figure 6, Get: the latest write in the range that ends with start_ts."""
    one = shard_with((1, 2, "a"), (5, 7, "b"))
    told = {start_ts: one.answers(Get(start_ts, "x")).value for start_ts in (1, 2, 6, 7, 9)}
    assert told == {1: None, 2: "a", 6: "a", 7: "b", 9: "b"}


def test_a_get_is_not_answered_while_a_lock_is_at_or_below_its_snapshot() -> None:
    """Figure 6, Get: the owner may have a commit_ts before that."""
    one = shard_with((1, 2, "a"))
    one.gets(Prewrite(5, "x", "b", "p"))
    assert one.answers(Get(6, "x")) == Locked(6, "x", Lock(5, "p"))
    assert one.answers(Get(4, "x")) == Value(4, "x", "a")


def test_a_prewrite_locks_the_row_on_the_disk_before_it_is_answered() -> None:
    """Figure 6, Prewrite: lock and data, in one step."""
    one = Node("n2")
    effects = one.gets(Prewrite(5, "x", [1, 2], "p"))
    assert [type(effect) for effect in effects] == [Persist, Probe, Send]
    one.restart()
    assert one.answers(Get(6, "x")) == Locked(6, "x", Lock(5, "p"))
    one.gets(Commit(5, "x", 8))
    assert one.answers(Get(8, "x")).value == (1, 2)


def test_a_prewrite_is_refused_if_the_row_was_written_after_its_snapshot() -> None:
    """Figure 6, Prewrite: abort on writes after the start timestamp."""
    one = shard_with((4, 7, "a"))
    assert not is_locked_for(6, one.answers(Prewrite(6, "x", "b", "x")))
    assert is_locked_for(8, one.answers(Prewrite(8, "x", "b", "x")))


@pytest.mark.parametrize("start_ts", [3, 9])
def test_a_prewrite_is_refused_if_the_row_is_locked_at_any_timestamp(start_ts: int) -> None:
    """Figure 6, Prewrite: or on locks at any timestamp."""
    one = Node("n2")
    one.gets(Prewrite(5, "x", "a", "x"))
    assert not is_locked_for(start_ts, one.answers(Prewrite(start_ts, "x", "b", "x")))


def test_a_commit_replaces_the_lock_by_the_write_record() -> None:
    """Figure 6, Commit: the row is unlocked, and shows the data, in one step."""
    one = shard_with((5, 7, "a"))
    assert one.answers(Get(9, "x")) == Value(9, "x", "a")
    assert is_locked_for(8, one.answers(Prewrite(8, "x", "b", "x")))


def test_a_commit_whose_lock_is_gone_changes_nothing() -> None:
    """Figure 6, Commit: the transaction was aborted while it worked."""
    one = Node("n2")
    one.gets(Prewrite(5, "x", "a", "x"))
    one.gets(Erase(5, "x"))
    assert one.answers(Commit(5, "x", 7)) == Committed(5, "x", False)
    assert one.answers(Get(9, "x")) == Value(9, "x", None)


def test_a_commit_that_comes_again_is_answered_as_before() -> None:
    """And is not taken for one that came too late, nor does it touch the lock of another."""
    one = shard_with((5, 7, "a"))
    one.gets(Prewrite(8, "x", "b", "x"))
    assert one.answers(Commit(5, "x", 7)) == Committed(5, "x", True)
    assert one.answers(Get(9, "x")) == Locked(9, "x", Lock(8, "x"))


def test_a_primary_with_a_write_record_says_when_it_was_committed() -> None:
    """Section 2.2: then the lock that was met must be rolled forward."""
    assert shard_with((5, 7, "a")).answers(Cleanup(5, "x")) == Cleaned(5, "x", "committed", 7)


def test_a_primary_lock_is_rolled_back_only_when_its_owner_is_taken_for_dead() -> None:
    """Section 2.2: a lock that is too old."""
    one = Node("n2")
    one.gets(Prewrite(5, "x", "a", "x"))
    one.now_s += 0.3
    assert one.answers(Cleanup(5, "x")) == Cleaned(5, "x", "alive")
    one.now_s += 0.2
    assert one.answers(Cleanup(5, "x")) == Cleaned(5, "x", "rolled back")
    assert one.answers(Commit(5, "x", 7)) == Committed(5, "x", False)


def test_a_lock_is_young_again_after_a_restart() -> None:
    """How old it was is not on the disk: that costs time, and no correctness."""
    one = Node("n2")
    one.gets(Prewrite(5, "x", "a", "x"))
    one.now_s += 1
    one.restart()
    assert one.answers(Cleanup(5, "x")) == Cleaned(5, "x", "alive")


def test_a_primary_without_lock_and_write_was_rolled_back() -> None:
    """Section 2.2; and it is so for ever, also for a prewrite that arrives after it."""
    one = Node("n2")
    assert one.answers(Cleanup(5, "x")) == Cleaned(5, "x", "rolled back")
    one.restart()
    assert not is_locked_for(5, one.answers(Prewrite(5, "x", "a", "x")))


def test_what_was_rolled_back_is_never_locked_again() -> None:
    """A prewrite may arrive twice: half of a transaction would come back."""
    one = Node("n2")
    one.gets(Prewrite(5, "x", "a", "x"))
    one.gets(Erase(5, "x"))
    for _ in range(2):
        assert not is_locked_for(5, one.answers(Prewrite(5, "x", "a", "x")))
        one.restart()


def test_what_is_committed_is_never_rolled_back() -> None:
    """An erasure that is late finds the write record."""
    one = shard_with((5, 7, "a"))
    one.gets(Erase(5, "x"))
    assert one.answers(Get(9, "x")) == Value(9, "x", "a")


def test_an_erasure_leaves_the_lock_of_another_transaction() -> None:
    """It names whose lock it is."""
    one = Node("n2")
    one.gets(Prewrite(5, "x", "a", "x"))
    one.gets(Erase(4, "x"))
    assert one.answers(Get(9, "x")) == Locked(9, "x", Lock(5, "x"))


def test_all_columns_survive_restarts() -> None:
    """The second one reads what the first has written anew."""
    one = shard_with((1, 2, "a"), (5, 7, "b"))
    one.gets(Prewrite(9, "x", "c", "p"))
    one.gets(Erase(3, "y"))
    for _ in range(2):
        one.restart()
        assert [one.answers(Get(start_ts, "x")).value for start_ts in (1, 3, 8)] == [None, "a", "b"]
        assert one.answers(Get(9, "x")) == Locked(9, "x", Lock(9, "p"))
        assert one.answers(Cleanup(5, "x")) == Cleaned(5, "x", "committed", 7)
        assert not is_locked_for(3, one.answers(Prewrite(3, "y", "a", "y")))


def test_a_shard_whose_disk_is_damaged_is_silent() -> None:
    """All but a last record that was cut short, of which nobody was told."""
    one = shard_with((5, 7, "a"))
    whole = one.files[ROWS]
    one.files[ROWS] = whole[:-3]
    one.restart()
    assert one.answers(Get(9, "x")) == Locked(9, "x", Lock(5, "x"))
    one.files[ROWS] = b"x" + whole[1:]
    one.restart()
    assert of(Send, one.gets(Get(9, "x"))) == []
