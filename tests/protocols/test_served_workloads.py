"""Every protocol is run under every workload that it serves, with faults within its budget."""

from __future__ import annotations

import pytest

from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import parse_scenario
from chaoslab_protocols import chaoslab_protocols

PAIRS = [(protocol.name, workload) for protocol in chaoslab_protocols() for workload in protocol.serves]

NODES = 7  # a hierarchy of name servers takes as many

SCENARIO = """
[scenario]
title = "A protocol keeps what it claims under each of its workloads"
topic = "every pair of a protocol and a workload that it serves"
duration = "5s"

[cluster]
protocol = "{protocol}"
nodes = {nodes}

[workload]
name = "{workload}"
clients = {nodes}
rate = "20/s"

[[nemesis]]
name = "swarm"
"""


@pytest.mark.parametrize(("protocol", "workload"), PAIRS)
def test_a_protocol_holds_under_a_workload_that_it_serves(protocol: str, workload: str) -> None:
    """Something was done, and nothing that was claimed, or that the workload checks by itself, is violated.

    A run this short may end before everything has been read, so unknown is not counted here; the shipped scenarios,
    which are longer, allow none.
    """
    scenario = parse_scenario(SCENARIO.format(protocol=protocol, workload=workload, nodes=NODES), registry())
    done = run(scenario, 1)
    assert [one.summary for one in done.checks if one.outcome == "invalid"] == []
    assert any(one.type == "ok" for one in done.history.operations())


def test_every_protocol_serves_something() -> None:
    """Else the pairs above would leave it out."""
    assert {protocol for protocol, _ in PAIRS} == {protocol.name for protocol in chaoslab_protocols()}
