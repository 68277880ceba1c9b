"""What a causal store claims holds, and what it does not claim is really broken."""

from __future__ import annotations

import pytest

from tests.protocols.shipped_runs import refuted

HOLDING = ["causal/every_fault", "causal/moving_clients", "causal/question_and_reply", "causal/swarm"]


@pytest.mark.parametrize("name", HOLDING)
def test_causal_convergence_and_all_session_guarantees_hold(name: str) -> None:
    """Whatever happens to network, nodes and clocks, and wherever clients move."""
    assert [refuted(name, seed) for seed in range(300, 304)] == [[]] * 4


@pytest.mark.parametrize("nodes", ["1", "2", "5"])
def test_the_claims_hold_for_clusters_of_other_sizes(nodes: str) -> None:
    """One replica has nobody to wait for."""
    assert refuted("causal/swarm", 1, cluster__nodes=nodes) == []


def test_a_read_is_stale_for_most_seeds() -> None:
    """Not linearizable: no replica asks another before it answers."""
    found = [refuted("causal/reads_stale", seed) for seed in range(300, 308)]
    anomalies = [checks[0].anomaly for checks in found if checks and checks[0].outcome == "invalid"]
    assert len(anomalies) > 4
    assert "stale read" in anomalies


def test_most_seeds_have_no_single_order() -> None:
    """Not sequential either: two clients each miss what the other wrote."""
    found = [refuted("causal/no_single_order", seed) for seed in range(300, 312)]
    assert sum(any(one.outcome == "invalid" for one in checks) for checks in found) > 6


@pytest.mark.campaign
@pytest.mark.parametrize("name", HOLDING)
def test_the_claims_hold_for_many_seeds(name: str) -> None:
    """Two hundred of each scenario."""
    assert [seed for seed in range(1000, 1200) if refuted(name, seed)] == []
