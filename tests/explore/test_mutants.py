"""The scoreboard: what is found is told with runs and check, and a mutant without a mistake is not found."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chaoslab.errors import UsageError
from chaoslab.explore.mutants import chosen, hunt_all, protocols_of, scenarios_for
from chaoslab.plugins import Mutant, registry
from chaoslab.report.mutants import score_document, score_lines
from chaoslab.scenario.shipped import scenario_path

NO_MISTAKE = Mutant(
    id="N1", mistake="none", source="-", protocol="raft", scenario="raft/every_fault", check="linearizable"
)


@pytest.fixture
def harmless() -> Iterator[Mutant]:
    """Plant a mutant that makes no mistake."""
    registry().mutants["N1"] = NO_MISTAKE
    yield NO_MISTAKE
    del registry().mutants["N1"]


def test_a_mistake_is_found_and_no_mistake_is_not(harmless: Mutant) -> None:
    """In the same number of runs, with the same scenarios."""
    wrong, right = chosen(["R29", "N1"])
    with ThreadPoolExecutor(1) as executor:
        found, missed = hunt_all([wrong, right], executor, runs_max=12, campaigns=2)
    assert found.found
    assert found.runs <= 12
    assert found.fired
    assert (missed.found, missed.runs, missed.fired) == (False, 12, ())
    lines = score_lines([found, missed])
    assert lines[-1] == "1 of 2 mutants found (50%)"
    document = score_document(found)
    assert [one["found"] for one in document["campaigns"]] == [True, True]
    assert document["campaigns"][1]["seed"] >= 100_000


def test_a_protocol_means_all_of_its_mutants() -> None:
    """Ids, names as protocols, and protocols; a wrong one is told with the nearest."""
    assert [mutant.id for mutant in chosen(["raft~R2", "R12", "R2"])] == ["R2", "R12"]
    assert {mutant.protocol for mutant in chosen(["raft"])} == {"raft"}
    assert len(chosen([])) >= len(chosen(["raft"]))
    with pytest.raises(UsageError, match="did you mean 'raft'"):
        chosen(["rafd"])


def test_every_mutant_names_a_shipped_scenario_of_its_protocol_and_can_be_hunted() -> None:
    """With the correct protocol's promises: nothing that fails for everybody."""
    for mutant in registry().mutants.values():
        names = [name for name, _ in scenarios_for(mutant)]
        assert mutant.scenario in names, mutant.id
        assert len(mutant.mistake.split()) >= 4
        assert mutant.source


def test_a_mutant_can_be_hunted_with_chosen_scenarios_alone(tmp_path: Path) -> None:
    """Shipped ones or files; one of another protocol, or beyond what is promised, is refused."""
    (mutant,) = chosen(["R12"])
    own = tmp_path / "own.toml"
    own.write_text(scenario_path("raft/network").read_text(encoding="utf-8"), encoding="utf-8")
    names = [name for name, _ in scenarios_for(mutant, only=["raft/every_fault", str(own)])]
    assert names == ["raft/every_fault", str(own)]
    with pytest.raises(UsageError, match="of abd/partition none is for the protocol raft"):
        scenarios_for(mutant, only=["abd/partition"])
    assert protocols_of(["abd/partition", "abd/every_fault", str(own)]) == ["abd", "raft"]
