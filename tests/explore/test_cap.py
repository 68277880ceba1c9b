"""What a system gives up under a partition, measured."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from typing import Any

import attrs
import pytest

from chaoslab.cluster import RequestClient
from chaoslab.errors import UsageError
from chaoslab.explore import cap_trial
from chaoslab.explore.cap import Answer, experiment
from chaoslab.explore.cap_trial import Trial
from chaoslab.plugins import registry
from chaoslab.report.cap import cap_document, cap_lines
from chaoslab.statemachine import Complete, Effects, Invocation


class AtOnce(Executor):
    """Runs what it is handed before it returns."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def answer_for(name: str, seeds: int = 3, first: int = 0) -> Answer:
    """Return the answer of a short experiment."""
    *trials, answer = experiment(name, AtOnce(), seeds=seeds, first=first)
    assert all(isinstance(one, Trial) for one in trials)
    assert isinstance(answer, Answer)
    return answer


LITERATURE = {
    "raft": "PC/EC",
    "abd": "PC/EC",
    "primary-backup-sync": "PC/EC",
    "database-sync": "PC/EC",
    "spanner-like": "PC/EC",
    "dynamo-like": "PA/EL",
    "last-write-wins": "PA/EL",
    "crdt-counter": "PA/EL",
    "crdt-set": "PA/EL",
    "crdt-text": "PA/EL",
}
ASYNCHRONOUS = ("primary-backup", "database-async")
QUICK = ("raft", "abd", "database-sync", "spanner-like", "dynamo-like", "last-write-wins", "crdt-text")


@pytest.mark.parametrize("name", QUICK)
def test_systems_are_what_the_literature_says(name: str) -> None:
    """By measurement alone."""
    answer = answer_for(name)
    assert answer.pacelc == LITERATURE[name], "\n".join(cap_lines(answer))
    assert answer.cap == {"PC": "CP", "PA": "AP"}[answer.pacelc[:2]]


def test_an_asynchronous_replica_is_available_and_wrong() -> None:
    """Abadi's letters for such a database depend on where it reads, so the first half alone is asked for."""
    assert answer_for("primary-backup").cap == "AP"


@pytest.mark.campaign
@pytest.mark.parametrize("name", ASYNCHRONOUS)
def test_other_seeds_give_the_same_answer_of_an_asynchronous_replica(name: str) -> None:
    """As above."""
    assert answer_for(name, seeds=10, first=1_000).cap == "AP"


@pytest.mark.campaign
@pytest.mark.parametrize("first", [1_000, 2_000, 3_000])
@pytest.mark.parametrize("name", LITERATURE)
def test_other_seeds_give_the_same_answer(name: str, first: int) -> None:
    """An answer is about a system, not about a seed."""
    answer = answer_for(name, seeds=5, first=first)
    assert answer.pacelc == LITERATURE[name], "\n".join(cap_lines(answer))


def registry_with(monkeypatch: pytest.MonkeyPatch, **changes: dict[str, Any]) -> None:
    """Let the experiment find protocols with other fields than they have: ``abd={"claims": ()}``."""
    true = registry()

    class Changed:
        def protocol(self, name: str) -> Any:
            return attrs.evolve(true.protocol(name), **changes.get(name.replace("-", "_"), {}))

        def __getattr__(self, name: str) -> Any:
            return getattr(true, name)

    changed = Changed()
    monkeypatch.setattr(cap_trial, "registry", lambda: changed)


def test_a_protocol_that_lies_about_its_claims_gets_the_true_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that claim to be linearizable and are not, and a quorum register that claims nothing."""
    liar = {"claims": ("linearizable",), "budget": registry().protocol("abd").budget}
    honest = {name: answer_for(name) for name in ("primary-backup", "dynamo-register", "abd")}
    registry_with(monkeypatch, primary_backup=liar, dynamo_register=liar, abd={"claims": (), "budget": None})
    for name, answer in honest.items():
        assert cap_lines(answer_for(name)) == cap_lines(answer)
    assert honest["primary-backup"].cap == "AP"
    assert honest["dynamo-register"].pacelc == "PA/EL"
    assert honest["abd"].pacelc == "PC/EC"


class Refusing(RequestClient):
    """Asks for nothing."""

    def invoke(self, invocation: Invocation) -> Effects:
        return [Complete("fail", error="closed")]


def test_what_serves_nobody_in_peace_is_not_called_consistent(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was never wrong, as it never said anything: that shows nothing."""
    registry_with(monkeypatch, abd={"client": Refusing})
    answer = answer_for("abd")
    assert (answer.cap, answer.pacelc) == ("unknown", "unknown")
    assert "not even half of the operations succeeded" in cap_lines(answer)[0]
    assert cap_document(answer)["verdict"] == "unknown"


def test_what_keeps_both_has_shown_nothing() -> None:
    """No system can, so its workload did not look closely enough: it is not called consistent."""
    answer = answer_for("crdt-set", seeds=1)
    blind = attrs.evolve(answer.trials[0], cut=cap_trial.Judged(strongest="linearizable", kept=True, anomaly=""))
    answer = attrs.evolve(answer, trials=(blind,))
    assert (answer.cap, answer.pacelc) == ("unknown", "unknown")
    assert "does not look closely enough" in cap_lines(answer)[0]


def test_who_does_not_wait_for_the_other_zone_is_found_by_its_distance() -> None:
    """A Dynamo-like store overlaps its quorums while they are near, and asks others where they are not."""
    answer = answer_for("dynamo-register")
    assert answer.broken("peace") == []
    assert len(answer.broken("apart")) == 3
    assert any("200 ms apart, seed 0: process" in line for line in cap_lines(answer))


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
