"""Scenarios side by side."""

from __future__ import annotations

import math

import attrs

from chaoslab.explore.compare import compare
from chaoslab.plugins import registry
from chaoslab.report.compare import compare_document, compare_lines
from chaoslab.scenario import Scenario, parse_scenario
from tests.explore.test_cap import AtOnce

CUT = """
[scenario]
duration = "6s"
beyond_budget = true
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


def test_who_waits_until_the_service_is_back_is_not_served_in_time() -> None:
    """A client of Raft asks until somebody answers, so all succeed: in time only where others take over."""
    alone, replicated = compare(
        [("alone", scenario("raft", 1)), ("replicated", scenario("raft", 3))], AtOnce(), seeds=2
    )
    assert (alone.availability, replicated.availability) == (1.0, 1.0)
    assert alone.promptness < 0.99 <= replicated.promptness
    document = compare_document([alone, replicated])
    assert document["items"][0]["in_time"] == alone.promptness
    lines = compare_lines([alone, replicated])
    assert any(line.startswith("available in time") and f"{alone.promptness:.3%}" in line for line in lines)


def test_what_never_works_again_is_told() -> None:
    """And is not left out of the median: of three faults, two were the end."""
    [one] = compare([("one", scenario("abd", 3))], AtOnce(), seeds=1)
    gone = attrs.evolve(one, runs=(attrs.evolve(one.runs[0], restored_ns=(5, math.inf, math.inf)),))
    assert any(line.startswith("it works again after") and line.endswith("never") for line in compare_lines([gone]))
    assert compare_document([gone])["items"][0]["restored_ms"] is None


def test_the_same_seeds_give_the_same_figures() -> None:
    """Whoever runs them."""
    first = compare_document(list(compare([("one", scenario("abd", 3))], AtOnce(), seeds=2)))
    assert first == compare_document(list(compare([("one", scenario("abd", 3))], AtOnce(), seeds=2)))
