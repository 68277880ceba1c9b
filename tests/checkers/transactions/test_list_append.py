"""List-append: one history by hand for each anomaly, and what is done with input that is not one."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.checkers.transactions import list_append, list_append_anomalies
from chaoslab.checkers.transactions.evidence import CommitOrder, Cycle, Pattern, Proof, Schedule, SerialOrder
from chaoslab.errors import HistoryError, UsageError
from chaoslab.history import History

LEVELS = ("read-committed", "read-atomic", "snapshot-isolation", "serializable", "strict-serializable")

Transaction = list[tuple[str, Any]]


def micro_operations(transaction: Transaction) -> list[list[Any]]:
    """Return ``("x", 1)`` as an append of 1 to x and ``("x", [1])`` as a read of it."""
    return [["r" if isinstance(one, list) else "append", key, one] for key, one in transaction]


def together(*transactions: Transaction) -> History:
    """Return a history of transactions that all overlap, one a process."""
    history = History()
    bodies = list(map(micro_operations, transactions))
    for process, body in enumerate(bodies):
        history.invoke(process, "txn", None, [[f, key, None if f == "r" else one] for f, key, one in body])
    for process, body in enumerate(bodies):
        history.complete(process, "ok", body)
    return history


def in_turn(*transactions: tuple[int, Transaction]) -> History:
    """Return a history of (process, transaction), one after the other."""
    history = History()
    for process, transaction in transactions:
        body = micro_operations(transaction)
        history.invoke(process, "txn", None, [[f, key, None if f == "r" else one] for f, key, one in body])
        history.complete(process, "ok", body)
    return history


def outcomes(history: History, *, sessions: bool = False) -> str:
    """Return v, i or u for each level, from the weakest to the strongest."""
    return "".join(list_append(history, level, sessions=sessions).outcome[0] for level in LEVELS)


SERIAL = together([("x", 1)], [("x", [1]), ("x", 2)], [("x", [1, 2]), ("y", [])])

WRITE_SKEW = together([("x", []), ("y", 1)], [("y", []), ("x", 2)])

ANOMALIES: dict[str, tuple[History, str, str]] = {
    # name: history, outcomes by level, the anomaly told at the strongest level
    "G0": (together([("x", 1), ("y", 1)], [("x", 2), ("y", 2)], [("x", [1, 2]), ("y", [2, 1])]), "iiiii", "G0"),
    "G1b": (together([("x", 1), ("x", 2)], [("x", [1])], [("x", [1, 2])]), "iiiii", "G1b"),
    "G1c": (together([("x", 1), ("y", [1])], [("x", [1]), ("y", 1)]), "iiiii", "G1c"),
    "internal": (together([("x", 1), ("x", [])]), "iiiii", "internal"),
    "own append read too early": (together([("x", [1]), ("x", 1)]), "iiiii", "internal"),
    "garbage read": (together([("x", [1])]), "iiiii", "garbage-read"),
    "duplicate elements": (together([("x", 1)], [("x", [1, 1])]), "iiiii", "duplicate-elements"),
    "incompatible order": (
        together([("x", 1)], [("x", 2)], [("x", [1, 2])], [("x", [2, 1])]),
        "iiiii",
        "incompatible-order",
    ),
    "order against the writer's own": (together([("x", 1), ("x", 2)], [("x", [2, 1])]), "iiiii", "incompatible-order"),
    "non-repeatable read": (together([("x", 1)], [("x", []), ("x", [1])]), "viiii", "non-repeatable-read"),
    "fractured read": (together([("x", 1), ("y", 1)], [("x", [1]), ("y", [])]), "viiii", "fractured-read"),
    "lost update": (together([("x", []), ("x", 1)], [("x", []), ("x", 2)]), "vviii", "lost-update"),
    "read skew": (
        together([("x", 1)], [("x", [1]), ("y", 1)], [("y", [1]), ("x", [])], [("y", [1])]),
        "vviii",
        "G-single",
    ),
    "long fork": (
        together([("x", 1)], [("y", 1)], [("x", [1]), ("y", [])], [("x", []), ("y", [1])]),
        "vviii",
        "G-nonadjacent",
    ),
    "write skew": (WRITE_SKEW, "vvvii", "G2-item"),
    "stale read": (in_turn((0, [("x", 1)]), (1, [("x", [])])), "vvvvi", "G-single-realtime"),
}


@pytest.mark.parametrize(("history", "expected", "anomaly"), ANOMALIES.values(), ids=list(ANOMALIES))
def test_each_anomaly_violates_the_levels_that_forbid_it(history: History, expected: str, anomaly: str) -> None:
    """The history is valid at the levels that allow it, and named at the strongest."""
    assert outcomes(history) == expected
    verdict = list_append(history, "strict-serializable")
    assert verdict.anomaly == anomaly
    assert verdict.summary.endswith(".")
    assert anomaly in [name for name, _ in list_append_anomalies(history)]


def test_a_serial_history_satisfies_all_levels() -> None:
    """The evidence is an order in which the transactions can be replayed."""
    assert outcomes(SERIAL) == "vvvvv"
    evidence = list_append(SERIAL, "serializable").evidence
    assert isinstance(evidence, SerialOrder)
    assert evidence.calls == (0, 1, 2)
    assert list_append_anomalies(SERIAL) == ()


def test_write_skew_is_told_in_words() -> None:
    """The sentence says who missed what."""
    verdict = list_append(WRITE_SKEW, "serializable")
    assert verdict.summary == (
        "process 0 (event 0) read x without 2, which process 1 (event 1) appended, and process 1 (event 1) read y "
        "without 1, which process 0 (event 0) appended: each of them would have to come before itself."
    )
    assert [operation.call for operation in verdict.operations] == [0, 1]
    assert isinstance(verdict.evidence, Cycle)


def test_an_order_of_appends_is_told_with_who_saw_it() -> None:
    """Two writers alone show no order: the reader does, and it is among the operations."""
    verdict = list_append(ANOMALIES["G0"][0], "serializable")
    assert verdict.summary == (
        "process 1 (event 1) appended 2 to x after 1 of process 0 (event 0), as process 2 (event 2) saw, and process 0 "
        "(event 0) appended 1 to y after 2 of process 1 (event 1), as process 2 (event 2) saw: each of them would have "
        "to come before itself."
    )
    assert [operation.call for operation in verdict.operations] == [0, 1, 2]


def test_an_incompatible_order_is_told_from_where_on_it_is() -> None:
    """Of long lists only the ends are shown, and the difference may be in the middle."""
    orders = together([("x", 1), ("y", 1)], [("x", 2)], [("x", 3)], [("x", [1, 2, 3])], [("x", [1, 3])])
    assert list_append(orders, "serializable").summary == (
        "process 4 (event 4) saw an order of x that contradicts the one of process 3 (event 3), from 3 on."
    )
    own = together([("x", 1), ("x", 2), ("x", 3)], [("x", [1, 3, 2])])
    assert list_append(own, "serializable").summary == (
        "process 1 (event 1) saw an order of x that contradicts the one of process 0 (event 0), from 3 on."
    )


def test_write_skew_has_a_schedule_of_snapshots() -> None:
    """Both start before either commits."""
    evidence = list_append(WRITE_SKEW, "snapshot-isolation").evidence
    assert isinstance(evidence, Schedule)
    assert sorted(evidence.calls) == [0, 0, 1, 1]
    assert evidence.calls[0] != evidence.calls[1]


def test_read_skew_leaves_an_order_of_commits() -> None:
    """At read-committed the reads only have to come after what they saw."""
    evidence = list_append(ANOMALIES["fractured read"][0], "read-committed").evidence
    assert evidence == CommitOrder(calls=(0, 1))


def test_an_aborted_read_is_found_even_if_the_element_is_not_last() -> None:
    """G1a: what failed must not be seen by anybody."""
    history = together([("x", 2)])
    history.invoke(0, "txn", None, [["append", "x", 1]])
    history.complete(0, "fail")
    history.invoke(1, "txn", None, [["r", "x", None]])
    history.complete(1, "ok", [["r", "x", [1, 2]]])
    assert outcomes(history) == "iiiii"
    verdict = list_append(history, "read-committed")
    assert verdict.anomaly == "G1a"
    assert verdict.summary == "process 1 (event 4) read 1 from x, which process 0 (event 2) wrote although it failed."


def test_a_failed_append_may_be_tried_again() -> None:
    """The element belongs to the transaction that did not fail."""
    history = History()
    history.invoke(0, "txn", None, [["append", "x", 1]])
    history.complete(0, "fail")
    history.invoke(0, "txn", None, [["append", "x", 1], ["r", "x", None]])
    history.complete(0, "ok", [["append", "x", 1], ["r", "x", [1]]])
    assert outcomes(history) == "vvvvv"


def test_an_unknown_transaction_that_was_seen_did_commit() -> None:
    """What else it appended must then be there too."""
    history = History()
    history.invoke(0, "txn", None, [["append", "x", 1], ["append", "y", 1]])
    history.complete(0, "info")
    history.invoke(1, "txn", None, [["r", "x", None], ["r", "y", None]])
    history.complete(1, "ok", [["r", "x", [1]], ["r", "y", None]])
    assert outcomes(history) == "viiii"


def test_an_unknown_transaction_that_nobody_saw_is_left_out() -> None:
    """It may never have happened, and it may happen after everything else."""
    history = History()
    history.invoke(0, "txn", None, [["append", "x", 1]])
    history.complete(0, "info")
    history.invoke(1, "txn", None, [["r", "x", None]])
    history.complete(1, "ok", [["r", "x", []]])
    assert outcomes(history) == "vvvvv"
    evidence = list_append(history, "serializable").evidence
    assert evidence == SerialOrder(calls=(2,))


def test_process_order_counts_only_with_sessions() -> None:
    """A process that does not see its own earlier append violates strong session levels from read-atomic on."""
    history = together([("x", 1)])
    history.invoke(7, "txn", None, [["r", "x", None]])  # overlaps nothing, but process 7 has done nothing before
    history.complete(7, "ok", [["r", "x", [1]]])
    history.invoke(7, "txn", None, [["r", "x", None]])
    history.complete(7, "ok", [["r", "x", None]])
    assert outcomes(history) == "vvvvi"
    assert outcomes(history, sessions=True) == "vviii"
    names = [name for name, _ in list_append_anomalies(history)]
    assert names == ["G-single-process", "G-single-realtime"]
    own = in_turn((0, [("x", 1)]), (0, [("x", [])]))
    assert outcomes(own, sessions=True) == "viiii"
    assert list_append(own, "read-atomic", sessions=True).anomaly == "fractured-read-process"


def test_two_appends_that_nobody_saw_can_be_impossible_in_either_order() -> None:
    """Under snapshot isolation whoever appends second must see the first one's other appends; neither did."""
    history = together([("y", []), ("z", 1), ("x", 1)], [("z", []), ("y", 2), ("x", 2)])
    assert outcomes(history) == "vviii"
    verdict = list_append(history, "snapshot-isolation")
    assert verdict.anomaly == "G-SI"
    assert isinstance(verdict.evidence, Proof)
    assert len(verdict.evidence.steps) == 3


