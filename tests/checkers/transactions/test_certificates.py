"""The verifiers refuse evidence that has been tampered with: they are what everything else rests on."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from chaoslab.checkers.transactions import list_append, register_transactions
from chaoslab.checkers.transactions.append_verifier import AppendCertificates
from chaoslab.checkers.transactions.append_witnesses import (
    complaint_about_commit_order,
    complaint_about_schedule,
    complaint_about_serial_order,
)
from chaoslab.checkers.transactions.evidence import CommitOrder, Contradiction, Cycle, Derived, Pattern, Proof
from chaoslab.checkers.transactions.register_verifier import complaint_about_pattern, complaint_about_proof
from chaoslab.checkers.transactions.register_witnesses import RegisterWitnesses
from chaoslab.history import History


def together(*bodies: list[list[Any]]) -> History:
    """Return a history of transactions that all overlap, one a process."""
    history = History()
    for process, body in enumerate(bodies):
        history.invoke(process, "txn", None, [[f, key, None if f == "r" else one] for f, key, one in body])
    for process, body in enumerate(bodies):
        history.complete(process, "ok", body)
    return history


def in_turn(*bodies: list[list[Any]]) -> History:
    """Return a history of transactions of one process each, one after the other."""
    history = History()
    for process, body in enumerate(bodies):
        history.invoke(process, "txn", None, body)
        history.complete(process, "ok", body)
    return history


SKEW = together([["r", "x", []], ["append", "y", 1]], [["r", "y", []], ["append", "x", 2]])

TURNS = in_turn([["append", "x", 1]], [["r", "x", [1]], ["append", "x", 2]], [["r", "x", [1, 2]]])


def cycle() -> Cycle:
    """Return the cycle of the write skew."""
    evidence = list_append(SKEW, "serializable").evidence
    assert isinstance(evidence, Cycle)
    return evidence


def complaint(certificate: Any, level: str = "serializable") -> str | None:
    """Return what the verifier says about a certificate for the write skew."""
    return AppendCertificates(SKEW).complaint(certificate, level, sessions=False)


def test_a_right_cycle_is_accepted() -> None:
    """The one that the checker gave."""
    assert complaint(cycle()) is None


def test_a_cycle_of_the_wrong_shape_is_refused() -> None:
    """Two adjacent rw edges violate neither snapshot isolation nor anything weaker."""
    assert "allowed at snapshot-isolation" in str(complaint(cycle(), "snapshot-isolation"))
    assert "allowed at read-atomic" in str(complaint(cycle(), "read-atomic"))


def test_a_cycle_that_is_open_is_refused() -> None:
    """Every edge begins where the one before it ends."""
    assert "does not begin" in str(complaint(Cycle(edges=cycle().edges[:1])))
    assert complaint(Cycle(edges=())) == "the cycle is empty"


@pytest.mark.parametrize("kind", ["ww", "wr", "process", "realtime"])
def test_an_edge_of_another_kind_is_refused(kind: Any) -> None:
    """None of these follows from the history."""
    first, second = cycle().edges
    assert "does not follow" in str(complaint(Cycle(edges=(attrs.evolve(first, kind=kind), second))))


def test_an_edge_about_another_element_is_refused() -> None:
    """The reader must lack what the other one appended, and nothing else."""
    first, second = cycle().edges
    assert "does not follow" in str(complaint(Cycle(edges=(attrs.evolve(first, value=7), second))))


def test_an_edge_between_operations_of_another_history_is_refused() -> None:
    """An operation has to be the one of the history."""
    first, second = cycle().edges
    assert first.source is not None
    stranger = attrs.evolve(first.source, process=9)
    edges = (attrs.evolve(first, source=stranger), attrs.evolve(second, target=stranger))
    assert "does not follow" in str(complaint(Cycle(edges=edges)))


@pytest.mark.parametrize(
    "anomaly",
    [
        "G1a",
        "G1b",
        "garbage-read",
        "internal",
        "duplicate-elements",
        "incompatible-order",
        "non-repeatable-read",
        "fractured-read",
        "lost-update",
        "made up",
    ],
)
def test_patterns_that_the_history_does_not_show_are_refused(anomaly: str) -> None:
    """None of them is in a write skew."""
    first, second = SKEW.operations()
    pattern = Pattern(anomaly=anomaly, key="x", value=2, reader=first, other=second, other_key="y")
    assert complaint(pattern) is not None


@pytest.mark.parametrize(("value", "right"), [(3, True), (2, False), (1, False), (None, False)])
def test_an_incompatible_order_is_shown_by_its_first_difference(value: Any, *, right: bool) -> None:
    """Elements that both reads agree about, or that come later, show nothing."""
    history = together(
        [["append", "x", 1]],
        [["append", "x", 2]],
        [["append", "x", 3]],
        [["r", "x", [1, 2, 3]]],
        [["r", "x", [1, 3, 2]]],
    )
    *_, first, second = history.operations()
    pattern = Pattern(anomaly="incompatible-order", key="x", value=value, reader=second, other=first)
    assert (AppendCertificates(history).complaint(pattern, "serializable", sessions=False) is None) == right


def test_a_proof_without_a_contradiction_is_refused() -> None:
    """Nothing is shown by an empty proof."""
    assert complaint(Proof(steps=())) == "the proof does not end in a contradiction"


def test_serial_orders_are_replayed() -> None:
    """Every transaction once, with the reads that the lists give, and in real time."""
    assert complaint_about_serial_order(TURNS, [0, 2, 4], realtime=True) is None
    assert "stands 0 times" in str(complaint_about_serial_order(TURNS, [0, 2]))
    assert "stands 2 times" in str(complaint_about_serial_order(TURNS, [0, 2, 4, 4]))
    assert "did not read" in str(complaint_about_serial_order(TURNS, [0, 4, 2]))
    assert "not the invocation" in str(complaint_about_serial_order(TURNS, [0, 1, 2, 4]))
    unrelated = in_turn([["append", "x", 1]], [["append", "y", 1]])
    assert complaint_about_serial_order(unrelated, [2, 0]) is None
    assert "had ended" in str(complaint_about_serial_order(unrelated, [2, 0], realtime=True))


def test_schedules_are_replayed() -> None:
    """Reads see the start, and writers of a key do not overlap."""
    assert complaint_about_schedule(SKEW, [0, 1, 0, 1]) is None
    assert "did not read" in str(complaint_about_schedule(SKEW, [0, 0, 1, 1]))
    blind = together([["append", "x", 1]], [["append", "x", 2]])
    assert complaint_about_schedule(blind, [0, 0, 1, 1]) is None
    assert "between start and commit" in str(complaint_about_schedule(blind, [0, 1, 0, 1]))


def test_commit_orders_are_compared_with_every_read() -> None:
    """A read comes after what it saw, and at read-atomic sees all of it."""
    fractured = together([["append", "x", 1], ["append", "y", 1]], [["r", "x", [1]], ["r", "y", []]])
    assert complaint_about_commit_order(fractured, [0, 1], atomic=False) is None
    assert "committed only later" in str(complaint_about_commit_order(fractured, [1, 0], atomic=False))
    assert "without all" in str(complaint_about_commit_order(fractured, [0, 1], atomic=True))


def proof_of(history: History, level: str) -> Proof:
    """Return the proof that the checker gives."""
    evidence = register_transactions(history, level).evidence
    assert isinstance(evidence, Proof)
    return evidence


CAUSAL = in_turn(
    [["w", "x", 1]], [["r", "x", 1], ["w", "y", 1]], [["r", "y", 1], ["w", "z", 1]], [["r", "z", 1], ["r", "x", None]]
)


def test_a_right_proof_is_accepted_and_one_without_its_steps_is_not() -> None:
    """Derived edges hold only after they have been derived."""
    proof = proof_of(CAUSAL, "causal")
    operations = CAUSAL.operations()
    assert complaint_about_proof(proof, operations, "causal", sessions=True) is None
    assert complaint_about_proof(Proof(steps=proof.steps[1:]), operations, "causal", sessions=True) is not None
    assert complaint_about_proof(Proof(steps=proof.steps[:-1]), operations, "causal", sessions=True) is not None
    assert complaint_about_proof(Proof(steps=()), operations, "causal", sessions=True) is not None


def test_a_proof_holds_only_at_levels_where_its_steps_do() -> None:
    """A premise of several edges is none at read-atomic."""
    proof, operations = proof_of(CAUSAL, "causal"), CAUSAL.operations()
    assert complaint_about_proof(proof, operations, "read-atomic", sessions=True) is not None
    assert complaint_about_proof(proof, operations, "serializable", sessions=True) is None


def test_steps_that_do_not_follow_are_refused() -> None:
    """Another premise, another reader, another edge."""
    proof, operations = proof_of(CAUSAL, "causal"), CAUSAL.operations()
    derived = proof.steps[0]
    assert isinstance(derived, Derived)
    for wrong in (
        attrs.evolve(derived, path=derived.path[:-1]),
        attrs.evolve(derived, path=()),
        attrs.evolve(derived, through=operations[1]),
        attrs.evolve(derived, edge=attrs.evolve(derived.edge, kind="rw")),
        attrs.evolve(derived, edge=attrs.evolve(derived.edge, key="y")),
    ):
        changed = Proof(steps=(wrong, *proof.steps[1:]))
        assert complaint_about_proof(changed, operations, "causal", sessions=True) is not None


def test_two_adjacent_rw_edges_are_no_contradiction_at_snapshot_isolation() -> None:
    """The proof for serializability does not serve."""
    skew = together([["r", "x", None], ["w", "y", 1]], [["r", "y", None], ["w", "x", 2]])
    proof = proof_of(skew, "serializable")
    assert complaint_about_proof(proof, skew.operations(), "serializable", sessions=True) is None
    assert complaint_about_proof(proof, skew.operations(), "snapshot-isolation", sessions=True) is not None


def test_edges_of_time_need_a_level_that_knows_them() -> None:
    """Real time does not count below strict-serializable, nor process order without sessions."""
    stale = in_turn([["w", "x", 1]], [["r", "x", None]])
    proof = proof_of(stale, "strict-serializable")
    assert complaint_about_proof(proof, stale.operations(), "strict-serializable", sessions=True) is None
    assert complaint_about_proof(proof, stale.operations(), "serializable", sessions=True) is not None
    last = proof.steps[-1]
    assert isinstance(last, Contradiction)


@pytest.mark.parametrize("anomaly", ["G1a", "G1b", "garbage-read", "internal", "non-repeatable-read", "lost-update"])
def test_register_patterns_that_the_history_does_not_show_are_refused(anomaly: str) -> None:
    """None of them is in a chain of transactions that read what the one before wrote."""
    first, second, *_ = CAUSAL.operations()
    pattern = Pattern(anomaly=anomaly, key="x", value=1, reader=second, other=first)
    assert complaint_about_pattern(pattern, CAUSAL.operations(), "serializable") is not None


def test_register_orders_are_replayed() -> None:
    """Serial orders, schedules and commit orders that do not explain the reads are refused."""
    history = in_turn([["w", "x", 1]], [["r", "x", 1], ["w", "x", 2]], [["r", "x", 2]])
    witnesses = RegisterWitnesses(history, sessions=True)
    assert witnesses.complaint_about_serial_order([0, 2, 4], realtime=True) is None
    assert "did not read" in str(witnesses.complaint_about_serial_order([0, 4, 2], realtime=False))
    assert "had ended" in str(witnesses.complaint_about_serial_order([2, 0, 4], realtime=True))
    assert "stands 0 times" in str(witnesses.complaint_about_serial_order([0, 2], realtime=False))
    assert witnesses.complaint_about_schedule([0, 0, 2, 2, 4, 4]) is None
    assert "did not read" in str(witnesses.complaint_about_schedule([0, 2, 0, 2, 4, 4]))
    assert witnesses.complaint_about_commit_order(CommitOrder(calls=(0, 2, 4)), "causal") is None
    assert "committed only later" in str(
        witnesses.complaint_about_commit_order(CommitOrder(calls=(2, 0, 4)), "read-committed")
    )
    causal = RegisterWitnesses(CAUSAL, sessions=True)
    order = CommitOrder(calls=(0, 2, 4, 6))
    assert causal.complaint_about_commit_order(order, "read-atomic") is None
    assert "visible" in str(causal.complaint_about_commit_order(order, "causal"))
    blind = together([["w", "x", 1]], [["w", "x", 2]])
    overlapping = RegisterWitnesses(blind, sessions=True).complaint_about_schedule([0, 1, 0, 1])
    assert "between start and commit" in str(overlapping)
