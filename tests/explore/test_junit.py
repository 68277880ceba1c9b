"""JUnit XML: a case a scenario that holds, a failure each kind of failure, well-formed whatever the words."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from chaoslab.errors import UsageError
from chaoslab.explore.outcome import Finding, Outcome
from chaoslab.report.campaign import Tally, campaign_document, campaign_lines
from chaoslab.report.junit import confirm_writable, junit_xml, write_junit


def outcome(scenario: str, seed: int, anomaly: str | None, verdict: str = "invalid") -> Outcome:
    finding = Finding(check="linearizable", verdict=verdict, anomaly=anomaly, summary="read <4> & \x00 7.")  # type: ignore[arg-type]
    findings = (finding,) if anomaly else ()
    return Outcome(
        scenario=scenario, protocol="p", seed=seed, verdict=verdict if anomaly else "valid",  # type: ignore[arg-type]
        findings=findings, probes={"elected": 1},
    )  # fmt: skip


def parsed(tally: Tally, scenarios: list[str]) -> ElementTree.Element:
    root = ElementTree.fromstring(junit_xml(tally, scenarios, elapsed_s=1.5, set_options=[]))  # noqa: S314 - our own
    suite = root.find("testsuite")
    assert suite is not None
    return suite


def test_each_kind_of_failure_is_one_case() -> None:
    """Two stale reads are one failure with both seeds; an undecided one is an error; what holds is a case."""
    tally = Tally()
    for one in (outcome("a", 1, "stale read"), outcome("a", 2, "stale read"), outcome("b", 3, None),
                outcome("c", 4, "limit", "unknown")):  # fmt: skip
        tally.add(one)
    suite = parsed(tally, ["a", "b", "c"])
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert "seeds: 1, 2" in (failure.text or "")
    assert "chaoslab run a --seed 1" in (failure.text or "")
    assert "<4>" in (failure.get("message") or "")


def test_a_campaign_that_ran_nothing_is_an_error() -> None:
    """It proves nothing."""
    suite = parsed(Tally(), ["a"])
    assert suite.get("errors") == "1"


def test_a_probe_that_no_run_passes_is_a_finding() -> None:
    """Every run holds, and the campaign is unknown, in words, in JSON and in XML; passed once is enough."""
    tally = Tally(expected={"a": ("elected", "deposed")})
    assert tally.never == []
    tally.add(outcome("a", 1, None))
    assert tally.never == [("a", "deposed")]
    lines = campaign_lines(tally, elapsed_s=1.0, set_options=[])
    assert any("the probe deposed was never passed" in line for line in lines)
    document = campaign_document(tally, elapsed_s=1.0, set_options=[])
    assert document["verdict"] == "unknown"
    assert document["never"] == [{"scenario": "a", "probe": "deposed"}]
    assert parsed(tally, ["a"]).get("errors") == "1"


def test_a_strategy_is_repeated_by_its_campaign_up_to_the_failure() -> None:
    """A seed alone does not say what a strategy did."""
    tally = Tally(strategy="guided", first_seed=5, expected={"a": ()})
    for seed in (5, 6):
        tally.add(outcome("a", seed, None))
    tally.add(outcome("a", 7, "stale read"))
    document = campaign_document(tally, elapsed_s=1.0, set_options=[])
    assert document["failures"][0]["repeat"] == "chaoslab fuzz a --strategy guided --seed 5 --runs 3"


def test_what_was_there_stays_until_all_of_the_report_is_written(tmp_path: Path) -> None:
    """Looking whether a file can be written changes nothing; a folder is told before the work."""
    path = tmp_path / "f.xml"
    confirm_writable(path)
    assert list(tmp_path.iterdir()) == []
    path.write_text("of the night before")
    confirm_writable(path)
    assert path.read_text() == "of the night before"
    write_junit(path, "of this night")
    assert [one.read_text() for one in tmp_path.iterdir()] == ["of this night"]
    for wrong in (tmp_path, tmp_path / "no folder" / "f.xml"):
        with pytest.raises(UsageError, match="cannot be written"):
            confirm_writable(wrong)
