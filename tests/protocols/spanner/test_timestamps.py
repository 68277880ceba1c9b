"""Corbett et al. 2012, sections 3 and 4: intervals, timestamps, commit wait, safe time."""

from __future__ import annotations

import pytest

from chaoslab.errors import UsageError
from chaoslab.statemachine import Persist, SetTimer
from chaoslab_protocols.spanner.messages import CommitAt, Snapshot, SnapshotRead, VoteAt
from chaoslab_protocols.spanner.settings import SKEW_NS, Settings
from chaoslab_protocols.spanner.true_time import TrueTime
from chaoslab_protocols.two_phase_commit.messages import (
    Acknowledge,
    Age,
    Inquire,
    Lock,
    Locked,
    Outcome,
    Prepare,
    TransactionId,
)
from tests.protocols.spanner.machines import EPSILON_US, Node, append, key_of, read

HERE, THERE = key_of("n1"), key_of("n2")
ONE = TransactionId("c9", 1, 1, 1)


def prepared(one: Node, key: str = "x", value: object = (1,), exclusive: bool = True) -> VoteAt:
    """Let *one* be prepared to write *key*, or having read it, for a coordinator elsewhere; return its vote."""
    one.gets("n3", Lock(ONE, Age(1, 1, "n3"), ((key, exclusive),)))
    effects = one.gets("n3", Prepare(ONE, one.participant.incarnation, ((key, value),) if exclusive else ()))
    vote: VoteAt
    (vote,) = one.told(effects, VoteAt)
    return vote


def committed(one: Node, prepared_at: int = 0) -> int:
    """Let *one* coordinate an append at n2, prepared there at *prepared_at*; return the commit timestamp."""
    (lock,) = one.told(one.gets("c1", append(1, THERE)), Lock)
    one.gets("n2", Locked(lock.transaction, 1, ((THERE, None),)))
    one.gets("n2", VoteAt(lock.transaction, True, prepared_at))
    return one.coordinator.timestamp_of(lock.transaction)


def test_true_time_is_an_interval_around_what_the_clock_shows() -> None:
    """Section 3: TT.after(t) is true if t has definitely passed; rounding makes the interval wider."""
    clock = TrueTime(lambda: 1.0000004, 100)
    assert clock.now() == (999_900, 1_000_101)
    assert [clock.after(timestamp) for timestamp in (999_899, 999_900)] == [True, False]


def test_epsilon_is_no_less_than_what_clocks_may_be_off_by() -> None:
    """Otherwise the protocol would promise what it cannot keep."""
    with pytest.raises(UsageError, match="wall clocks may be off by 10ms"):
        Settings(epsilon_ns=SKEW_NS - 1)


def test_a_commit_timestamp_is_no_less_than_the_end_of_the_interval() -> None:
    """Section 4.1.2, start: s >= TT.now().latest, computed after the request has arrived."""
    one = Node()
    assert committed(one) == one.now_us + EPSILON_US


def test_a_commit_timestamp_is_no_less_than_every_prepare_timestamp() -> None:
    """Section 4.2.1: a participant's clock may be ahead, and it has promised not to write in its past."""
    one = Node()
    assert committed(one, one.now_us + 50_000) == one.now_us + 50_000


def test_nobody_hears_of_a_commit_before_its_timestamp_has_passed() -> None:
    """Section 4.1.2, commit wait: neither the participants nor the client, whoever asks."""
    one = Node()
    timestamp = committed(one)
    (id,) = one.coordinator.waiting
    quiet = [*one.fires(after_us=EPSILON_US), *one.gets("n2", Inquire(id)), *one.gets("c1", append(1, THERE))]
    assert one.told(quiet, CommitAt) == one.told(quiet, Outcome) == []
    loud = one.fires("commit wait", after_us=EPSILON_US + 2)
    assert one.told(loud, CommitAt) == [CommitAt(id, timestamp)]
    assert one.told(loud, Outcome)[0].committed


def test_commit_wait_is_about_two_epsilon() -> None:
    """Section 4.2.1: the expected wait is at least twice the uncertainty."""
    one = Node()
    committed(one)
    (timer,) = [effect for effect in one.fires("commit wait") if isinstance(effect, SetTimer)]
    assert timer.after == pytest.approx(2 * EPSILON_US / 1_000_000, abs=1e-5)


def test_a_crash_in_commit_wait_does_not_cut_it_short() -> None:
    """The timestamp is part of the decision."""
    one = Node()
    timestamp = committed(one)
    (id,) = one.coordinator.waiting
    effects = [*one.restart(), *one.gets("c1", append(1, THERE)), *one.gets("n2", Inquire(id))]
    assert one.told(effects, CommitAt) == one.told(effects, Outcome) == []
    assert one.told(one.fires(after_us=2 * EPSILON_US + 2), CommitAt) == [CommitAt(id, timestamp)]
    assert one.told(one.gets("c1", append(1, THERE)), Outcome)[0].committed


def test_prepare_timestamps_only_increase() -> None:
    """Section 4.1.2, monotonicity: even if the clock goes back, also over a crash."""
    one = Node("n2")
    first = prepared(one)
    assert first.timestamp == one.now_us + EPSILON_US
    one.gets("n3", CommitAt(ONE, first.timestamp + 70_000))
    one.now_us -= 5_000
    for _ in range(2):
        assert one.participant.floor >= first.timestamp + 70_000
        one.restart()


