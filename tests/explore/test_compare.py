"""Scenarios side by side."""

from __future__ import annotations

from chaoslab.explore.compare import compare
from chaoslab.plugins import registry
from chaoslab.report.compare import compare_document, compare_lines
from chaoslab.scenario import Scenario, parse_scenario
from tests.explore.test_cap import AtOnce

CUT = """
[scenario]
duration = "6s"
[cluster]
protocol = "{protocol}"
nodes = {nodes}
[workload]
name = "register"
clients = 3
rate = "30/s"
[[fault]]
kind = "crash"
target = "n1"
at = "2s"
for = "2s"
"""


def scenario(protocol: str, nodes: int) -> Scenario:
    return parse_scenario(CUT.format(protocol=protocol, nodes=nodes), registry())


def test_replication_raises_availability() -> None:
    """The same crash with one node and with three: only the first is an outage."""
    alone, replicated = compare(
        [("alone", scenario("single-copy", 1)), ("replicated", scenario("abd", 3))], AtOnce(), seeds=3
    )
    assert alone.availability < 0.99
    assert replicated.availability == 1.0
    assert alone.detected_ns is not None
    assert replicated.detected_ns is None
    document = compare_document([alone, replicated])
    assert document["items"][0]["longest_outage_ms"] > 1000
    assert document["items"][1]["longest_outage_ms"] == 0
    lines = compare_lines([alone, replicated])
    assert any(line.split()[:1] == ["available"] and "100.000%" in line for line in lines)


def test_the_same_seeds_give_the_same_figures() -> None:
    """Whoever runs them."""
    first = compare_document(list(compare([("one", scenario("abd", 3))], AtOnce(), seeds=2)))
    assert first == compare_document(list(compare([("one", scenario("abd", 3))], AtOnce(), seeds=2)))
