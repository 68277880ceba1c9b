"""Register transactions: one history by hand for each anomaly, search, budgets, and input that is none."""

from __future__ import annotations

import random
from typing import Any

import pytest

from chaoslab.checkers.transactions import register_transactions
from chaoslab.checkers.transactions.evidence import (
    AssumedOrder,
    AssumedSource,
    CommitOrder,
    Contradiction,
    Pattern,
    Proof,
    Schedule,
    SerialOrder,
)
from chaoslab.errors import HistoryError, UsageError
from chaoslab.history import History

LEVELS = ("read-committed", "read-atomic", "causal", "snapshot-isolation", "serializable", "strict-serializable")

Transaction = list[list[Any]]


def together(*bodies: Transaction) -> History:
    """Return a history of transactions that all overlap, one a process."""
    history = History()
    for process, body in enumerate(bodies):
        history.invoke(process, "txn", None, [[f, key, None if f == "r" else one] for f, key, one in body])
    for process, body in enumerate(bodies):
        history.complete(process, "ok", body)
    return history


def in_turn(*transactions: tuple[int, Transaction]) -> History:
    """Return a history of (process, transaction), one after the other."""
    history = History()
    for process, body in transactions:
        history.invoke(process, "txn", None, [[f, key, None if f == "r" else one] for f, key, one in body])
        history.complete(process, "ok", body)
    return history


def r(key: str, value: Any) -> list[Any]:
    """Return a read."""
    return ["r", key, value]


def w(key: str, value: Any) -> list[Any]:
    """Return a write."""
    return ["w", key, value]


def outcomes(history: History, *, sessions: bool = True) -> str:
    """Return v, i or u for each level, from the weakest to the strongest."""
    return "".join(register_transactions(history, level, sessions=sessions).outcome[0] for level in LEVELS)


WRITE_SKEW = together([r("x", None), w("y", 1)], [r("y", None), w("x", 2)])

ANOMALIES: dict[str, tuple[History, str, str]] = {
    # name: history, outcomes by level, the anomaly told at the strongest level
    "G1b": (together([w("x", 1), w("x", 2)], [r("x", 1)]), "iiiiii", "G1b"),
    "G1c": (together([w("x", 1), r("y", 1)], [r("x", 1), w("y", 1)]), "iiiiii", "G1c"),
    "internal": (together([w("x", 1), r("x", None)]), "iiiiii", "internal"),
    "own write read too early": (together([r("x", 1), w("x", 1)]), "iiiiii", "internal"),
    "garbage read": (together([r("x", 1)]), "iiiiii", "garbage-read"),
    "observed transaction vanishes": (
        together([w("x", 1), w("y", 1)], [r("x", 1), r("y", None)]),
        "iiiiii",
        "observed-transaction-vanishes",
    ),
    "fractured read": (together([w("x", 1), w("y", 1)], [r("y", None), r("x", 1)]), "viiiii", "fractured-read"),
    "non-repeatable read": (together([w("x", 1)], [r("x", None), r("x", 1)]), "viiiii", "non-repeatable-read"),
    "own process forgotten": (in_turn((0, [w("x", 1)]), (0, [r("x", None)])), "viiiii", "fractured-read"),
    "causality violation": (
        in_turn((0, [w("x", 1)]), (1, [r("x", 1), w("y", 1)]), (2, [r("y", 1)]), (2, [r("x", None)])),
        "vviiii",
        "causality-violation",
    ),
    "lost update": (together([r("x", None), w("x", 1)], [r("x", None), w("x", 2)]), "vvviii", "lost-update"),
    "long fork": (
        together([w("x", 1)], [w("y", 1)], [r("x", 1), r("y", None)], [r("x", None), r("y", 1)]),
        "vvviii",
        "G-nonadjacent",
    ),
    "write skew": (WRITE_SKEW, "vvvvii", "G2-item"),
    "stale read": (in_turn((0, [w("x", 1)]), (1, [r("x", None)])), "vvvvvi", "G-single-realtime"),
}


@pytest.mark.parametrize(("history", "expected", "anomaly"), ANOMALIES.values(), ids=list(ANOMALIES))
def test_each_anomaly_violates_the_levels_that_forbid_it(history: History, expected: str, anomaly: str) -> None:
    """The history is valid at the levels that allow it, and named at the strongest."""
    assert outcomes(history) == expected
    verdict = register_transactions(history, "strict-serializable")
    assert verdict.anomaly == anomaly
    assert verdict.summary.endswith(".")


def test_an_aborted_read_violates_all_levels() -> None:
    """G1a: what failed must not be seen."""
    history = History()
    history.invoke(0, "txn", None, [w("x", 1)])
    history.complete(0, "fail")
    history.invoke(1, "txn", None, [r("x", None)])
    history.complete(1, "ok", [r("x", 1)])
    assert outcomes(history) == "iiiiii"
    assert register_transactions(history, "read-committed").anomaly == "G1a"


