"""Peng & Dabek 2010, section 2.2, figures 4 and 6: how a client drives a transaction, and cleans up after others."""

from __future__ import annotations

import pytest

from chaoslab.errors import UsageError
from chaoslab.statemachine import Complete, SetTimer
from chaoslab_protocols.percolator.messages import (
    Cleaned,
    Cleanup,
    Commit,
    Committed,
    Erase,
    Get,
    GetTimestamp,
    Lock,
    Locked,
    Prewrite,
    Prewritten,
    Timestamp,
    Value,
)
from chaoslab_protocols.percolator.settings import Settings
from tests.protocols.percolator.machines import Driver, appends, of, on_2, on_3, sends


def test_a_transaction_begins_with_a_timestamp_of_the_oracle() -> None:
    """Figure 6, the constructor; it reads nothing before."""
    one = Driver()
    effects = one.invokes(("r", on_2, None))
    assert sends(effects, GetTimestamp, "n1") == [GetTimestamp(1)]
    assert sends(one.is_given(5), Get, "n2") == [Get(5, on_2)]


def test_what_only_reads_has_ended_when_all_is_read() -> None:
    """It takes no lock and no second timestamp."""
    effects = Driver().reads(5, ("r", on_2, None), ("r", on_3, None), **{on_2: (3,)})
    assert of(Complete, effects) == [Complete("ok", [["r", on_2, [3]], ["r", on_3, []]], node="n2")]


def test_the_primary_is_locked_before_any_secondary() -> None:
    """Figure 6, Commit; every lock names the primary."""
    one = Driver()
    effects = one.reads(5, *appends)
    assert sends(effects, Prewrite) == [Prewrite(5, on_2, (1,), on_2)]
    effects = one.hears(Prewritten(5, on_2))
    assert sends(effects, Prewrite) == [Prewrite(5, on_3, (1,), on_2)]


def test_the_commit_timestamp_is_asked_for_when_all_is_locked() -> None:
    """Figure 6, Commit: whoever gets a later one then meets the locks."""
    one = Driver()
    one.reads(5, *appends)
    assert sends(one.hears(Prewritten(5, on_2)), GetTimestamp) == []
    assert sends(one.hears(Prewritten(5, on_3)), GetTimestamp) == [GetTimestamp(2)]


def test_an_answer_of_the_oracle_to_an_earlier_call_is_not_taken_for_the_commit_timestamp() -> None:
    """It may be older than locks that others have read past."""
    one = Driver()
    one.prewrites(5, *appends)
    assert one.hears(Timestamp(1, 6), "n1") == []


def test_the_primary_is_committed_first_and_decides() -> None:
    """Figure 6, Commit: that is the commit point; the secondaries follow, and nobody waits for them."""
    one = Driver()
    one.prewrites(5, *appends)
    assert sends(one.is_given(8), Commit) == [Commit(5, on_2, 8)]
    effects = one.hears(Committed(5, on_2, True))
    assert sends(effects, Commit) == [Commit(5, on_3, 8)]
    assert [one.type for one in of(Complete, effects)] == ["ok"]


def test_a_transaction_that_is_refused_is_rolled_back_and_tried_at_another_timestamp() -> None:
    """Figure 6, Commit: a prewrite that fails aborts; that nothing was committed is certain."""
    one = Driver()
    one.reads(5, *appends)
    one.hears(Prewritten(5, on_2))
    effects = one.hears(Prewritten(5, on_3, "locked"))
    assert sends(effects, Erase) == [Erase(5, on_2), Erase(5, on_3)]
    assert of(Complete, effects) == []
    assert sends(one.client.timer("try"), GetTimestamp) == [GetTimestamp(2)]


def test_a_transaction_whose_primary_lock_is_gone_is_aborted() -> None:
    """Figure 6, Commit; its last attempt tells the reason."""
    one = Driver(attempts=1)
    one.prewrites(5, *appends)
    one.is_given(8)
    (told,) = of(Complete, one.hears(Committed(5, on_2, False)))
    assert told.type == "fail"
    assert "taken for dead" in told.error


def test_who_meets_a_lock_asks_its_primary_and_looks_again_later() -> None:
    """Section 2.2, BackoffAndMaybeCleanupLock: the lock itself does not say what became of its owner."""
    one = Driver()
    one.invokes(("r", on_2, None))
    one.is_given(9)
    effects = one.hears(Locked(9, on_2, Lock(5, on_3)))
    assert sends(effects, Cleanup, "n3") == [Cleanup(5, on_3)]
    (timer,) = of(SetTimer, effects)
    assert timer.after == one.client.BACKOFF_S
    assert one.hears(Cleaned(5, on_3, "alive")) == []
    assert sends(one.client.timer("try"), Get) == [Get(9, on_2)]


@pytest.mark.parametrize(
    ("cleaned", "call"),
    [
        (Cleaned(5, on_3, "committed", 7), Commit(5, on_2, 7)),
        (Cleaned(5, on_3, "rolled back"), Erase(5, on_2)),
    ],
)
def test_a_lock_is_rolled_forward_or_back_as_its_primary_says(cleaned: Cleaned, call: Commit | Erase) -> None:
    """Section 2.2: forward if there is a write record, back if the primary lock is gone; then the row is read again."""
    one = Driver()
    one.invokes(("r", on_2, None))
    one.is_given(9)
    one.hears(Locked(9, on_2, Lock(5, on_3)))
    effects = one.hears(cleaned)
    assert sends(effects, type(call), "n2") == [call]
    assert sends(effects, Get, "n2") == [Get(9, on_2)]


def test_what_was_not_answered_is_asked_again() -> None:
    """Messages may be lost; who has answered is left alone."""
    one = Driver()
    one.invokes(("r", on_2, None), ("r", on_3, None))
    assert sends(one.client.timer("try"), GetTimestamp) == [GetTimestamp(1)]
    one.is_given(5)
    one.hears(Value(5, on_2, None))
    assert sends(one.client.timer("try"), Get) == [Get(5, on_3)]


def test_answers_to_an_earlier_attempt_are_not_taken_for_ones_to_this() -> None:
    """start_ts tells them apart."""
    one = Driver()
    one.reads(5, *appends)
    one.hears(Prewritten(5, on_2, "locked"))
    one.client.timer("try")
    one.is_given(9)
    assert one.hears(Value(5, on_2, (4,))) == []
    assert one.hears(Prewritten(5, on_2)) == []


def test_a_client_that_gives_up_leaves_its_locks_and_knows_what_it_knows() -> None:
    """Before it asked for the commit of its primary nothing can have happened; after that nobody knows."""
    one, other = Driver(), Driver()
    one.prewrites(5, *appends)
    effects = one.client.timer("timeout")
    assert sends(effects, Erase) == []
    assert [one.type for one in of(Complete, effects)] == ["fail"]
    other.prewrites(5, *appends)
    other.is_given(8)
    assert [one.type for one in of(Complete, other.client.timer("timeout"))] == ["info"]


def test_an_operation_that_it_does_not_know_is_refused() -> None:
    """In words."""
    (told,) = of(Complete, Driver().invokes(("w", on_2, 1)))
    assert told == Complete("fail", error="a transaction can read (r) and append, not 'w'")


@pytest.mark.parametrize("settings", [{"lock_life_ns": 0}, {"block": 0}, {"attempts": 0}])
def test_settings_that_cannot_work_are_refused(settings: dict[str, int]) -> None:
    """At once, in words."""
    with pytest.raises(UsageError, match=r"\.$"):
        Settings(**settings)