def test_a_snapshot_is_the_latest_version_that_is_not_after_the_timestamp() -> None:
    """Section 4.1: the past stays readable."""
    one = Node("n2")
    for timestamp, value in ((100, (1,)), (200, (1, 2))):
        one.participant.add_version("x", timestamp, value)
    for timestamp, value in ((99, None), (100, (1,)), (199, (1,)), (10**6, (1, 2))):
        effects = one.gets("n1", SnapshotRead("c1", 1, timestamp, ("x",)))
        assert one.told(effects, Snapshot) == [Snapshot("c1", 1, timestamp, (("x", value),))]


def test_a_read_waits_for_what_is_prepared_at_or_before_its_timestamp() -> None:
    """Section 4.1.3: t_safe is below the prepare timestamp of what may yet commit."""
    one = Node("n2")
    vote = prepared(one)
    later = SnapshotRead("c1", 1, vote.timestamp, ("x",))
    assert one.told(one.gets("n1", later), Snapshot) == []
    earlier = SnapshotRead("c2", 1, vote.timestamp - 1, ("x",))
    assert one.told(one.gets("n1", earlier), Snapshot) == [Snapshot("c2", 1, earlier.timestamp, (("x", None),))]
    effects = one.gets("n3", CommitAt(ONE, vote.timestamp))
    assert one.told(effects, Snapshot) == [Snapshot("c1", 1, later.timestamp, (("x", (1,)),))]


def test_nothing_is_prepared_at_or_before_a_timestamp_that_was_read_at() -> None:
    """Otherwise the snapshot would change after it was seen; a reader's clock may be ahead."""
    one = Node("n2")
    ahead = one.now_us + 3 * EPSILON_US
    one.gets("n1", SnapshotRead("c1", 1, ahead, ("x",)))
    assert prepared(one).timestamp > ahead


def test_a_crash_does_not_forget_how_far_the_future_was_read() -> None:
    """No clock within epsilon can have shown more than two epsilon after the end of the own interval."""
    one = Node("n2")
    prepared(one, "y")
    ahead = one.now_us + 3 * EPSILON_US  # the end of the interval of a clock that is 2 epsilon ahead of this one
    one.gets("n1", SnapshotRead("c1", 1, ahead, ("x",)))
    one.restart()
    assert one.participant.floor >= ahead


def test_what_was_only_read_stays_locked_until_the_commit_also_over_a_crash() -> None:
    """Else who writes it next could commit at an earlier timestamp than the transaction that has read it."""
    one = Node("n2")
    vote = prepared(one, exclusive=False)
    for _ in range(2):
        other = TransactionId("c8", 1, 1, 1)
        assert one.told(one.gets("n3", Lock(other, Age(1, 0, "n3"), (("x", True),))), Locked) == []
        one.restart()
    effects = one.gets("n3", CommitAt(ONE, vote.timestamp))
    assert one.told(effects, Acknowledge) == [Acknowledge(ONE)]
    assert one.told(one.gets("n3", Lock(TransactionId("c7", 1, 1, 1), Age(1, 9, "n3"), (("x", True),))), Locked)


def test_a_transaction_that_only_reads_locks_nothing_and_writes_nothing() -> None:
    """Section 4.2.2: one timestamp for all participants, TT.now().latest."""
    one = Node()
    effects = one.gets("c1", read(1, HERE, THERE))
    assert one.told(effects, SnapshotRead) == [SnapshotRead("c1", 1, one.now_us + EPSILON_US, (THERE,))]
    assert not any(isinstance(effect, Persist) for effect in effects)
    done = one.gets("n2", Snapshot("c1", 1, one.now_us + EPSILON_US, ((THERE, (7,)),)))
    assert one.told(done, Outcome) == [Outcome(1, True, [["r", HERE, []], ["r", THERE, [7]]])]


def test_an_answer_that_was_asked_for_before_a_crash_is_of_another_snapshot() -> None:
    """The request that is repeated to the new process is read at a new timestamp, and all of it at that one."""
    one = Node()
    (before,) = one.told(one.gets("c1", read(1, THERE)), SnapshotRead)
    one.restart()
    one.now_us += 1_000_000
    (after,) = one.told(one.gets("c1", read(1, THERE)), SnapshotRead)
    assert one.gets("n2", Snapshot("c1", 1, before.timestamp, ((THERE, (7,)),))) == []
    done = one.gets("n2", Snapshot("c1", 1, after.timestamp, ((THERE, (7, 8)),)))
    assert one.told(done, Outcome) == [Outcome(1, True, [["r", THERE, [7, 8]]])]


def test_a_snapshot_that_was_not_answered_is_asked_for_again_at_the_same_timestamp() -> None:
    """All of it is one snapshot."""
    one = Node()
    first = one.told(one.gets("c1", read(1, THERE)), SnapshotRead)
    assert one.told(one.fires(after_us=50_000), SnapshotRead) == first
    assert one.told(one.gets("c1", read(1, THERE)), SnapshotRead) == []