def test_the_search_gives_up_when_its_budget_is_used_up() -> None:
    """Unknown is no verdict on the history; the summary says how to go on."""
    history = together([("y", []), ("z", 1), ("x", 1)], [("z", []), ("y", 2), ("x", 2)])
    verdict = list_append(history, "snapshot-isolation", configurations_max=1)
    assert verdict.outcome == "unknown"
    assert "configurations_max" in verdict.summary


def test_values_are_compared_by_type_and_content() -> None:
    """True is not 1, 1.0 is not 1, and lists can be elements and keys."""
    for one in (True, 1.0, "1"):
        assert list_append(together([("x", 1)], [("x", [one])]), "read-committed").anomaly == "garbage-read"
    history = History()
    history.invoke(0, "txn", None, [["append", ["k"], {"a": [1]}]])
    history.complete(0, "ok", [["append", ["k"], {"a": [1]}]])
    history.invoke(0, "txn", None, [["r", ["k"], None]])
    history.complete(0, "ok", [["r", ["k"], [{"a": [1]}]]])
    assert outcomes(history) == "vvvvv"
    missed = together([("x", True)], [("x", [True])], [("x", [])])
    assert outcomes(missed) == "vvvvv"


def test_an_element_appended_twice_is_no_history_that_can_be_judged() -> None:
    """The message names both events."""
    with pytest.raises(HistoryError, match=r"event 1: 1 is appended to 'x' again \(first at event 0\)"):
        list_append(together([("x", 1)], [("x", 1)]), "serializable")
    with pytest.raises(HistoryError, match="first at event 0"):
        list_append(together([("x", 1), ("x", 1)]), "serializable")


