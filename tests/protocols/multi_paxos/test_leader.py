"""Paxos Made Moderately Complex, figures 6 and 7: leader, scout and commander."""

from __future__ import annotations

from chaoslab.statemachine import Become, Persist, Probe, SetTimer
from chaoslab_protocols.multi_paxos.messages import (
    NO_OP,
    Alive,
    Ballot,
    Decision,
    P1a,
    P1b,
    P2a,
    P2b,
    Propose,
    PValue,
)
from tests.protocols.multi_paxos.machines import Server, accepted_by, active, command, of, pvalue, sends


def test_a_leader_that_hears_of_no_other_scouts_with_a_ballot_of_its_own() -> None:
    """Figure 7: spawn(Scout(self, acceptors, ballot_num))."""
    effects = Server().fires("silence")
    assert sends(effects, P1a) == [P1a(Ballot(1, "n1"), 1)] * 2
    assert Become("scouting") in effects


def test_a_ballot_is_on_the_own_disk_before_others_hear_of_it() -> None:
    """So a leader that starts again does not use it a second time (section 2.3: ballots are unique)."""
    server = Server()
    effects = server.fires("silence")
    first_sent = next(index for index, effect in enumerate(effects) if sends([effect], P1a))
    assert any(isinstance(effect, Persist) for effect in effects[:first_sent])
    server.restart()
    assert sends(server.fires("silence"), P1a)[0].ballot == Ballot(2, "n1")


def test_a_ballot_is_adopted_when_a_majority_has_promised_it() -> None:
    """Figure 6: |waitfor| < |acceptors| / 2; its own acceptor is one of them."""
    server = Server()
    server.fires("silence")
    effects = server.gets("n3", P1b(Ballot(1, "n1"), (), Ballot(1, "n1")))
    assert Probe("adopted") in effects
    assert sends(effects, Alive, "n2") == [Alive(Ballot(1, "n1"), 1)]


def test_one_acceptor_that_answers_twice_counts_once() -> None:
    """Figure 6: waitfor is a set of acceptors."""
    server = Server("n1")
    server.machine.leader.quorum_1 = 3
    server.fires("silence")
    server.gets("n3", P1b(Ballot(1, "n1"), (), Ballot(1, "n1")))
    server.gets("n3", P1b(Ballot(1, "n1"), (), Ballot(1, "n1")))
    assert server.machine.leader.role == "scouting"


def test_of_each_slot_the_pvalue_with_the_highest_ballot_is_proposed() -> None:
    """Figure 7: proposals := proposals ◁ pmax(pvals); both commands may not have been decided, the later may."""
    leader = Server()
    leader.gets("n3", P2a(pvalue(3, 1, 5)))
    leader.fires("silence")
    effects = leader.gets(
        "n2", P1b(leader.machine.leader.ballot_num, (pvalue(5, 1, 6, "n3"),), leader.machine.leader.ballot_num)
    )
    assert sends(effects, P2a, "n2") == [P2a(PValue(leader.machine.leader.ballot_num, 1, command(6)))]


def test_what_acceptors_had_accepted_goes_before_the_leaders_own_proposal() -> None:
    """Figure 7: ◁ prefers the right side."""
    leader = Server()
    leader.gets("n3", Propose(1, command(4, "c2")))
    leader.gets("n3", Propose(2, command(5, "c2")))
    active(pvalue(0, 1, 6), one=leader)
    assert leader.machine.leader.proposals == {1: command(6), 2: command(5, "c2")}


def test_holes_before_what_may_be_decided_are_filled_with_no_ops() -> None:
    """Paxos Made Simple, section 3: a no-op leaves the state unchanged, and lets what follows be executed."""
    leader = active(pvalue(0, 3, 6))
    assert leader.machine.leader.proposals == {1: NO_OP, 2: NO_OP, 3: command(6)}
    for slot in (1, 2, 3):
        accepted_by(leader, "n3", slot)
    assert leader.machine.replica.state_machine.values == {"x": 6}


def test_a_proposal_is_commanded_while_the_leader_is_active() -> None:
    """Figure 7: on propose, if there is no proposal for the slot: spawn(Commander(...)) if active."""
    leader = active()
    first = sends(leader.gets("n2", Propose(1, command(4))), P2a, "n2")
    assert first == [P2a(PValue(Ballot(1, "n1"), 1, command(4)))]
    assert leader.gets("n2", Propose(1, command(5, "c2"))) == []
    assert sends(Server().gets("n2", Propose(1, command(4))), P2a) == []


