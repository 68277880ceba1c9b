"""Viewstamped Replication Revisited, section 4.1: normal operation, step by step; and the client."""

from __future__ import annotations

from chaoslab.statemachine import Become, Complete, Invocation, Persist, Probe, Send
from chaoslab_protocols.viewstamped.client import Client
from chaoslab_protocols.viewstamped.messages import Commit, GetState, Prepare, PrepareOk, Redirect, Reply, Request
from tests.protocols.viewstamped.replicas import Replica, context, of, request, sends

FIVE = ("n1", "n2", "n3", "n4", "n5")


def test_the_first_replica_is_the_primary_of_the_first_view() -> None:
    """Section 4: the primary is chosen round-robin, starting with replica 1."""
    assert Become("primary") in Replica("n1").started
    assert Become("backup") in Replica("n2").started


def test_the_primary_gives_a_request_an_op_number_and_lets_the_others_prepare_it() -> None:
    """Step 3: it adds the request to its log, updates the client table and sends PREPARE."""
    primary = Replica()
    effects = primary.gets("c1", request(5))
    assert sends(effects, Prepare) == [Prepare(0, request(5), 1, 0)] * 2
    assert primary.machine.log == [request(5)]
    assert primary.machine.client_table["c1"].request_number == 5


def test_a_request_is_committed_when_f_backups_have_prepared_it() -> None:
    """Step 5: it carries the operation out and replies; with five replicas f is two."""
    primary = Replica(nodes=FIVE)
    primary.gets("c1", request(5))
    assert sends(primary.gets("n2", PrepareOk(0, 1)), Reply) == []
    assert sends(primary.gets("n2", PrepareOk(0, 1)), Reply) == []
    effects = primary.gets("n5", PrepareOk(0, 1))
    assert effects == [Probe("committed"), Send("c1", Reply(0, 5))]
    assert primary.machine.values == {"x": 5}


def test_what_is_before_a_prepared_operation_is_prepared_as_well() -> None:
    """Step 5: PREPAREOK for n says so for all earlier ones."""
    primary = Replica()
    primary.gets("c1", request(5))
    primary.gets("c2", request(6, "c2"))
    assert [reply.request_number for reply in sends(primary.gets("n3", PrepareOk(0, 2)), Reply)] == [5, 6]


def test_a_backup_has_the_operation_on_its_disk_before_it_says_so() -> None:
    """Step 4; here the disk, not memory alone, is what a restart takes up."""
    backup = Replica("n2")
    effects = backup.gets("n1", Prepare(0, request(5), 1, 0))
    kinds = [type(effect) for effect in effects]
    assert kinds.index(Persist) < kinds.index(Send)
    assert sends(effects, PrepareOk, "n1") == [PrepareOk(0, 1)]
    backup.restart()
    assert backup.machine.log == [request(5)]


def test_a_backup_prepares_in_order() -> None:
    """Step 4: it waits until it has all earlier requests, and gets them by state transfer if it must."""
    backup = Replica("n2")
    effects = backup.gets("n1", Prepare(0, request(6), 2, 0))
    assert sends(effects, GetState, "n1") == [GetState(0, 0)]
    assert sends(effects, PrepareOk) == []
    assert backup.machine.log == []


def test_a_backup_carries_out_what_is_committed_and_does_not_reply() -> None:
    """Step 7."""
    backup = Replica("n2")
    backup.gets("n1", Prepare(0, request(5), 1, 0))
    assert backup.machine.values == {}
    assert sends(backup.gets("n1", Commit(0, 1)), Reply) == []
    assert backup.machine.values == {"x": 5}


def test_a_primary_with_nothing_to_do_says_that_it_is_there() -> None:
    """Step 6: COMMIT, if there is no new request."""
    assert sends(Replica().fires("tick"), Commit) == [Commit(0, 0)] * 2


def test_a_prepare_that_was_lost_is_sent_again() -> None:
    """Section 4: the network may lose messages; those who have prepared it are left alone."""
    primary = Replica(nodes=FIVE)
    primary.gets("c1", request(5))
    primary.gets("n2", PrepareOk(0, 1))
    again = primary.fires("tick")
    assert (len(sends(again, Prepare, "n2")), len(sends(again, Prepare, "n3"))) == (0, 1)


def test_messages_of_another_view_are_not_processed() -> None:
    """Section 4.1: a replica whose view-number is higher drops the message."""
    backup = Replica("n3")
    backup.fires("silence")
    assert backup.gets("n1", Prepare(0, request(5), 1, 0)) == []
    assert backup.machine.log == []


def test_a_request_that_is_repeated_is_answered_from_the_client_table() -> None:
    """Step 2: the response to the latest request is sent again, an older request is dropped, one under way waits."""
    primary = Replica()
    primary.gets("c1", request(5))
    assert primary.gets("c1", request(5)) == []
    primary.gets("n2", PrepareOk(0, 1))
    assert primary.gets("c1", request(5)) == [Send("c1", Reply(0, 5))]
    assert primary.gets("c1", request(4)) == []
    assert primary.machine.log == [request(5)]


def test_a_backup_tells_a_client_who_the_primary_is() -> None:
    """Section 4: clients learn of the view from replies."""
    assert Replica("n2").hears("c1", request(5)) == Redirect(5, "n1")


def test_an_operation_that_no_store_knows_is_refused() -> None:
    """It never enters the log."""
    primary = Replica()
    assert primary.hears("c1", request(5, f="fly")).refusal == "a store does not know 'fly'"
    assert primary.machine.log == []


def test_a_client_repeats_its_request_under_the_same_number() -> None:
    """Section 4: so that it is carried out once, whoever is the primary."""
    client = Client(context("c1"))
    first = client.invoke(Invocation(f="write", key="x", value=1))
    again = client.timer("try")
    redirected = client.message("n2", Redirect(1, "n3"))
    assert sends(first, Request, "n1") == sends(again, Request, "n2") == sends(redirected, Request, "n3")
    assert of(Complete, client.message("n3", Reply(0, 1))) == [Complete("ok", node="n3")]


def test_a_write_that_was_not_answered_in_time_is_unknown() -> None:
    """A read that was not answered did nothing."""
    client = Client(context("c1"))
    for f, type in (("write", "info"), ("read", "fail")):
        client.invoke(Invocation(f=f, key="x", value=1))
        assert [done.type for done in of(Complete, client.timer("timeout"))] == [type]
