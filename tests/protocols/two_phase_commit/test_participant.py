"""Bernstein, Hadzilacos & Goodman 1987, chapters 3 and 7; Gray & Lamport 2006, section 3: a participant."""

from __future__ import annotations

import pytest

from chaoslab.statemachine import Persist, Probe, Send
from chaoslab_protocols.two_phase_commit.journal import PARTICIPANT
from chaoslab_protocols.two_phase_commit.messages import (
    Abort,
    Acknowledge,
    Commit,
    Inquire,
    Lock,
    Locked,
    Refuse,
    TransactionId,
    Vote,
)
from tests.protocols.two_phase_commit.machines import Node, age, id_of, locks, of, prepare, sends


def participant(**values: int) -> Node:
    """A participant at which *values* were committed."""
    one = Node("n2")
    for serial, (key, value) in enumerate(values.items(), start=100):
        lock = locks(1, serial, key)
        one.gets("n1", lock)
        one.gets("n1", prepare(lock, value))
        one.gets("n1", Commit(lock.transaction))
    return one


def prepared(value: int = 7) -> tuple[Node, TransactionId]:
    """A participant that has voted yes to writing x, and what about."""
    one, lock = participant(x=1), locks(1, 1)
    one.gets("n1", lock)
    one.gets("n1", prepare(lock, value))
    return one, lock.transaction


def test_a_key_is_locked_before_it_is_read() -> None:
    """Section 3.2, rule 1 of two-phase locking: the answer is what the key holds from then on."""
    one, lock = participant(x=5), locks(1, 1)
    assert sends(one.gets("n1", lock), Locked) == [Locked(lock.transaction, 1, (("x", 5),))]


def test_readers_share_a_key_and_a_writer_does_not() -> None:
    """Section 3.2: only read locks do not conflict."""
    one = participant()
    assert sends(one.gets("n1", locks(1, 5, exclusive=False)), Locked)
    assert sends(one.gets("n1", locks(1, 6, exclusive=False)), Locked)
    assert sends(one.gets("n1", locks(1, 7)), Locked) == []


def test_a_younger_transaction_dies_and_an_older_one_waits() -> None:
    """Wait-die: waiting goes from old to young only, so it never goes round in a circle (section 3.11)."""
    one, young = participant(), locks(1, 6)
    one.gets("n1", locks(1, 5))
    assert sends(one.gets("n1", young), Refuse) == [Refuse(young.transaction)]
    assert of(Send, one.gets("n1", locks(1, 4))) == []


def test_who_waits_is_given_the_lock_and_the_value_of_who_had_it() -> None:
    """The oldest first; a younger one that is now in the way of nobody older dies."""
    one, holder = participant(), locks(1, 9)
    one.gets("n1", holder)
    one.gets("n1", locks(1, 5))
    one.gets("n1", locks(1, 4))
    one.gets("n1", prepare(holder, 7))
    effects = one.gets("n1", Commit(holder.transaction))
    assert sends(effects, Locked) == [Locked(locks(1, 4).transaction, 1, (("x", 7),))]
    assert sends(effects, Refuse) == [Refuse(locks(1, 5).transaction)]


def test_a_yes_is_on_the_disk_before_it_is_sent() -> None:
    """Section 7.3, redo rule: the writes are in stable storage before the vote."""
    one, lock = participant(), locks(1, 1)
    one.gets("n1", lock)
    effects = one.gets("n1", prepare(lock, 7))
    assert [type(effect) for effect in effects[:3]] == [Persist, Probe, Send]
    assert sends(effects, Vote) == [Vote(lock.transaction, True)]


def test_prepared_writes_survive_a_crash_locked_and_unread() -> None:
    """They may be committed yet, and may be aborted yet."""
    one, transaction = prepared()
    one.restart()
    assert of(Send, one.gets("n1", locks(1, 0, exclusive=False))) == []
    effects = one.gets("n1", Commit(transaction))
    assert sends(effects, Acknowledge) == [Acknowledge(transaction)]
    assert sends(effects, Locked)[0].values == (("x", 7),)


def test_a_prepared_participant_asks_and_never_decides() -> None:
    """Section 7.4: in its uncertainty period it is blocked."""
    one, transaction = prepared()
    for _ in range(100):
        assert sends(one.waits(1.0), Inquire) == [Inquire(transaction)]
    assert of(Send, one.gets("n1", locks(1, 0, exclusive=False))) == []