def test_a_command_is_decided_when_a_majority_has_accepted_it() -> None:
    """Figure 6: send decision to all replicas."""
    leader = active()
    leader.gets("n2", Propose(1, command(4)))
    effects = accepted_by(leader, "n3", 1)
    assert effects[0] == Probe("decided")
    assert sends(effects, Decision) == [Decision(1, command(4))] * 2
    assert leader.machine.replica.state_machine.values == {"x": 4}


def test_one_acceptor_is_no_majority() -> None:
    """With five acceptors the leader's own and one more are not enough."""
    leader = active()
    leader.machine.leader.quorum_2 = 3
    leader.gets("n2", Propose(1, command(4)))
    for _ in range(3):
        assert sends(accepted_by(leader, "n3", 1), Decision) == []


def test_a_higher_ballot_preempts_a_scout_and_a_commander() -> None:
    """Figure 7: on preempted, if higher: ballot_num above it, active := false."""
    scouting = Server()
    scouting.fires("silence")
    commanding = active()
    for server, answer in (
        (scouting, P1b(Ballot(7, "n3"), (), Ballot(1, "n1"))),
        (commanding, P2b(Ballot(7, "n3"), 1, Ballot(1, "n1"))),
    ):
        effects = server.gets("n3", answer)
        assert Probe("preempted") in effects
        assert server.machine.leader.role == "passive"
        assert sends(server.fires("silence"), P1a)[0].ballot == Ballot(8, "n1")


def test_the_answer_to_an_earlier_ballot_counts_for_nothing() -> None:
    """Ballots tell answers apart."""
    server = active()
    server.gets("n3", P1b(Ballot(4, "n3"), (), Ballot(1, "n1")))
    server.fires("silence")
    server.gets("n2", P1b(Ballot(1, "n1"), (), Ballot(1, "n1")))
    assert server.machine.leader.role == "scouting"


def test_what_answers_an_earlier_scout_is_no_promise_to_this_one() -> None:
    """Figure 4: the answer goes to the scout that asked. It names the ballot promised now, and fewer slots."""
    server = active()
    server.gets("n3", P1b(Ballot(4, "n3"), (), Ballot(1, "n1")))
    server.fires("silence")
    ballot = server.machine.leader.ballot_num
    server.gets("n2", P1b(ballot, (), Ballot(1, "n1")))
    assert server.machine.leader.role == "scouting"
    server.gets("n2", P1b(ballot, (pvalue(1, 1, 9),), ballot))
    assert server.machine.leader.proposals == {1: command(9)}


def test_what_answers_an_earlier_commander_is_no_vote_for_this_one() -> None:
    """Figure 4: an acceptor that has promised a later ballot of the same leader has not accepted anything under it."""
    leader = active()
    leader.gets("n3", P1b(Ballot(4, "n3"), (), Ballot(1, "n1")))
    leader = active(one=leader)
    leader.gets("n2", Propose(1, command(4)))
    ballot = leader.machine.leader.ballot_num
    assert sends(leader.gets("n3", P2b(ballot, 1, Ballot(1, "n1"))), Decision) == []
    assert sends(leader.gets("n3", P2b(ballot, 1, ballot)), Decision) == [Decision(1, command(4))] * 2


def test_a_leader_that_hears_of_a_living_one_keeps_still() -> None:
    """Section 3: a passive leader does not compete with one that works; one of the past does not count."""
    server = Server()
    assert [timer.name for timer in of(SetTimer, server.gets("n2", Alive(Ballot(3, "n2"), 1)))] == ["silence"]
    assert of(SetTimer, server.gets("n3", Alive(Ballot(2, "n3"), 1))) == []


def test_what_was_not_answered_is_sent_again_to_those_who_did_not_answer() -> None:
    """The paper assumes that messages between correct processes arrive; here they may be lost."""
    leader = active()
    leader.machine.leader.quorum_2 = 3
    leader.gets("n2", Propose(1, command(4)))
    accepted_by(leader, "n3", 1)
    again = leader.fires("tick")
    assert (len(sends(again, P2a, "n2")), len(sends(again, P2a, "n3"))) == (1, 0)


def test_a_leader_whom_nobody_answers_turns_passive() -> None:
    """It may be one whom all hear and who hears nobody: as long as it is alive, no other would try."""
    leader = active()
    leader.gets("n2", Propose(1, command(4)))
    for _ in range(leader.machine.leader.TRIES_MAX):
        leader.fires("tick")
    assert leader.machine.leader.role == "passive"


def test_a_proposal_for_a_decided_slot_is_answered_with_the_decision() -> None:
    """Whoever proposes for it is behind."""
    leader = active()
    leader.gets("n2", Propose(1, command(4)))
    accepted_by(leader, "n3", 1)
    assert leader.hears("n2", Propose(1, command(9, "c2"))) == Decision(1, command(4))
