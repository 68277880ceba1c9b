"""What transactions do on values that are locked for them, and what clients make of the answers."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.errors import UsageError
from chaoslab.statemachine import Complete, Context, Invocation
from chaoslab_protocols.two_phase_commit import operations
from chaoslab_protocols.two_phase_commit.client import Client
from chaoslab_protocols.two_phase_commit.messages import Begin, Outcome
from chaoslab_protocols.two_phase_commit.settings import Settings
from tests.protocols.two_phase_commit.machines import NODES, of, sends


def txn(*micro: tuple[str, str, int | None]) -> Invocation:
    return Invocation(f="txn", value=[list(one) for one in micro])


def perform(operation: Invocation, **values: Any) -> operations.Performed:
    return operations.perform(operation, values, 10)


def test_a_transaction_reads_what_it_has_appended() -> None:
    """In its own order."""
    operation = txn(("r", "x", None), ("append", "x", 2), ("r", "x", None))
    done = perform(operation, x=(1,))
    assert done.value == [["r", "x", [1]], ["append", "x", 2], ["r", "x", [1, 2]]]
    assert done.writes == (("x", (1, 2)),)
    assert operations.needs(operation) == {"x": True}


def test_a_transfer_needs_the_money() -> None:
    """An account that was never written holds the opening balance."""
    enough, too_much = (Invocation(f="transfer", value=["a", "b", amount]) for amount in (10, 11))
    assert perform(enough, a=None, b=3) == operations.Performed(result=True, writes=(("a", 0), ("b", 13)))
    assert perform(too_much, a=None, b=3) == operations.Performed(result=False)


def test_a_transfer_to_the_same_account_changes_nothing() -> None:
    """It takes, then gives."""
    assert perform(Invocation(f="transfer", value=["a", "a", 4]), a=5).writes == (("a", 5),)


def test_a_bank_is_read_as_a_whole() -> None:
    """And nothing is written."""
    read = Invocation(f="read", value=("a", "b"))
    assert perform(read, a=4, b=None).value == {"a": 4, "b": 10}
    assert operations.is_read_only(read)


@pytest.mark.parametrize("settings", [{"tick_ns": 0}, {"patience_ns": 1}, {"attempts": 0}])
def test_settings_that_cannot_work_are_refused(settings: dict[str, int]) -> None:
    """At once, in words."""
    with pytest.raises(UsageError, match=r"\.$"):
        Settings(**settings)


def client() -> Client:
    return Client(
        Context(
            name="c1",
            nodes=NODES,
            settings=None,
            files={},
            wall_time=lambda: 0.0,
            monotonic_time=lambda: 0.0,
            home="n2",
        )
    )


def test_a_client_asks_again_under_the_same_number() -> None:
    """So that it is done once."""
    one = client()
    first = sends(one.invoke(txn(("append", "x", 1))), Begin, "n1")
    assert sends(one.timer("try"), Begin, "n1") == first


def test_of_a_transaction_that_was_not_answered_nobody_knows_unless_it_only_reads() -> None:
    """A read that nobody saw did not happen."""
    for operation, type in ((txn(("append", "x", 1)), "info"), (txn(("r", "x", None)), "fail")):
        one = client()
        one.invoke(operation)
        (complete,) = of(Complete, one.timer("timeout"))
        assert complete.type == type


def test_an_answer_to_an_earlier_request_is_not_taken_for_one_to_this() -> None:
    """Numbers tell them apart."""
    one = client()
    one.invoke(txn(("append", "x", 1)))
    one.timer("timeout")
    one.invoke(txn(("append", "x", 2)))
    assert one.message("n1", Outcome(1, True)) is None
    (complete,) = of(Complete, one.message("n1", Outcome(2, False, why="aborted")))
    assert (complete.type, complete.error) == ("fail", "aborted")
