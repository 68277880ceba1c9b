"""The journal: what a crash may leave of it, and what a server takes up from that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab_protocols.raft import journal
from chaoslab_protocols.raft.log import Configuration, Entry
from chaoslab_protocols.raft.messages import RequestVote
from tests.protocols.raft.machines import Server, append, entry, server

MEMBERS = ("n1", "n2", "n3")
ENTRIES = (entry(1, 1), Entry(1, None), entry(2, 2), Entry(2, Configuration(("n1", "n2"))))
CONTENT = journal.lines(
    [
        journal.state_record(2, "n2"),
        *(journal.entry_record(index, one) for index, one in enumerate(ENTRIES, start=1)),
    ]
)


def recovered(content: bytes) -> journal.Recovered:
    return journal.recover({journal.JOURNAL: content}, MEMBERS)


def test_what_was_written_is_read_back() -> None:
    """Terms, votes, commands of every kind."""
    found = recovered(CONTENT)
    assert (found.current_term, found.voted_for, found.torn, found.lost_index) == (2, "n2", False, 0)
    assert tuple(found.log.entries) == ENTRIES
    again = recovered(journal.lines(found.records()))
    assert (again.current_term, again.voted_for, again.log.entries) == (2, "n2", found.log.entries)


@given(st.integers(0, len(CONTENT)))
def test_a_journal_that_was_cut_anywhere_gives_the_records_before_the_cut(cut: int) -> None:
    """A torn write was never answered for: what is left is a beginning of what was, and nothing is missing."""
    found = recovered(CONTENT[:cut])
    assert tuple(found.log.entries) == ENTRIES[: len(found.log.entries)]
    assert found.voted_for in (None, "n2")
    assert found.lost_index == 0


@given(st.integers(0, len(CONTENT) * 8 - 1))
def test_a_bit_that_rots_anywhere_is_never_answered_for(bit: int) -> None:
    """No entry is made up, and either none is missing or the server knows that it may be."""
    rotten = bytearray(CONTENT)
    rotten[bit // 8] ^= 1 << bit % 8
    found = recovered(bytes(rotten))
    assert tuple(found.log.entries) == ENTRIES[: len(found.log.entries)]
    whole = len(found.log.entries) == len(ENTRIES) and found.voted_for == "n2"
    assert whole or found.lost_index > len(found.log.entries)


def test_a_torn_journal_is_written_anew_so_that_nothing_follows_garbage() -> None:
    """What is appended after the restart must be read after the next one."""
    one = Server("n1", MEMBERS, server().machine.settings, {journal.JOURNAL: CONTENT[:-7]})
    assert one.machine.log.last_index == 3
    one.gets("n2", append(2, (3, 2), entry(2, 9)))
    one.restart()
    assert one.machine.log.last_index == 4


def damaged() -> Server:
    """A server whose second entry has rotted."""
    start = CONTENT.index(b'["entry",2,')
    return Server(
        "n1", MEMBERS, server().machine.settings, {journal.JOURNAL: CONTENT[:start] + b"!" + CONTENT[start + 1 :]}
    )


def test_a_server_whose_disk_lost_entries_neither_votes_nor_stands() -> None:
    """It may have acknowledged them: a candidate without them must not have its vote (PAR, section 3.3)."""
    one = damaged()
    assert (one.machine.log.last_index, one.machine.lost_index) == (1, 4)
    for _ in range(2):
        assert not one.hears("n3", RequestVote(9, "n3", 9, 9)).vote_granted
        one.election_timeout()
        assert (one.machine.role, one.machine.pre_vote_term) == ("follower", None)
        one.restart()


def test_a_server_votes_again_when_a_leader_has_given_back_what_was_lost() -> None:
    """From then on also after a restart."""
    one = damaged()
    one.gets("n2", append(2, (1, 1), *ENTRIES[1:3]))
    assert one.machine.lost_index == 4
    one.gets("n2", append(2, (3, 2), *ENTRIES[3:]))
    one.restart()
    assert one.machine.lost_index == 0
    assert one.hears("n2", RequestVote(9, "n2", 4, 2)).vote_granted


@pytest.mark.parametrize("files", [{}, {journal.JOURNAL: b""}])
def test_an_empty_disk_is_a_server_that_begins(files: dict[str, bytes]) -> None:
    """With the configuration that it was started with."""
    found = journal.recover(files, MEMBERS)
    assert (found.current_term, found.log.last_index, found.log.snapshot.members) == (0, 0, MEMBERS)