@pytest.mark.parametrize("body", [3, [["w", "x", 1]], [["r", "x"]], [["r", "x", 3]], ["r"], [None]])
def test_what_is_no_list_of_micro_operations_is_refused(body: Any) -> None:
    """One sentence says what was found."""
    history = History()
    history.invoke(0, "txn", None, body)
    history.complete(0, "ok", body)
    with pytest.raises(HistoryError, match="event 0"):
        list_append(history, "serializable")


def test_a_read_without_its_value_is_refused() -> None:
    """An ok transaction has to tell what it read; one that only appends need not."""
    history = History()
    history.invoke(0, "txn", None, [["append", "x", 1]])
    history.complete(0, "ok")
    assert outcomes(history) == "vvvvv"
    history.invoke(0, "txn", None, [["r", "x", None]])
    history.complete(0, "ok")
    with pytest.raises(HistoryError, match="without the values that it read"):
        list_append(history, "serializable")


def test_an_unknown_level_is_refused_with_the_nearest_one() -> None:
    """The message lists the levels."""
    with pytest.raises(UsageError, match="did you mean 'serializable'"):
        list_append(SERIAL, "serialisable")


def test_a_long_chain_of_transactions_needs_no_recursion() -> None:
    """Twenty thousand transactions in a row, the last of which reads what the first one saw, are one large cycle."""
    steps: list[tuple[int, Transaction]] = [(0, [("k0", 0)])]
    steps += [(0, [(f"k{i}", [i]), (f"k{i + 1}", i + 1)]) for i in range(20_000)]
    history = in_turn(*steps, (0, [("k20000", [20_000]), ("k0", [])]))
    verdict = list_append(history, "snapshot-isolation")
    assert verdict.anomaly == "G-single"
    assert isinstance(verdict.evidence, Cycle)
    assert len(verdict.evidence.edges) == 20_002
    assert isinstance(list_append(history, "read-committed").evidence, CommitOrder)


def test_the_certificate_of_a_pattern_names_key_and_element() -> None:
    """Of a fractured read: what was seen of the writer, and what was missed."""
    evidence = list_append(ANOMALIES["fractured read"][0], "read-atomic").evidence
    assert isinstance(evidence, Pattern)
    assert (evidence.other_key, evidence.key, evidence.value) == ("x", "y", 1)