def test_a_serial_history_satisfies_all_levels() -> None:
    """The evidence is an order of the kind that the level asks for."""
    history = in_turn((0, [w("x", 1)]), (1, [r("x", 1), w("x", 2)]), (0, [r("x", 2)]))
    assert outcomes(history) == "vvvvvv"
    assert register_transactions(history, "serializable").evidence == SerialOrder(calls=(0, 2, 4))
    assert register_transactions(history, "snapshot-isolation").evidence == Schedule(calls=(0, 0, 2, 2, 4, 4))
    assert register_transactions(history, "causal").evidence == CommitOrder(calls=(0, 2, 4))


def test_write_skew_is_told_in_words() -> None:
    """The sentence says who missed what."""
    verdict = register_transactions(WRITE_SKEW, "serializable")
    assert verdict.summary.startswith("process 0 (event 0) read x without 2, which process 1 (event 1) wrote")
    assert [operation.call for operation in verdict.operations] == [0, 1]


def test_an_order_of_writes_is_told_with_the_read_that_shows_it() -> None:
    """A blind write is not overtaken by itself: the stale read after it is what is wrong."""
    history = in_turn((0, [w("x", 1)]), (0, [w("x", 2)]), (1, [r("x", 2)]), (1, [r("x", 1)]))
    verdict = register_transactions(history, "causal")
    assert verdict.summary == (
        "process 0 (event 0) came before process 0 (event 2) in the same process, and process 0 (event 0) wrote 1 to x "
        "after 2 of process 0 (event 2), as process 1 (event 6), which comes after both, read 1: each of them would "
        "have to come before itself."
    )
    assert [operation.call for operation in verdict.operations] == [0, 2, 4, 6]


def test_without_sessions_the_order_of_a_process_does_not_count() -> None:
    """Adya's levels let a process miss what it wrote itself; in real time it still counts."""
    assert outcomes(ANOMALIES["own process forgotten"][0], sessions=False) == "vvvvvi"


def test_an_unknown_transaction_counts_once_it_was_seen() -> None:
    """All that it wrote is there then, and none of it otherwise."""
    for seen, expected in ((1, "viiiii"), (None, "vvvvvv")):
        history = History()
        history.invoke(0, "txn", None, [w("x", 1), w("y", 1)])
        history.complete(0, "info")
        history.invoke(1, "txn", None, [r("y", None), r("x", None)])
        history.complete(1, "ok", [r("y", None), r("x", seen)])
        assert outcomes(history) == expected


def test_repeated_values_are_tried_as_the_work_of_each_writer() -> None:
    """A read of 1 is explained by the writer of 1 that fits, and by null having been written too."""
    history = in_turn((0, [w("x", 1)]), (1, [w("x", 2)]), (2, [w("x", 1)]), (3, [r("x", 1)]), (3, [w("x", None)]))
    assert outcomes(history) == "vvvvvv"
    history = in_turn((0, [w("x", 1)]), (3, [w("x", None)]), (4, [r("x", None)]), (4, [r("x", None)]))
    assert outcomes(history) == "vvvvvv"


def test_repeated_values_without_any_explanation_are_refuted_for_each_writer() -> None:
    """Both writers of 1 had been followed by a write of 2 in their own process."""
    history = in_turn(
        (0, [w("x", 1)]), (0, [w("x", 2)]), (0, [r("y", None)]), (1, [w("x", 1), w("y", 1)]), (0, [r("y", 1)]),
        (0, [w("x", 3)]), (0, [r("x", 1)]),
    )  # fmt: skip
    verdict = register_transactions(history, "causal")
    assert verdict.outcome == "invalid"
    assert isinstance(verdict.evidence, Proof)
    assumed = [step for step in verdict.evidence.steps if isinstance(step, AssumedSource)]
    assert [one.writer.call for one in assumed if one.writer is not None] == [6, 0]
    assert sum(isinstance(step, Contradiction) for step in verdict.evidence.steps) == 2


def two_orders_both_impossible() -> History:
    """Return a history in which a must be before b and b before a, for reasons that only show when one is supposed.

    If a is before b, then c is before d (c before a, b before d), so whoever read c is before d; in the same way
    whoever read e is before f. But the reader of c saw what f wrote, and the reader of e what d wrote. The same with a
    and b exchanged.
    """
    bodies: dict[str, Transaction] = {}

    def sees(earlier: str, later: str) -> None:
        key = f"{earlier}>{later}"
        bodies.setdefault(earlier, []).append(w(key, 1))
        bodies.setdefault(later, []).append(r(key, 1))

    for side, (a, b) in enumerate([("a", "b"), ("b", "a")]):
        c, d, e, f = (f"{name}{side}" for name in "cdef")
        for earlier, later in ((c, a), (b, d), (e, a), (b, f), (d, f"reads {e}"), (f, f"reads {c}")):
            sees(earlier, later)
        for first, second in ((c, d), (e, f)):
            bodies[first].append(w(f"{first}/{second}", 1))
            bodies[second].append(w(f"{first}/{second}", 2))
            bodies[f"reads {first}"].append(r(f"{first}/{second}", 1))
    return together(*bodies.values())


