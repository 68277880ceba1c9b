"""Bernstein, Hadzilacos & Goodman 1987, sections 7.3 to 7.5; Gray & Lamport 2006, section 3: a coordinator."""

from __future__ import annotations

from chaoslab.statemachine import Persist, Probe, Send
from chaoslab_protocols.two_phase_commit.messages import (
    Abort,
    Acknowledge,
    Commit,
    Inquire,
    Lock,
    Locked,
    Outcome,
    Prepare,
    Refuse,
    Vote,
)
from chaoslab_protocols.two_phase_commit.settings import Settings
from tests.protocols.two_phase_commit.machines import Node, begin, id_of, of, on_2, on_3, sends, voted


def coordinator(**settings: int) -> Node:
    return Node("n1", Settings(**settings))


def test_every_participant_is_asked_to_lock_what_is_needed_there() -> None:
    """A transaction is one request: what it needs is known at once."""
    effects = coordinator().gets("c1", begin(1, ("r", on_2, None), ("append", on_3, 1)))
    assert sends(effects, Lock, "n2")[0].needs == ((on_2, False),)
    assert sends(effects, Lock, "n3")[0].needs == ((on_3, True),)


def test_nobody_is_asked_to_prepare_before_all_have_locked() -> None:
    """The lock point: only then may a participant unlock what was only read."""
    one = coordinator()
    one.gets("c1", begin())
    assert of(Send, one.gets("n2", Locked(id_of(1), 1, ((on_2, None),)))) == []
    effects = one.gets("n3", Locked(id_of(1), 4, ((on_3, (8,)),)))
    assert sends(effects, Prepare, "n2") == [Prepare(id_of(1), 1, ((on_2, (1,)),))]
    assert sends(effects, Prepare, "n3") == [Prepare(id_of(1), 4, ((on_3, (8, 1)),))]


def test_it_commits_when_all_have_voted_yes_and_not_before() -> None:
    """Section 7.4: commit if all votes, one for each participant, are yes."""
    one = coordinator()
    effects = voted(one, begin(), "n2", "n3")
    assert sends(effects, Commit, "n2") == sends(effects, Commit, "n3") == [Commit(id_of(1))]
    assert sends(effects, Outcome, "c1")[0].committed
    other = coordinator()
    other.gets("c1", begin())
    for shard, key in (("n2", on_2), ("n3", on_3)):
        other.gets(shard, Locked(id_of(1), 1, ((key, None),)))
    assert of(Send, other.gets("n2", Vote(id_of(1), True)) + other.gets("n2", Vote(id_of(1), True))) == []


def test_the_decision_is_on_the_disk_before_anybody_is_told() -> None:
    """Section 7.4: the coordinator commits by writing its record."""
    effects = voted(coordinator(), begin(), "n2", "n3")
    assert [type(effect) for effect in effects[:2]] == [Persist, Probe]
    assert all(isinstance(effect, Send) for effect in effects[2:])


def test_one_no_aborts() -> None:
    """Section 7.4; the attempt, not the request: another attempt follows, under another epoch and of the same age."""
    one = coordinator()
    first = sends(one.gets("c1", begin()), Lock)[0]
    for shard, key in (("n2", on_2), ("n3", on_3)):
        one.gets(shard, Locked(id_of(1), 1, ((key, None),)))
    effects = one.gets("n3", Vote(id_of(1), False))
    assert sends(effects, Abort, "n2") == sends(effects, Abort, "n3") == [Abort(id_of(1))]
    again = sends(one.waits(), Lock)[0]
    assert (again.transaction, again.age) == (id_of(1, attempt=2), first.age)


def test_what_was_not_answered_is_asked_again() -> None:
    """Messages may be lost; who has answered is left alone."""
    one = coordinator()
    one.gets("c1", begin())
    one.gets("n2", Locked(id_of(1), 1, ((on_2, None),)))
    assert [effect.to for effect in of(Send, one.waits())] == ["n3"]
    one.gets("n3", Locked(id_of(1), 1, ((on_3, None),)))
    one.gets("n3", Vote(id_of(1), True))
    assert [effect.to for effect in of(Send, one.waits())] == ["n2"]