def test_who_has_not_voted_may_give_up() -> None:
    """Section 7.4: before its vote a participant can abort by itself."""
    one, lock = participant(), locks(1, 1)
    one.gets("n1", lock)
    assert sends(one.waits(0.6), Refuse) == [Refuse(lock.transaction)]
    assert sends(one.gets("n1", prepare(lock, 7)), Vote) == [Vote(lock.transaction, False)]


def test_locks_that_a_crash_has_dissolved_are_not_voted_for() -> None:
    """Another transaction may have had them in between; even a lock that is taken again is another lock."""
    one, lock = participant(), locks(1, 1)
    one.gets("n1", lock)
    one.restart()
    assert sends(one.gets("n1", prepare(lock, 7)), Vote) == [Vote(lock.transaction, False)]
    one.gets("n1", lock)
    assert sends(one.gets("n1", prepare(lock, 7, incarnation=1)), Vote) == [Vote(lock.transaction, False)]


def test_a_reader_is_done_when_it_has_voted() -> None:
    """Nothing to undo or redo: no record, no second phase."""
    one, reader = participant(x=5), locks(1, 1, exclusive=False)
    one.gets("n1", reader)
    effects = one.gets("n1", prepare(reader))
    assert of(Persist, effects) == []
    assert sends(effects, Vote) == [Vote(reader.transaction, True)]
    assert sends(one.gets("n1", locks(1, 2)), Locked)


def test_a_commit_is_acknowledged_when_it_is_durable_and_again_when_it_is_repeated() -> None:
    """Section 7.4: the coordinator forgets after the acknowledgement, so nobody could tell any more."""
    one, transaction = prepared()
    effects = one.gets("n1", Commit(transaction))
    assert [type(effect) for effect in effects[:3]] == [Persist, Probe, Send]
    assert one.gets("n1", Commit(transaction)) == [Send("n1", Acknowledge(transaction))]
    one.restart()
    assert one.machine.participant is not None
    assert one.machine.participant.values == {"x": 7}


def test_an_aborted_transaction_leaves_nothing() -> None:
    """Its writes were nowhere but in its record."""
    one, transaction = prepared()
    one.gets("n1", Abort(transaction))
    for _ in range(2):
        assert one.machine.participant is not None
        assert one.machine.participant.values == {"x": 1}
        assert one.machine.participant.parts == {}
        one.restart()


@pytest.mark.parametrize("late", [Commit, Abort])
def test_what_is_late_does_not_touch_the_next_attempt(late: type) -> None:
    """The epoch is part of the name."""
    one = participant(x=1)
    first, second = id_of(1), id_of(1, attempt=2)
    again = Lock(second, age(1), (("x", True),))
    one.gets("n1", Abort(first))
    one.gets("n1", again)
    one.gets("n1", prepare(again, 7))
    one.gets("n1", late(first))
    assert one.machine.participant is not None
    assert list(one.machine.participant.parts) == [second]
    assert one.machine.participant.values == {"x": 1}


def test_what_has_ended_does_not_begin_again() -> None:
    """A lock that arrives after the abort, or is repeated after the commit, would be kept for nobody."""
    one, lock = participant(), locks(3, 1)
    one.gets("n1", Abort(lock.transaction))
    assert one.gets("n1", lock) == []
    assert one.gets("n1", locks(2, 1, client="c1")) == []
    assert sends(one.gets("n1", locks(4, 1, client="c1")), Locked)


def test_a_record_that_a_crash_cut_short_is_dropped() -> None:
    """Nobody was told of it."""
    one, _ = prepared()
    one.files[PARTICIPANT] = one.files[PARTICIPANT][:-3]
    one.restart()
    assert one.machine.participant is not None
    assert one.machine.participant.parts == {}
    assert one.machine.participant.values == {"x": 1}


def test_a_participant_whose_disk_lost_what_it_told_keeps_silent() -> None:
    """It may have voted yes to what it does not know of."""
    one, transaction = prepared()
    one.files[PARTICIPANT] = b"?" + one.files[PARTICIPANT][1:]
    one.restart()
    assert of(Send, one.gets("n1", Commit(transaction))) == []
    assert of(Send, one.gets("n1", locks(1, 2))) == []


def test_transactions_of_a_client_are_ordered_by_request_then_incarnation_then_attempt() -> None:
    """So what is over tells what is late."""
    assert id_of(2).is_after(id_of(1, attempt=9))
    assert id_of(1)._replace(incarnation=2).is_after(id_of(1, attempt=9))
    assert not id_of(1).is_after(id_of(1))
