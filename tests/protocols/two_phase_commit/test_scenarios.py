"""Two-phase commit keeps its claims in its scenarios, blocks as it must, and its mistakes are told by their names."""

from __future__ import annotations

import pytest

from tests.protocols.shipped_runs import complaints, ran, scenarios_in

S = 10**9

SCENARIOS = scenarios_in("two_phase_commit")


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_holds_in_its_scenarios(name: str) -> None:
    """A few seeds of each; the campaign below takes many."""
    assert complaints(name, range(3)) == []


@pytest.mark.parametrize("nodes", ["1", "2", "6"])
def test_it_holds_for_clusters_of_other_sizes(nodes: str) -> None:
    """A coordinator that is alone keeps the keys itself."""
    assert complaints("two_phase_commit/swarm", range(2), cluster__nodes=nodes) == []


def test_nothing_commits_while_the_coordinator_is_down() -> None:
    """Whatever was prepared waits; the participants are up, and ask in vain."""
    done = ran("two_phase_commit/coordinator_down", 1)
    events = zip(done.history.types, done.history.times_ns, strict=True)
    committed_ns = [time_ns for type, time_ns in events if type == "ok"]
    downs = [(one.began_ns, one.healed_ns or 0) for one in done.injections if one.targets == ("n1",)]
    assert len(downs) > 2
    for began_ns, healed_ns in downs:
        # An answer that was on its way when the coordinator crashed still arrives.
        assert not [time_ns for time_ns in committed_ns if began_ns + S // 2 < time_ns < healed_ns]
        assert any(time_ns > healed_ns for time_ns in committed_ns)
    assert done.probes["inquired"] > 100


@pytest.mark.parametrize(
    ("mutant", "anomalies"),
    [("T4", {"G1a", "incompatible-order", "G-single-realtime"}), ("T5", {"duplicate-elements"}), ("T8", {"G2-item"})],
)
def test_a_mistake_is_told_by_the_name_of_its_anomaly(mutant: str, anomalies: set[str]) -> None:
    """Among a few seeds."""
    found = set()
    for seed in range(12):
        done = ran("two_phase_commit/every_fault", seed, cluster__protocol=f"two-phase-commit~{mutant}")
        found |= {verdict.anomaly for verdict in done.checks if verdict.outcome == "invalid"}
    assert found & anomalies, found


@pytest.mark.campaign
@pytest.mark.parametrize("name", SCENARIOS)
def test_it_holds_for_many_seeds(name: str) -> None:
    """Every shipped scenario, within the budget."""
    assert complaints(name, range(300)) == []
