"""Viewstamped Replication Revisited, sections 4.2 and 5.2: view changes and state transfer, step by step."""

from __future__ import annotations

from chaoslab.statemachine import Become, Persist, Send
from chaoslab_protocols.viewstamped.messages import (
    Commit,
    DoViewChange,
    GetState,
    NewState,
    Prepare,
    PrepareOk,
    Reply,
    StartView,
    StartViewChange,
)
from tests.protocols.viewstamped.replicas import Replica, new_primary, request, sends

FIVE = ("n1", "n2", "n3", "n4", "n5")


def test_a_backup_that_does_not_hear_of_the_primary_starts_a_view_change() -> None:
    """Step 1: it advances its view-number, changes its status and tells all others."""
    backup = Replica("n3")
    effects = backup.fires("silence")
    assert sends(effects, StartViewChange) == [StartViewChange(1)] * 2
    assert Become("view-change") in effects


def test_the_view_is_on_the_disk_before_others_hear_of_it() -> None:
    """So a replica that restarts takes no part in the earlier view any more."""
    backup = Replica("n3")
    effects = backup.fires("silence")
    kinds = [type(effect) for effect in effects]
    assert kinds.index(Persist) < kinds.index(Send)
    backup.restart()
    assert (backup.machine.status, backup.machine.view_number) == ("view-change", 1)
    assert backup.gets("n1", Prepare(0, request(5), 1, 0)) == []


def test_a_replica_joins_a_view_change_with_a_higher_view_number() -> None:
    """Step 1: or because it receives STARTVIEWCHANGE or DOVIEWCHANGE for a larger view-number than its own."""
    for message in (StartViewChange(1), DoViewChange(1, (), 0, 0)):
        replica = Replica("n2")
        assert sends(replica.gets("n3", message), StartViewChange, "n1") == [StartViewChange(1)]
        assert replica.machine.status == "view-change"


def test_do_view_change_is_sent_when_f_others_want_the_view() -> None:
    """Step 2: to the primary of the new view, with log, latest normal view and commit-number."""
    replica = Replica("n5", FIVE)
    replica.gets("n1", Prepare(0, request(5), 1, 0))
    assert sends(replica.gets("n3", StartViewChange(1)), DoViewChange) == []
    effects = replica.gets("n4", StartViewChange(1))
    assert sends(effects, DoViewChange, "n2") == [DoViewChange(1, (request(5),), 0, 0)]


def test_the_view_starts_with_f_plus_1_of_them() -> None:
    """Step 3: the new primary's own is one; the same replica twice counts once."""
    replica = Replica("n2", FIVE)
    for other in ("n4", "n5"):
        replica.gets(other, StartViewChange(1))
    for _ in range(2):
        assert sends(replica.gets("n4", DoViewChange(1, (), 0, 0)), StartView) == []
    assert len(sends(replica.gets("n5", DoViewChange(1, (), 0, 0)), StartView)) == 4
    assert replica.machine.is_primary()


def test_the_new_log_is_that_of_the_latest_normal_view() -> None:
    """Step 3: whatever its length; what was only prepared in an earlier view was not committed."""
    replica = Replica("n2")
    for op_number in (1, 2):
        replica.gets("n1", Prepare(0, request(op_number), op_number, 0))
    replica.gets("n3", StartViewChange(4))
    replica.gets("n3", DoViewChange(4, (request(9, "c2"),), 2, 0))
    assert replica.machine.log == [request(9, "c2")]


def test_of_logs_of_the_same_view_the_longest_is_chosen() -> None:
    """Step 3: the one with the largest op-number."""
    replica, effects = new_primary(request(1), request(2))
    assert replica.machine.log == [request(1), request(2)]
    assert sends(effects, StartView, "n3") == [StartView(1, (request(1), request(2)), 0)]


def test_the_new_primary_carries_out_what_is_committed_and_replies() -> None:
    """Steps 3 and 4: the largest commit-number that it received."""
    replica, effects = new_primary(request(1), request(2), commit_number=1)
    assert sends(effects, Reply, "c1") == [Reply(1, 1)]
    assert replica.machine.values == {"x": 1}


def test_the_new_primary_knows_the_requests_in_its_log() -> None:
    """Step 5: the client table is brought up to date, so a repeated request is not taken for a new one."""
    replica, _ = new_primary(request(1), commit_number=0)
    assert replica.gets("c1", request(1)) == []
    replica.gets("n3", PrepareOk(1, 1))
    assert replica.gets("c1", request(1)) == [Send("c1", Reply(1, 1))]
    assert replica.machine.log == [request(1)]


