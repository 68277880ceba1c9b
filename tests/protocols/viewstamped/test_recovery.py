"""Viewstamped Replication Revisited, section 4.3: recovery, step by step."""

from __future__ import annotations

from chaoslab.statemachine import Become
from chaoslab_protocols.viewstamped.messages import (
    DoViewChange,
    Prepare,
    PrepareOk,
    Recovery,
    RecoveryResponse,
    StartView,
    StartViewChange,
)
from tests.protocols.viewstamped.replicas import Replica, request, sends

FIVE = ("n1", "n2", "n3", "n4", "n5")
LOG = (request(1), request(2))


def recovering(nodes: tuple[str, ...] = ("n1", "n2", "n3")) -> Replica:
    """n3, which has lost its disk; its nonce is 1."""
    replica = Replica("n3", nodes)
    replica.lose_the_disk()
    return replica


def test_a_replica_that_has_lost_its_disk_asks_all_others() -> None:
    """Step 1: RECOVERY with a nonce; again, as long as it is not answered."""
    replica = Replica("n3")
    effects = replica.lose_the_disk()
    assert sends(effects, Recovery) == [Recovery(1)] * 2
    assert Become("recovering") in effects
    assert sends(replica.fires("tick"), Recovery) == [Recovery(1)] * 2


def test_every_recovery_has_a_nonce_of_its_own() -> None:
    """Section 4.3: what the answers are told apart by."""
    replica = recovering()
    assert sends(replica.lose_the_disk(), Recovery) == [Recovery(2)] * 2


def test_a_recovering_replica_takes_part_in_nothing() -> None:
    """Section 4.3: neither in request processing nor in view changes."""
    replica = recovering()
    for message in (
        Prepare(0, request(1), 1, 0), StartViewChange(1), DoViewChange(2, (), 0, 0), StartView(1, (), 0), Recovery(7),
    ):  # fmt: skip
        assert replica.gets("n2", message) == []
    assert replica.fires("silence") == []


def test_a_replica_answers_if_its_status_is_normal_and_the_primary_with_its_log() -> None:
    """Step 2: the others send nil in place of log, op-number and commit-number."""
    primary, backup = Replica("n1"), Replica("n2")
    primary.gets("c1", request(1))
    primary.gets("n2", PrepareOk(0, 1))
    assert primary.hears("n3", Recovery(7)) == RecoveryResponse(0, 7, (request(1),), 1)
    assert backup.hears("n3", Recovery(7)) == RecoveryResponse(0, 7, None, 0)
    backup.fires("silence")
    assert backup.gets("n3", Recovery(7)) == []


def test_f_plus_1_answers_are_needed() -> None:
    """Step 3: the primary's alone is not enough, and the same replica twice counts once."""
    replica = recovering(FIVE)
    for sender, log in (("n1", LOG), ("n1", LOG), ("n2", None)):
        replica.gets(sender, RecoveryResponse(0, 1, log, 1))
        assert replica.machine.status == "recovering"
    replica.gets("n4", RecoveryResponse(0, 1, None, 0))
    assert (replica.machine.status, replica.machine.log, replica.machine.values) == ("normal", list(LOG), {"x": 1})


def test_the_answer_of_the_primary_of_the_latest_view_is_needed() -> None:
    """Step 3: one who was the primary once does not know what was committed since."""
    replica = recovering()
    replica.gets("n1", RecoveryResponse(0, 1, (), 0))
    replica.gets("n2", RecoveryResponse(1, 1, None, 0))
    assert replica.machine.status == "recovering"
    replica.gets("n2", RecoveryResponse(1, 1, LOG, 1))
    assert (replica.machine.view_number, replica.machine.log) == (1, list(LOG))


def test_an_answer_to_an_earlier_recovery_counts_for_nothing() -> None:
    """Section 4.3: it may be older than what the replica did since."""
    replica = recovering()
    replica.lose_the_disk()
    replica.gets("n1", RecoveryResponse(0, 1, (), 0))
    replica.gets("n2", RecoveryResponse(0, 1, None, 0))
    assert replica.machine.status == "recovering"


def test_what_was_recovered_is_on_the_disk() -> None:
    """A restart takes it up."""
    replica = recovering()
    replica.gets("n1", RecoveryResponse(3, 1, LOG, 1))
    replica.gets("n1", RecoveryResponse(3, 1, LOG, 1))
    replica.gets("n2", RecoveryResponse(0, 1, None, 0))
    assert replica.machine.status == "normal"
    replica.restart()
    assert (replica.machine.view_number, replica.machine.log) == (3, list(LOG))


def test_a_damaged_end_of_the_journal_was_not_acknowledged() -> None:
    """What stands before it counts, and what is appended later is readable."""
    backup = Replica("n2")
    backup.gets("n1", Prepare(0, request(1), 1, 0))
    backup.files["journal"] = backup.files["journal"][:-9]
    backup.restart()
    assert backup.machine.log == []
    backup.gets("n1", Prepare(0, request(1), 1, 0))
    backup.restart()
    assert backup.machine.log == [request(1)]


def test_a_journal_that_is_damaged_elsewhere_is_a_lost_disk() -> None:
    """What was in it had been acknowledged: the replica recovers."""
    backup = Replica("n2")
    backup.gets("n1", Prepare(0, request(1), 1, 0))
    backup.files["journal"] = b"?" + backup.files["journal"][1:]
    assert sends(backup.restart(), Recovery) == [Recovery(1)] * 2
