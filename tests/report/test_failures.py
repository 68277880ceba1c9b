"""Faults and failures: what was done, what clients saw of it, and which led to which where the trace shows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chaoslab.cluster import Injection
from chaoslab.faults import Crash, Partition, Pause
from chaoslab.history import History
from chaoslab.plugins import registry
from chaoslab.report import run_document, run_lines, write_run_folder
from chaoslab.report.causes import failures
from chaoslab.report.failure import failure_lines
from chaoslab.report.failures import failure_rows, failure_sentence
from chaoslab.report.html import page_of_folder
from chaoslab.runner import Run, run
from chaoslab.scenario import parse_scenario

S = 1_000_000_000

SCENARIO = """
[scenario]
duration = "10s"
settle = "2s"
[cluster]
protocol = "{protocol}"
nodes = {nodes}
[workload]
name = "register"
clients = 3
rate = "30/s"
[expect]
availability = "100%"
[[fault]]
at = "2s"
for = "2s"
{fault}
"""

CRASH = 'kind = "crash"\ntarget = "n1"'


def done(fault: str, protocol: str = "single-copy", nodes: int = 1) -> Run:
    text = SCENARIO.format(protocol=protocol, nodes=nodes, fault=fault)
    return run(parse_scenario(text, registry()), 0, trace_kept=True)


def how(*trace: str, fault: Injection) -> list[str]:
    """Return how a fault led to the failure of an operation of c1 from 1 s to 2 s."""
    history = History()
    history.invoke(0, "read", "x", None, time_ns=S)
    history.complete(0, "fail", None, None, time_ns=2 * S)
    [failure] = failures(history, [fault], [f"{S} invoke c1 0 read 'x' None", *trace])
    return [cause.how for cause in failure.causes]


def in_force(fault: Crash | Pause | Partition, *targets: str) -> Injection:
    return Injection(fault=fault, targets=targets, began_ns=0, healed_ns=3 * S)


CRASHED = in_force(Crash(), "n1")
CUT = in_force(Partition(groups="n1 | rest"), "n1")
PAUSED = in_force(Pause(), "n1")


class TestTheTraceShows:
    """How a fault led to a failure."""

    def test_that_a_request_was_lost(self) -> None:
        """On its way to the node."""
        assert how("1100000000 cut c1>n1 Request", fault=CUT) == ["the message to n1 was lost"]

    def test_that_an_answer_was_lost(self) -> None:
        """On its way back."""
        told = how("1100000000 7 c1>n1 Request", "1200000000 cut n1>c1 Response", fault=CUT)
        assert told == ["the answer of n1 was lost"]

    def test_that_the_node_was_down(self) -> None:
        """When the request came."""
        assert how("1100000000 down c1>n1 Request", fault=CRASHED) == ["n1 was down"]

    def test_that_the_node_crashed_with_the_request(self) -> None:
        """After it had come."""
        told = how("1100000000 7 c1>n1 Request", "1200000000 crash n1", fault=CRASHED)
        assert told == ["n1 crashed before it had answered"]

    def test_that_the_node_stood_still(self) -> None:
        """The request came out of its inbox when the node went on, and that was too late."""
        told = how("500000000 pause n1", "2500000000 resume n1", "2500000000 7 c1>n1 Request", fault=PAUSED)
        assert told == ["n1 stood still"]

    def test_that_the_node_did_not_reach_another(self) -> None:
        """If nothing happened to request and answer themselves."""
        told = how("1100000000 7 c1>n1 Request", "1200000000 cut n1>n2 Store", fault=CUT)
        assert told == ["n1, which was asked, needed n2, and its message was lost"]


class TestNothingIsSaid:
    """Where the trace shows nothing."""

    def test_of_what_happened_to_others(self) -> None:
        """Another client, another node, another time."""
        others = ("1100000000 cut c2>n1 Request", "1200000000 cut n2>n3 Store", "2200000000 cut c1>n1 Request")
        assert how(*others, fault=CUT) == []

    def test_of_a_fault_that_does_not_lose_messages_so(self) -> None:
        """A message that was cut off was not lost to a crash, nor to what makes slow."""
        assert how("1100000000 cut c1>n1 Request", fault=CRASHED) == []

    def test_of_a_pause_where_a_node_was_down(self) -> None:
        """And the other way round."""
        assert how("1100000000 down c1>n1 Request", fault=PAUSED) == []
        told = how("500000000 pause n1", "2500000000 resume n1", "2500000000 7 c1>n1 Request", fault=CRASHED)
        assert told == []

    def test_of_a_node_that_is_down_by_itself(self) -> None:
        """The fault took down another one."""
        assert how("1100000000 down c1>n2 Request", fault=CRASHED) == []

    def test_without_a_trace(self) -> None:
        """It is known then what was in force, and no more."""
        seen = done(CRASH)
        found = failures(seen.history, seen.injections, ())
        assert found
        assert {(one.under, one.causes) for one in found} == {((0,), ())}


@pytest.fixture(scope="module")
def crashed() -> Run:
    """Return a run of a single node that is down for two seconds."""
    return done(CRASH)


def test_every_failure_of_a_single_node_that_crashes_is_led_to_by_that(crashed: Run) -> None:
    """There is nothing else that could."""
    found = failures(crashed.history, crashed.injections, crashed.trace)
    levels = crashed.service_levels
    assert len(found) == levels.fail + levels.info > 3
    assert all([cause.fault for cause in one.causes] == [0] for one in found)
    assert failure_sentence(found).endswith(f"the trace shows for {len(found)} of them which fault led to it")


def test_a_fault_that_others_stand_in_for_leads_to_no_failure() -> None:
    """A fault is no failure."""
    seen = done(CRASH, protocol="abd", nodes=3)
    assert seen.injections
    assert failures(seen.history, seen.injections, seen.trace) == []
    assert not any("Which fault led" in line for line in run_lines(seen, repeat=""))


def test_the_text_lists_faults_with_the_failures_they_led_to(crashed: Run) -> None:
    """A row a fault, and a sentence about all failures."""
    lines = run_lines(crashed, repeat="")
    row = lines[lines.index("Which fault led to which failure") + 2]
    failed = crashed.service_levels.fail + crashed.service_levels.info
    assert row.split()[:6] == ["crash:", "n1", "2.000", "s", str(failed), str(failed)]
    assert row.endswith(": n1 was down")


def test_the_document_lists_both(crashed: Run) -> None:
    """With numbers that lead from one to the other."""
    document = json.loads(json.dumps(run_document(crashed, repeat="")))
    failed = len(document["failures"])
    assert (document["faults"][0]["failures_under"], document["faults"][0]["led_to"]) == (failed, failed)
    first = document["failures"][0]
    assert first["under"] == [0]
    assert first["led_by"][0]["fault"] == 0
    assert first["led_by"][0]["words"] == "crash: n1"


def test_the_document_lists_what_a_test_did_itself(crashed: Run) -> None:
    """Its own faults come first."""
    document = run_document(crashed, repeat="", own=[CUT])
    assert [one["kind"] for one in document["faults"]] == ["partition", "crash"]
    assert document["failures"][0]["led_by"][0]["fault"] == 1


def test_the_page_lists_both(crashed: Run, tmp_path: Path) -> None:
    """Each failure with the fault that led to it."""
    write_run_folder(crashed, tmp_path, run_document(crashed, repeat=""))
    page = page_of_folder(tmp_path)
    assert "Which fault led to which failure" in page
    assert "crash: n1: n1 was down" in page


def test_the_text_of_a_failing_test_counts_both(crashed: Run) -> None:
    """In a line below the faults."""
    lines = failure_lines(crashed, seed=0, shrunk=None, replay="", report=None)
    assert any(line.startswith("failures: ") and "which fault led to it" in line for line in lines)


def test_the_rows_are_those_of_the_faults_that_led_to_the_most() -> None:
    """In the order in which they began."""
    seen = done('kind = "in-turn"\nfaults = [{ kind = "crash", target = "n1" }, { kind = "latency", added = "1ms" }]')
    found = failures(seen.history, seen.injections, seen.trace)
    assert len(failure_rows(found, seen.injections, 1)) == 2
