"""Paxos Made Moderately Complex, figure 4 and invariants A1 to A5: the acceptor."""

from __future__ import annotations

import pytest

from chaoslab.statemachine import Persist, Probe, Send
from chaoslab_protocols.multi_paxos.journal import JOURNAL
from chaoslab_protocols.multi_paxos.messages import Ballot, P1a, P1b, P2a, P2b
from tests.protocols.multi_paxos.machines import Server, of, pvalue


def test_a_higher_ballot_is_promised() -> None:
    """On p1a: if b > ballot_num then ballot_num := b."""
    assert Server().hears("n2", P1a(Ballot(3, "n2"), 1)) == P1b(Ballot(3, "n2"), (), Ballot(3, "n2"))


def test_a_lower_ballot_is_told_the_higher_one() -> None:
    """A1: an acceptor can only adopt strictly increasing ballot numbers."""
    acceptor = Server()
    acceptor.gets("n3", P1a(Ballot(3, "n3"), 1))
    assert acceptor.hears("n2", P1a(Ballot(3, "n2"), 1)) == P1b(Ballot(3, "n3"), (), Ballot(3, "n2"))
    assert acceptor.hears("n2", P2a(pvalue(2, 1, 9))) == P2b(Ballot(3, "n3"), 1, Ballot(2, "n2"))
    assert acceptor.machine.acceptor.accepted == {}


def test_a_pvalue_is_accepted_under_the_ballot_promised() -> None:
    """A2: an acceptor can only add ⟨b, s, c⟩ to accepted if b = ballot_num."""
    acceptor = Server()
    acceptor.gets("n2", P1a(Ballot(3, "n2"), 1))
    assert acceptor.hears("n2", P2a(pvalue(3, 1, 9))) == P2b(Ballot(3, "n2"), 1, Ballot(3, "n2"))
    assert acceptor.machine.acceptor.accepted == {1: pvalue(3, 1, 9)}


def test_a_higher_ballot_that_comes_with_a_pvalue_is_promised_as_well() -> None:
    """Otherwise the acceptor could later accept something of a lower one."""
    acceptor = Server()
    acceptor.gets("n2", P2a(pvalue(3, 1, 9)))
    assert acceptor.hears("n3", P1a(Ballot(2, "n3"), 1)).ballot == Ballot(3, "n2")


def test_a_promise_tells_what_was_accepted_from_the_slot_asked_for() -> None:
    """A3: accepted is not forgotten; section 4.1: of a slot the latest is enough, and decided slots are left out."""
    acceptor = Server()
    for one in (pvalue(1, 1, 5), pvalue(1, 2, 6), pvalue(2, 2, 7)):
        acceptor.gets("n2", P2a(one))
    assert acceptor.hears("n3", P1a(Ballot(3, "n3"), 2)).accepted == (pvalue(2, 2, 7),)


@pytest.mark.parametrize("message", [P1a(Ballot(3, "n2"), 1), P2a(pvalue(3, 1, 9))])
def test_the_disk_has_it_before_it_is_answered(message: object) -> None:
    """Section 4: promise and acceptance outlive a restart."""
    acceptor = Server()
    effects = acceptor.gets("n2", message)
    assert [type(effect) for effect in effects] == [Persist, Probe, Send]
    before = acceptor.machine.acceptor
    acceptor.restart()
    assert acceptor.machine.acceptor.ballot_num == before.ballot_num == Ballot(3, "n2")
    assert acceptor.machine.acceptor.accepted == before.accepted


def test_what_is_sent_again_is_answered_and_not_written_again() -> None:
    """The network may repeat."""
    acceptor = Server()
    acceptor.gets("n2", P2a(pvalue(3, 1, 9)))
    assert of(Persist, acceptor.gets("n2", P2a(pvalue(3, 1, 9)))) == []


def test_a_record_that_a_crash_cut_short_is_dropped() -> None:
    """It was not answered for; what was before it counts, and what follows is readable."""
    acceptor = Server()
    acceptor.gets("n2", P1a(Ballot(3, "n2"), 1))
    whole = acceptor.files[JOURNAL]
    acceptor.gets("n2", P2a(pvalue(4, 1, 9)))
    acceptor.files[JOURNAL] = acceptor.files[JOURNAL][: len(whole) + 12]
    acceptor.restart()
    assert acceptor.machine.acceptor.ballot_num == Ballot(3, "n2")
    acceptor.gets("n2", P2a(pvalue(5, 1, 8)))
    acceptor.restart()
    assert acceptor.machine.acceptor.accepted == {1: pvalue(5, 1, 8)}


def test_an_acceptor_whose_disk_lost_what_it_answered_for_votes_no_more() -> None:
    """Paxos Made Live, section 5.1: it does not know what it has promised."""
    acceptor = Server()
    acceptor.gets("n2", P1a(Ballot(3, "n2"), 1))
    acceptor.gets("n2", P2a(pvalue(3, 1, 9)))
    acceptor.files[JOURNAL] = b"?" + acceptor.files[JOURNAL][1:]
    for _ in range(2):
        acceptor.restart()
        assert acceptor.gets("n3", P1a(Ballot(9, "n3"), 1)) == []
        assert acceptor.gets("n3", P2a(pvalue(9, 1, 1))) == []
