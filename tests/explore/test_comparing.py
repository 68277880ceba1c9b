"""Two runs side by side: where they part, and what decides."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from chaoslab.explore import record, write_recording
from chaoslab.explore.comparing import deciding, nearest_passing, parting, rerun
from chaoslab.plugins import registry
from chaoslab.runner import Run
from chaoslab.scenario import load_scenario
from chaoslab.scenario.shipped import scenario_path

SCENARIO = load_scenario(
    scenario_path("primary_backup/failover"), registry(), {"scenario.duration": "9s", "scenario.settle": "2s"}
)


@pytest.fixture(scope="module")
def failing() -> Run:
    from chaoslab.runner import run

    for seed in range(20):
        done = run(SCENARIO, seed)
        if done.verdict == "invalid" and run(SCENARIO, seed, plan=()).verdict == "valid":
            return rerun(record(done))
    raise AssertionError("no seed of twenty fails because of its faults")


def test_two_runs_part_where_their_first_event_differs(failing: Run) -> None:
    """With one draw decided otherwise, both lines are shown; sequence numbers and probes do not count."""
    other = rerun(attrs.evolve(record(failing), overrides={"latency c1>n1": {2: 0.99}}))
    found = parting(failing.trace, other.trace)
    assert found is not None
    assert found.first in failing.trace
    assert found.second in other.trace
    assert parting(failing.trace, failing.trace) is None
    assert parting(["5 1 a>b X", "6 probe n1 p", "7 2 timer n1 t"], ["5 9 a>b X", "7 12 timer n1 t"]) is None


def test_the_nearest_passing_run_lacks_the_fault_that_decides(failing: Run) -> None:
    """The run without the partition holds, and the partition is what decides."""
    passing = nearest_passing(failing)
    assert passing is not None
    assert passing.verdict == "valid"
    pieces, complete = deciding(failing, passing)
    assert complete
    assert [piece.kind for piece in pieces] == ["with"]
    assert "partition" in pieces[0].words


def test_what_decides_is_found_between_runs_of_different_seeds(failing: Run) -> None:
    """The draws of some streams, or steps of the plan: taken over into the passing run, it fails in the same way."""
    passing = rerun(attrs.evolve(record(failing), seed=failing.seed + 1000, plan=()))
    assert passing.verdict == "valid"
    pieces, _ = deciding(failing, passing, runs_max=60)
    assert pieces
    assert any(piece.kind == "with" for piece in pieces)


def test_the_command_shows_the_difference_and_what_decides(failing: Run, tmp_path: Path) -> None:
    """From one recording alone."""
    write_recording(record(failing), tmp_path / "r.json")
    done = subprocess.run(
        [sys.executable, "-m", "chaoslab", "diff", str(tmp_path / "r.json")],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "the first event that differs is number" in done.stdout
    assert "what decides that one fails (none of it can be spared):\n  with partition" in done.stdout
    same = subprocess.run(
        [sys.executable, "-m", "chaoslab", "diff", str(tmp_path / "r.json"), str(tmp_path / "r.json")],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert same.returncode == 0, same.stderr
    assert "the two are the same" in same.stdout
