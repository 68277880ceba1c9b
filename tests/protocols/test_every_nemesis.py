"""Every protocol is run under every nemesis that makes sense for it, within its budget."""

from __future__ import annotations

import pytest

from chaoslab.plugins import registry
from chaoslab.runner import Run, run
from chaoslab.scenario import Scenario, parse_scenario
from chaoslab_protocols import chaoslab_protocols

SCENARIO = """
[scenario]
title = "A protocol keeps what it claims under each nemesis"
topic = "every pair of a protocol and a nemesis"
duration = "8s"

[cluster]
protocol = "{protocol}"
nodes = 7
zones = 2

[workload]
name = "{workload}"
clients = 7
rate = "20/s"
keys = 2

[[nemesis]]
name = "{nemesis}"
"""

ABOUT_LEADERS = {"clock-strobe-with-failover", "kill-the-leader", "slow-leader"}

PAIRS = [
    (protocol.name, nemesis)
    for protocol in chaoslab_protocols()
    for nemesis in registry().nemeses
    if protocol.leader or nemesis not in ABOUT_LEADERS
]


def scenario_of(protocol: str, nemesis: str) -> Scenario:
    workload = registry().protocol(protocol).serves[0]
    return parse_scenario(SCENARIO.format(protocol=protocol, workload=workload, nemesis=nemesis), registry())


def broken(done: Run) -> list[str]:
    """Return what does not hold; a run this short may leave a question open, which is not counted here."""
    return [one.summary for one in done.checks if one.outcome == "invalid"]


@pytest.mark.parametrize(("protocol", "nemesis"), PAIRS)
def test_a_protocol_holds_under_a_nemesis(protocol: str, nemesis: str) -> None:
    """Faults were brought about, something was done, and what is claimed holds."""
    done = run(scenario_of(protocol, nemesis), 1)
    assert broken(done) == []
    assert done.injections
    assert any(one.type == "ok" for one in done.history.operations())


@pytest.mark.campaign
@pytest.mark.parametrize(("protocol", "nemesis"), PAIRS)
def test_a_protocol_holds_under_a_nemesis_with_many_seeds(protocol: str, nemesis: str) -> None:
    """Thirty of them."""
    scenario = scenario_of(protocol, nemesis)
    found = [(seed, broken(run(scenario, seed))) for seed in range(30)]
    assert [one for one in found if one[1]] == []
