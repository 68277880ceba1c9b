"""Ongaro's thesis, chapter 6: reads that change nothing, leases, and commands that are repeated."""

from __future__ import annotations

import pytest

from chaoslab.errors import UsageError
from chaoslab_protocols.raft.messages import (
    NO_ROUND,
    NOT_LEADER,
    OK,
    AppendEntriesReply,
    ClientReply,
    InstallSnapshot,
    InstallSnapshotReply,
)
from chaoslab_protocols.raft.settings import Settings
from tests.protocols.raft.machines import Server, acknowledge, append, leader, request, sends, server

LEASE = Settings(reads="lease")


def settled(settings: Settings | None = None) -> Server:
    """A leader that has committed the write of 7."""
    one = leader(settings=settings)
    one.gets("c1", request("write", 7))
    acknowledge(one, "n2", "n3")
    return one


def test_a_read_waits_for_a_round_of_heartbeats_that_began_after_it_came() -> None:
    """Section 6.4, step 3: answers to earlier rounds do not show that the leader still is the leader."""
    one = settled()
    earlier = one.machine.round
    assert not sends(one.gets("c2", request("read", client="c2")), ClientReply)
    assert not sends(one.gets("n2", AppendEntriesReply(1, True, 2, earlier)), ClientReply)
    (answer,) = sends(acknowledge(one, "n2"), ClientReply)
    assert (answer.to, answer.message.response) == ("c2", 7)


def test_a_new_leader_does_not_read_before_an_entry_of_its_term_is_committed() -> None:
    """Section 6.4, step 1: it does not know yet what is committed."""
    one = leader()
    one.gets("c2", request("read"))
    first_round = AppendEntriesReply(1, False, 1, one.machine.round)
    assert not sends(one.gets("n2", first_round), ClientReply)
    assert sends(acknowledge(one, "n2"), ClientReply)


def test_a_message_of_an_earlier_term_is_answered_without_its_round() -> None:
    """A leader that has crashed and leads again counts from the beginning: what it sent before confirms nothing now."""
    follower = server(name="n3")
    follower.gets("n2", append(5, (0, 0)))
    (late,) = sends(follower.gets("n2", append(4, (0, 0), round=1000)), AppendEntriesReply)
    old_snapshot = InstallSnapshot(4, "n2", follower.machine.log.snapshot, 1000)
    (late_snapshot,) = sends(follower.gets("n2", old_snapshot), InstallSnapshotReply)
    assert (late.message.round, late_snapshot.message.round) == (NO_ROUND, NO_ROUND)


def test_a_leader_that_steps_down_answers_no_read() -> None:
    """Its readers are sent elsewhere; nothing has happened."""
    one = settled()
    one.gets("c2", request("read", client="c2"))
    (answer,) = sends(one.gets("n2", AppendEntriesReply(9, False, 0, 1)), ClientReply)
    assert answer.message == ClientReply(1, NOT_LEADER)


def test_with_a_lease_a_read_is_answered_at_once_and_without_one_it_is_not() -> None:
    """Section 6.4.1: the lease counts from when the round was sent, and is shorter than an election timeout."""
    one = settled(LEASE)
    assert one.hears("c2", request("read", client="c2")).response == 7
    one.now += LEASE.lease_s + 0.001
    assert not sends(one.gets("c2", request("read", number=2, client="c2")), ClientReply)


def test_a_lease_counts_from_the_sending_of_a_round_not_from_its_answers() -> None:
    """A round that was answered late gives a short lease."""
    one = leader(settings=LEASE)
    one.now += 0.1
    acknowledge(one, "n2")
    assert one.machine.has_lease()
    one.now += LEASE.lease_s - 0.1
    assert not one.machine.has_lease()


def test_a_lease_allows_for_clocks_that_differ() -> None:
    """T (1 - d) / (1 + d): a leader that is slow by d and followers that are fast by d agree on when it is over."""
    settings = Settings(drift_ppm=100_000)
    assert settings.lease_s / 0.9 == pytest.approx(settings.election_timeout_s / 1.1)


def test_with_leases_a_server_that_restarts_keeps_still_for_an_election_timeout() -> None:
    """It may have heard from a leader just before, and that leader counts on it."""
    one = settled(LEASE)
    one.restart()
    assert one.machine.is_led()
    one.now += LEASE.election_timeout_s + 0.001
    assert not one.machine.is_led()


def test_reads_through_the_log_are_entries() -> None:
    """Section 6.4, its first paragraph: correct, and as dear as a write."""
    one = settled(Settings(reads="log"))
    before = one.machine.log.last_index
    one.gets("c2", request("read", client="c2"))
    assert one.machine.log.last_index == before + 1
    assert sends(acknowledge(one, "n2"), ClientReply)[0].message.response == 7


def test_a_command_that_is_repeated_is_carried_out_once() -> None:
    """Section 6.3: the second time the client is told what it would have been told the first time."""
    one = settled()
    swap = request("cas", (7, 8), number=2)
    one.gets("c1", swap)
    assert sends(acknowledge(one, "n2"), ClientReply)[0].message.response is True
    one.gets("c1", swap)
    (answer,) = sends(acknowledge(one, "n2"), ClientReply)
    assert answer.message == ClientReply(2, OK, True, "n1")
    assert one.machine.state_machine.values == {"x": 8}


def test_a_command_that_arrives_after_a_later_one_of_its_client_is_not_carried_out() -> None:
    """The client has given it up; carried out now it would undo the later one."""
    one = settled()
    one.gets("c1", request("write", 9, number=3))
    acknowledge(one, "n2")
    one.gets("c1", request("write", 8, number=2))
    acknowledge(one, "n2")
    assert one.machine.state_machine.values == {"x": 9}


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"reads": "locally"}, "reads"),
        ({"heartbeat_ns": 10**9}, "election_timeout"),
        ({"snapshot_threshold": 0}, "snapshot_threshold"),
        ({"entries_max": 0}, "entries_max"),
        ({"drift_ppm": 500_000}, "drift"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object], key: str) -> None:
    """In a sentence that names the key."""
    with pytest.raises(UsageError) as refused:
        Settings(**wrong)  # type: ignore[arg-type]
    assert refused.value.key == key