def test_an_attempt_that_takes_too_long_is_aborted() -> None:
    """Section 7.4: while it waits for votes the coordinator may decide abort."""
    one = coordinator()
    one.gets("c1", begin())
    assert sends(one.waits(0.6), Abort, "n2") == [Abort(id_of(1))]


def test_a_commit_is_told_until_all_have_acknowledged() -> None:
    """Also after a crash: the record says who is to be told."""
    one = coordinator()
    voted(one, begin(), "n2", "n3")
    one.gets("n2", Acknowledge(id_of(1)))
    one.waits()
    assert [effect.to for effect in of(Send, one.waits())] == ["n3"]
    assert sends(one.restart(), Commit, "n3") == [Commit(id_of(1))]
    one.gets("n2", Acknowledge(id_of(1)))
    one.gets("n3", Acknowledge(id_of(1)))
    assert of(Send, one.waits()) == []
    assert of(Send, one.restart()) == []


def test_who_asks_is_told_what_the_log_says_and_abort_if_it_says_nothing() -> None:
    """Presumed abort; but what is under way may yet be committed, and is not answered."""
    one = coordinator()
    voted(one, begin(), "n2", "n3")
    one.gets("c2", begin())
    one.restart()
    assert sends(one.gets("n3", Inquire(id_of(1))), Commit) == [Commit(id_of(1))]
    assert sends(one.gets("n3", Inquire(id_of(1, "c2"))), Abort) == [Abort(id_of(1, "c2"))]
    one.gets("c3", begin())
    under_way = id_of(1, "c3")._replace(incarnation=2)
    assert one.gets("n3", Inquire(under_way)) == []


def test_a_request_that_is_repeated_is_answered_again_and_not_done_again() -> None:
    """The answer is part of the decision."""
    one = coordinator()
    (answer,) = sends(voted(one, begin(), "n2", "n3"), Outcome)
    for _ in range(2):
        effects = one.gets("c1", begin())
        assert sends(effects, Outcome) == [answer]
        assert sends(effects, Lock) == []
        one.restart()


def test_a_request_of_the_past_is_not_carried_out() -> None:
    """Its client has gone on."""
    one = coordinator()
    voted(one, begin(2), "n2", "n3")
    assert one.gets("c1", begin(1)) == []


def test_a_request_that_was_answered_as_failed_is_never_tried_again() -> None:
    """Its client believes that it did not happen; the disk knows before the client."""
    one = coordinator(attempts=1)
    one.gets("c1", begin())
    one.gets("n2", Refuse(id_of(1)))
    effects = one.waits()
    assert [type(effect) for effect in effects[:3]] == [Persist, Probe, Send]
    (answer,) = sends(effects, Outcome)
    assert not answer.committed
    one.restart()
    assert sends(one.gets("c1", begin()), Outcome) == [answer]


def test_a_client_that_goes_on_has_given_its_last_request_up() -> None:
    """What is not decided of it is aborted: it would only hold locks."""
    one = coordinator()
    one.gets("c1", begin(1))
    effects = one.gets("c1", begin(2))
    assert sends(effects, Abort) == [Abort(id_of(1))] * 2
    assert sends(effects, Lock)[0].transaction == id_of(2)


def test_a_transaction_that_only_reads_needs_no_record() -> None:
    """There is nothing that anybody could ask about."""
    effects = voted(coordinator(), begin(1, ("r", on_2, None)), "n2")
    assert of(Persist, effects) == []
    assert sends(effects, Outcome) == [Outcome(1, True, [["r", on_2, []]])]


def test_an_operation_that_it_does_not_know_is_refused() -> None:
    """In words."""
    (answer,) = sends(coordinator().gets("c1", begin(1, ("w", on_2, 1))), Outcome)
    assert answer.why == "a transaction can read (r) and append, not 'w'"
