"""Two-phase commit over Paxos groups keeps its claims, and goes on where the plain one blocks."""

from __future__ import annotations

import pytest

from tests.protocols.shipped_runs import complaints, ran, scenarios_in

SCENARIOS = scenarios_in("two_phase_commit_replicated")
S = 10**9


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_holds_in_its_scenarios(name: str) -> None:
    """A few seeds of each; the campaign below takes many."""
    assert complaints(name, range(2)) == []


@pytest.mark.parametrize(("nodes", "group"), [("1", "3"), ("4", "3"), ("5", "1")])
def test_it_holds_for_groups_of_other_sizes(nodes: str, group: str) -> None:
    """One group alone, one that is larger, groups of one node."""
    sizes = {"cluster__nodes": nodes, "cluster__settings__group": group}
    assert complaints("two_phase_commit_replicated/swarm", range(1), **sizes) == []


def test_transactions_commit_while_a_replica_of_the_coordinator_is_down() -> None:
    """In every second half of such a time: a new leader was elected by then. Plain two-phase commit is blocked here."""
    done = ran("two_phase_commit_replicated/coordinator_down", 1)
    events = zip(done.history.types, done.history.times_ns, done.history.processes, strict=True)
    committed_ns = [time_ns for type, time_ns, process in events if type == "ok" and process != "nemesis"]
    downs = [(one.began_ns, one.healed_ns or 0) for one in done.injections if one.targets == ("n1",)]
    long = [(began_ns, healed_ns) for began_ns, healed_ns in downs if healed_ns - began_ns > 2 * S]
    assert long
    for began_ns, healed_ns in long:
        assert any((began_ns + healed_ns) // 2 < time_ns < healed_ns for time_ns in committed_ns)


def test_fast_reads_show_what_is_old() -> None:
    """Told by the name of an anomaly in which a read is missing something."""
    found = set()
    for seed in range(8):
        done = ran("two_phase_commit_replicated/every_fault", seed, cluster__protocol="two-phase-commit-replicated~T10")
        found |= {verdict.anomaly for verdict in done.checks if verdict.outcome == "invalid"}
    assert found & {"G-single", "G-single-realtime", "fractured-read", "G2-item"}, found


@pytest.mark.campaign
@pytest.mark.parametrize("name", SCENARIOS)
def test_it_holds_for_many_seeds(name: str) -> None:
    """Every shipped scenario, within the budget."""
    assert complaints(name, range(150)) == []