def test_a_backup_takes_over_the_new_log_and_acknowledges_it() -> None:
    """Step 5: it sends PREPAREOK for what is not known to be committed, with the log on its disk."""
    backup = Replica("n3")
    backup.gets("n1", Prepare(0, request(7), 1, 0))
    effects = backup.gets("n2", StartView(1, (request(1), request(2)), 1))
    assert sends(effects, PrepareOk, "n2") == [PrepareOk(1, 2)]
    assert backup.machine.values == {"x": 1}
    backup.restart()
    assert (backup.machine.view_number, backup.machine.log) == (1, [request(1), request(2)])


def test_a_replica_that_hears_nobody_does_not_go_on_to_further_views() -> None:
    """Its silence timer shows that it is deaf, not that the view needs another primary."""
    deaf = Replica("n3")
    for _ in range(5):
        deaf.fires("silence")
    assert deaf.machine.view_number == 1


def test_a_view_change_that_does_not_come_to_an_end_is_followed_by_another() -> None:
    """Section 4.2: a view change may fail, because the new primary does."""
    replica = Replica("n1")
    replica.gets("n3", StartViewChange(1))
    assert sends(replica.fires("silence"), StartViewChange, "n3") == [StartViewChange(2)]


def test_a_primary_that_nobody_answers_makes_room() -> None:
    """All may hear it, so none of them would start a view change."""
    primary = Replica()
    primary.gets("c1", request(5))
    for _ in range(primary.machine.TICKS_MAX + 1):
        primary.fires("tick")
    assert primary.machine.view_number == 1


def test_a_restarted_primary_lets_the_next_one_find_out_what_is_committed() -> None:
    """Commit-numbers are not on the disk."""
    primary = Replica()
    primary.gets("c1", request(5))
    assert sends(primary.restart(), StartViewChange, "n2") == [StartViewChange(1)]


def test_a_replica_that_is_behind_gets_what_it_lacks() -> None:
    """Section 5.2: in the same view, the log after its op-number."""
    primary, backup = Replica("n1"), Replica("n2")
    for number in (1, 2, 3):
        primary.gets("c1", request(number))
        primary.gets("n3", PrepareOk(0, number))
    backup.gets("n1", Prepare(0, request(1), 1, 0))
    (asked,) = sends(backup.gets("n1", Commit(0, 3)), GetState, "n1")
    assert asked == GetState(0, 1)
    answer = primary.hears("n2", asked)
    assert answer == NewState(0, 1, (request(2), request(3)), 3)
    assert sends(backup.gets("n1", answer), PrepareOk, "n1") == [PrepareOk(0, 3)]
    assert backup.machine.values == {"x": 3}


def test_a_replica_that_missed_a_view_change_asks_from_its_commit_number_on() -> None:
    """Section 5.2; but it keeps what it has prepared until the new view's log is there."""
    backup = Replica("n3")
    backup.gets("n1", Prepare(0, request(1), 1, 0))
    backup.gets("n1", Prepare(0, request(2), 2, 1))
    assert sends(backup.gets("n2", Commit(1, 1)), GetState, "n2") == [GetState(1, 1)]
    assert backup.machine.log == [request(1), request(2)]
    backup.gets("n2", NewState(1, 1, (request(9, "c2"),), 1))
    assert (backup.machine.view_number, backup.machine.log) == (1, [request(1), request(9, "c2")])


def test_a_late_copy_of_a_request_is_no_news_after_the_one_that_followed_it_was_dropped() -> None:
    """The client table goes back with the log: what took a row's place is gone, the row's own request is not."""
    replica = Replica("n3")
    replica.gets("n1", Prepare(0, request(5), 1, 0))
    replica.gets("n1", Prepare(0, request(6), 2, 1))
    replica.gets("n2", StartView(1, (request(5),), 1))
    replica.fires("silence")
    replica.gets("n1", StartViewChange(2))
    replica.gets("n1", DoViewChange(2, (request(5),), 1, 1))
    assert replica.machine.is_primary()
    assert replica.gets("c1", request(5)) == []
    assert replica.machine.log == [request(5)]
    replica.gets("c1", request(6))
    assert replica.machine.log == [request(5), request(6)]
