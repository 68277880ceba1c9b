"""What a system gives up under a partition, measured."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from typing import Any

import attrs
import pytest

from chaoslab.errors import UsageError
from chaoslab.explore import cap
from chaoslab.explore.cap import Answer, Trial, experiment
from chaoslab.plugins import registry
from chaoslab.report.cap import cap_document, cap_lines


class AtOnce(Executor):
    """Runs what it is handed before it returns."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def answer_for(name: str, seeds: int = 3) -> Answer:
    """Return the answer of a short experiment."""
    *trials, answer = experiment(name, AtOnce(), seeds=seeds)
    assert all(isinstance(one, Trial) for one in trials)
    assert isinstance(answer, Answer)
    return answer


@pytest.mark.parametrize(
    ("name", "cap", "pacelc"),
    [
        ("abd", "CP", "PC/EC"),
        ("raft", "CP", "PC/EC"),
        ("primary-backup", "AP", "PA/EC"),
        ("last-write-wins", "AP", "PA/EL"),
        ("crdt-counter", "AP", "PA/EL"),
    ],
)
def test_systems_are_what_the_literature_says(name: str, cap: str, pacelc: str) -> None:
    """By measurement alone."""
    answer = answer_for(name)
    assert (answer.cap, answer.pacelc) == (cap, pacelc), "\n".join(cap_lines(answer))


def test_a_protocol_that_lies_about_its_claims_gets_the_true_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asynchronous replication that claims to be linearizable, and a quorum register that claims nothing."""
    true = registry()

    class Lying:
        models, workloads, nemeses, faults = true.models, true.workloads, true.nemeses, true.faults

        def protocol(self, name: str) -> Any:
            claims = {"primary-backup": ("linearizable",), "abd": ()}[name]
            return attrs.evolve(true.protocol(name), claims=claims)

    lying = Lying()
    monkeypatch.setattr(cap, "registry", lambda: lying)
    assert answer_for("primary-backup").cap == "AP"
    assert answer_for("abd").cap == "CP"


def test_the_evidence_is_told() -> None:
    """A line for the answer, a row a phase and side, and the anomaly that broke the level."""
    lines = cap_lines(answer_for("last-write-wins"))
    assert lines[0].startswith("last-write-wins is AP, PA/EL: ")
    assert any(line.split()[:2] == ["partition", "smaller"] for line in lines)
    assert any("with the partition, seed 0: process" in line for line in lines)


def test_what_clients_waited_for_until_the_heal_was_not_served() -> None:
    """Operations of the smaller side end after the partition: meanwhile it was not available."""
    document = cap_document(answer_for("abd"))
    assert document["phases"]["cut"]["smaller"]["availability"] == 0.0
    assert document["phases"]["after"]["smaller"]["availability"] > 0.9


def test_wrong_words_are_named() -> None:
    """A workload that the protocol does not serve, and one node."""
    with pytest.raises(UsageError, match="register"):
        next(experiment("raft", AtOnce(), workload="registre"))
    with pytest.raises(UsageError, match="nobody to be cut off from"):
        next(experiment("raft", AtOnce(), nodes=1))
