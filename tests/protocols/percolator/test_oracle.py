"""Peng & Dabek 2010, section 2.3: the timestamp oracle."""

from __future__ import annotations

from chaoslab.statemachine import Persist, Send
from chaoslab_protocols.percolator.messages import GetTimestamp
from chaoslab_protocols.percolator.oracle import ALLOCATED
from chaoslab_protocols.percolator.settings import Settings
from tests.protocols.percolator.machines import Node, of


def oracle(block: int = 3) -> Node:
    return Node("n1", Settings(block=block))


def timestamps(one: Node, count: int) -> list[int]:
    return [one.answers(GetTimestamp(number)).timestamp for number in range(count)]


def test_timestamps_strictly_increase() -> None:
    """Within a block, and from one to the next."""
    assert timestamps(oracle(), 7) == [1, 2, 3, 4, 5, 6, 7]


def test_a_block_is_on_the_disk_before_any_of_it_is_handed_out() -> None:
    """It writes the highest timestamp that it allocates, and serves the others from memory."""
    one = oracle()
    effects = [one.gets(GetTimestamp(number)) for number in range(4)]
    assert [len(of(Persist, done)) for done in effects] == [1, 0, 0, 1]
    assert isinstance(effects[3][0], Persist)
    assert isinstance(effects[3][-1], Send)


def test_an_oracle_that_restarts_begins_behind_what_was_allocated() -> None:
    """Timestamps jump forward, and never go back."""
    one = oracle()
    assert timestamps(one, 4) == [1, 2, 3, 4]
    for expected in ([7, 8], [10]):
        one.restart()
        assert timestamps(one, len(expected)) == expected


def test_a_block_whose_record_was_cut_short_was_not_handed_out() -> None:
    """Nobody was told of it; the one before it holds."""
    one = oracle()
    timestamps(one, 4)
    one.files[ALLOCATED] = one.files[ALLOCATED][:-4]
    one.restart()
    assert timestamps(one, 1) == [4]


def test_an_oracle_whose_disk_is_damaged_is_silent() -> None:
    """It does not know what it has promised."""
    one = oracle()
    timestamps(one, 4)
    one.files[ALLOCATED] = b"x" + one.files[ALLOCATED][1:]
    one.restart()
    assert of(Send, one.gets(GetTimestamp(1))) == []
