"""Raft, section 7 and figure 13: snapshots, sentence by sentence."""

from __future__ import annotations

from chaoslab.statemachine import Probe
from chaoslab_protocols.raft.log import Snapshot
from chaoslab_protocols.raft.messages import AppendEntriesReply, InstallSnapshot, InstallSnapshotReply
from chaoslab_protocols.raft.settings import Settings
from tests.protocols.raft.machines import Server, append, entry, leader, sends, server

SMALL = Settings(snapshot_threshold=3)


def snapshot(index: int, term: int, value: int) -> Snapshot:
    return Snapshot(
        last_included_index=index,
        last_included_term=term,
        members=("n1", "n2", "n3"),
        values=(("x", value),),
        sessions=(("c1", value, None),),
    )


def compacted() -> Server:
    """A follower with a snapshot up to 3 and one entry more."""
    follower = server(*(entry(1, number) for number in range(1, 5)), term=1, settings=SMALL)
    follower.gets("n2", append(1, (4, 1), commit=3))
    return follower


def test_a_snapshot_takes_the_place_of_the_applied_entries() -> None:
    """Figure 12: it holds the state, the last included index and term; what is not applied stays in the log."""
    machine = compacted().machine
    assert (machine.log.last_included_index, machine.log.snapshot.last_included_term) == (3, 1)
    assert machine.log.snapshot.values == (("x", 3),)
    assert machine.log.last_index == 4


def test_a_server_starts_from_its_snapshot_and_the_entries_after_it() -> None:
    """Nothing that was applied is lost, and nothing is applied twice; term, vote and sessions are kept."""
    follower = compacted()
    follower.restart()
    machine = follower.machine
    assert (machine.current_term, machine.commit_index, machine.last_applied) == (1, 3, 3)
    assert machine.state_machine.values == {"x": 3}
    assert machine.state_machine.sessions == {"c1": (3, None)}
    assert machine.log.last_index == 4


def test_a_leader_sends_its_snapshot_when_it_has_discarded_what_a_follower_needs() -> None:
    """Section 7: "when it has already discarded the next log entry that it needs to send"."""
    one = leader(*(entry(1, number) for number in range(1, 5)), term=1, settings=SMALL)
    one.gets("n2", AppendEntriesReply(2, True, 5, 1))
    (message,) = sends(one.gets("n3", AppendEntriesReply(2, False, 1, 1)), InstallSnapshot)
    assert message.message.snapshot.last_included_index == 5


def test_a_snapshot_of_an_earlier_term_is_refused() -> None:
    """Receiver implementation 1: "reply immediately if term < currentTerm"."""
    follower = server(term=5)
    assert follower.hears("n2", InstallSnapshot(4, "n2", snapshot(9, 4, 9), 1)) == InstallSnapshotReply(5, 0, 0)
    assert follower.machine.log.last_included_index == 0


def test_entries_after_the_snapshots_last_one_are_retained() -> None:
    """Receiver implementation 6: "if existing log entry has same index and term ..., retain what follows"."""
    follower = server(*(entry(1, number) for number in range(1, 5)), term=1)
    assert follower.hears("n2", InstallSnapshot(1, "n2", snapshot(2, 1, 2), 1)).match_index == 2
    assert follower.machine.log.last_index == 4
    assert follower.terms() == [1, 1]


def test_a_log_in_conflict_is_discarded() -> None:
    """Receiver implementation 7: "discard the entire log"."""
    follower = server(*(entry(1, number) for number in range(1, 5)), term=1)
    follower.gets("n2", InstallSnapshot(2, "n2", snapshot(2, 2, 9), 1))
    assert follower.terms() == []
    follower.restart()
    assert follower.machine.log.last_index == 2


def test_the_state_machine_is_reset_to_the_snapshot() -> None:
    """Receiver implementation 8; the sessions come with it (thesis, section 6.3)."""
    follower = server(term=1)
    effects = follower.gets("n2", InstallSnapshot(1, "n2", snapshot(7, 1, 7), 1))
    machine = follower.machine
    assert machine.state_machine.values == {"x": 7}
    assert machine.state_machine.sessions == {"c1": (7, None)}
    assert (machine.commit_index, machine.last_applied) == (7, 7)
    assert Probe("snapshot-installed") in effects


def test_a_snapshot_that_comes_late_changes_nothing() -> None:
    """Section 7: "if instead the follower receives a snapshot that describes a prefix of its log ..."."""
    follower = compacted()
    assert follower.hears("n2", InstallSnapshot(1, "n2", snapshot(2, 1, 2), 1)).match_index == 2
    assert follower.machine.state_machine.values == {"x": 3}
    assert follower.machine.log.last_index == 4
