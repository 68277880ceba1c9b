"""Paxos Made Moderately Complex, figure 1 and invariants R1 to R5: the replica; and the client."""

from __future__ import annotations

from chaoslab.statemachine import Complete, Invocation, Probe
from chaoslab_protocols.multi_paxos.client import Client
from chaoslab_protocols.multi_paxos.messages import (
    NO_OP,
    Alive,
    Ballot,
    ClientRequest,
    ClientResponse,
    Command,
    Decision,
    Decisions,
    Learn,
    Propose,
)
from tests.protocols.multi_paxos.machines import Server, command, context, of, request, sends


def test_a_request_is_proposed_to_all_leaders_for_the_next_slot() -> None:
    """Figure 1, propose: for each leader: send propose, slot_in, c."""
    replica = Server()
    effects = replica.gets("c1", request(1))
    assert sends(effects, Propose) == [Propose(1, command(1))] * 2
    assert replica.machine.leader.proposals == {1: command(1)}
    assert sends(replica.gets("c2", request(1, "c2")), Propose, "n2") == [Propose(2, command(1, "c2"))]


def test_a_replica_proposes_no_further_than_the_window() -> None:
    """R5: slot_in < slot_out + WINDOW; the rest waits."""
    replica = Server()
    for number in range(replica.machine.replica.window + 3):
        replica.gets(f"c{number}", request(1, f"c{number}"))
    assert len(replica.machine.replica.requests) == 3
    replica.gets("n2", Decision(1, command(1, "c0")))
    assert len(replica.machine.replica.requests) == 2


def test_decisions_are_executed_in_the_order_of_slots() -> None:
    """R3: what is decided for a slot waits until all before it is executed."""
    replica = Server()
    replica.gets("n2", Decision(2, command(2)))
    assert replica.machine.replica.state_machine.values == {}
    replica.gets("n2", Decision(1, command(1)))
    assert replica.machine.replica.state_machine.values == {"x": 2}
    assert replica.machine.replica.slot_out == 3


def test_a_command_that_was_outvoted_is_proposed_again() -> None:
    """Figure 1: if c' differs from c, requests := requests with c."""
    replica = Server()
    replica.gets("c1", request(1))
    effects = replica.gets("n2", Decision(1, command(7, "c2")))
    assert Probe("outvoted") in effects
    assert sends(effects, Propose, "n2") == [Propose(2, command(1))]


def test_a_command_that_is_decided_twice_is_carried_out_once() -> None:
    """Figure 1, perform: if there is an earlier slot with it, only slot_out goes on."""
    replica = Server()
    append = Command("c1", 1, Invocation(f="append", key="x", value="a"))
    for slot in (1, 2):
        replica.gets("n2", Decision(slot, append))
    assert replica.machine.replica.state_machine.values == {"x": "a"}
    assert replica.machine.replica.slot_out == 3


def test_a_no_op_changes_nothing() -> None:
    """Paxos Made Simple, section 3."""
    replica = Server()
    replica.gets("n2", Decision(1, NO_OP))
    assert (replica.machine.replica.slot_out, replica.machine.replica.state_machine.values) == (2, {})


def test_the_client_that_asked_is_answered_when_its_command_is_executed() -> None:
    """Figure 1, perform: send response, cid, result."""
    replica = Server()
    replica.gets("c1", request(1))
    effects = replica.gets("n2", Decision(1, command(1)))
    assert sends(effects, ClientResponse, "c1") == [ClientResponse(1)]
    assert sends(replica.gets("n2", Decision(2, command(1, "c2"))), ClientResponse) == []


def test_a_request_that_is_repeated_is_answered_as_before_and_not_proposed() -> None:
    """The session remembers the answer, at whichever replica the client asks again."""
    replica = Server()
    replica.gets("n2", Decision(1, command(1, f="read")))
    replica.gets("n2", Decision(2, command(5, "c2")))
    assert replica.hears("c1", request(1, f="read")) == ClientResponse(1, None)
    assert sends(replica.gets("c1", request(1, f="read")), Propose) == []


def test_an_old_request_that_arrives_late_is_not_proposed() -> None:
    """Its client has gone on to the next."""
    replica = Server()
    replica.gets("c1", request(2))
    assert replica.gets("c1", request(1)) == []


def test_a_replica_that_is_behind_learns_what_was_decided() -> None:
    """Section 4.2: a replica that missed decisions gets them from another."""
    ahead, behind = Server("n2"), Server("n1")
    for slot in range(1, 101):
        ahead.gets("n3", Decision(slot, command(slot)))
    (learn,) = sends(behind.gets("n2", Alive(Ballot(1, "n2"), 101)), Learn)
    while isinstance(learn, Learn):
        decisions = ahead.hears("n1", learn)
        assert isinstance(decisions, Decisions)
        (learn,) = sends(behind.gets("n2", decisions), Learn) or (None,)
    assert behind.machine.replica.slot_out == 101
    assert behind.machine.replica.state_machine.values == {"x": 100}


def test_an_operation_that_no_store_knows_is_refused() -> None:
    """It is never proposed."""
    assert Server().hears("c1", request(1, f="fly")).refusal == "a store does not know 'fly'"


def test_a_client_asks_the_next_replica_under_the_same_number() -> None:
    """Section 2: a command that is sent twice is the same command."""
    client = Client(context("n2"))
    first = client.invoke(Invocation(f="write", key="x", value=1))
    again = client.timer("try")
    assert sends(first, ClientRequest, "n2") == sends(again, ClientRequest, "n3")
    assert of(Complete, client.message("n3", ClientResponse(1))) == [Complete("ok", node="n3")]
    assert client.message("n2", ClientResponse(1)) is None


def test_a_write_that_was_not_answered_in_time_is_unknown() -> None:
    """A read that was not answered did nothing."""
    client = Client(context("n2"))
    for f, type in (("write", "info"), ("read", "fail")):
        client.invoke(Invocation(f=f, key="x", value=1))
        assert [done.type for done in of(Complete, client.timer("timeout"))] == [type]