@pytest.mark.parametrize("level", ["snapshot-isolation", "serializable", "strict-serializable"])
def test_orders_that_no_rule_decides_are_searched(level: str) -> None:
    """The proof supposes an order of two writes, refutes it, and refutes the opposite."""
    verdict = register_transactions(two_orders_both_impossible(), level)
    assert verdict.outcome == "invalid"
    assert verdict.summary.startswith("whichever of process")
    assert isinstance(verdict.evidence, Proof)
    assert sum(isinstance(step, AssumedOrder) for step in verdict.evidence.steps) == 1
    assert sum(isinstance(step, Contradiction) for step in verdict.evidence.steps) == 2
    assert outcomes(two_orders_both_impossible())[:3] == "vvv"


def test_the_search_gives_up_when_its_budget_is_used_up() -> None:
    """Unknown is no verdict on the history; the summary says how to go on."""
    for configurations in (1, 20, 40):
        verdict = register_transactions(two_orders_both_impossible(), "serializable", configurations_max=configurations)
        assert verdict.outcome == "unknown"
        assert "configurations_max" in verdict.summary


def test_the_search_for_writers_gives_up_when_its_budget_is_used_up() -> None:
    """With values that repeat the summary says that this is why."""
    history = together(*([w("x", 1)] for _ in range(4)), *([r("x", 1), w("x", 2)] for _ in range(5)))
    verdict = register_transactions(history, "serializable", configurations_max=100)
    assert verdict.outcome == "unknown"
    assert "5 reads of values that several wrote" in verdict.summary


def test_causality_between_very_many_processes_needs_a_budget() -> None:
    """It is decided with one bit a transaction then; read-atomic never gives up."""
    history = together(*([w("x", process)] for process in range(300)))
    assert register_transactions(history, "causal", configurations_max=600).outcome == "valid"
    verdict = register_transactions(history, "causal", configurations_max=400)
    assert verdict.outcome == "unknown"
    assert register_transactions(history, "read-atomic", configurations_max=1).outcome == "valid"


def test_values_are_compared_by_type() -> None:
    """True is not 1, and 1.0 is not 1."""
    for one in (True, 1.0, "1"):
        history = together([w("x", 1)], [r("x", one)])
        assert register_transactions(history, "read-committed").anomaly == "garbage-read"


@pytest.mark.parametrize("body", [3, [["append", "x", 1]], [["r", "x"]], ["r"], [None]])
def test_what_is_no_list_of_micro_operations_is_refused(body: Any) -> None:
    """One sentence says what was found."""
    history = History()
    history.invoke(0, "txn", None, body)
    history.complete(0, "ok", body)
    with pytest.raises(HistoryError, match="event 0"):
        register_transactions(history, "serializable")


def test_an_unknown_level_is_refused_with_the_nearest_one() -> None:
    """The message lists the levels."""
    with pytest.raises(UsageError, match="did you mean 'causal'"):
        register_transactions(WRITE_SKEW, "casual")


def test_the_certificate_of_a_lost_update_is_a_pattern() -> None:
    """It needs no cycle."""
    evidence = register_transactions(ANOMALIES["lost update"][0], "serializable").evidence
    assert isinstance(evidence, Pattern)
    assert evidence.key == "x"


def shuffled(transactions: int, seed: int) -> History:
    """Return a history of overlapping transactions that ran in a random order unrelated to their numbers."""
    rng = random.Random(seed)
    order = list(range(transactions))
    rng.shuffle(order)
    state: dict[str, int | None] = {}
    bodies: dict[int, Transaction] = {}
    for process in order:
        reads, writes = rng.sample("abcdefghijkl", 3), rng.sample("abcdefghijkl", 2)
        bodies[process] = [r(key, state.get(key)) for key in reads] + [w(key, process) for key in writes]
        state.update(dict.fromkeys(writes, process))
    return together(*(bodies[process] for process in range(transactions)))


@pytest.mark.parametrize("seed", range(3))
def test_an_order_is_found_where_nothing_hints_at_it(seed: int) -> None:
    """A hundred transactions that all overlap: rules and greedy placing find the order."""
    assert outcomes(shuffled(100, seed)) == "vvvvvv"
