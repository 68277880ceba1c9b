"""What shrinking comes to, beside what a person who knows the mistake would write."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from chaoslab.explore.mutants import chosen, hunt, scenarios_for
from chaoslab.explore.recording import parse_recording
from chaoslab.explore.shrink import Shrunk, shrink
from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import Scenario, load_scenario, scenario_to_toml

MINIMA = sorted((Path(__file__).parent / "minima").glob("*.toml"))
each = pytest.mark.parametrize("path", MINIMA, ids=lambda path: path.stem)


def by_hand(path: Path) -> Scenario:
    return load_scenario(path, registry())


def correct(scenario: Scenario) -> Scenario:
    return attrs.evolve(scenario, protocol=scenario.protocol.partition("~")[0])


@functools.cache
def shrunk(mutant: str) -> Shrunk:
    """Return what the first failure of *mutant* that ordinary runs find comes to."""
    (one,) = chosen([mutant])
    found = hunt(one.id, scenarios_for(one), 0, 300).found
    assert found is not None
    return shrink(parse_recording(found.recording))


@each
def test_a_minimum_by_hand_fails_with_the_mistake_and_holds_without(path: Path) -> None:
    """With the very same faults and operations, whatever the seed."""
    scenario = by_hand(path)
    assert run(scenario, scenario.seed or 0).verdict == "invalid"
    assert {run(correct(scenario), seed).verdict for seed in range(10)} == {"valid"}


@each
def test_shrinking_comes_close_to_the_minimum_by_hand(path: Path) -> None:
    """At most half as many faults and operations more."""
    scenario = by_hand(path)
    after = shrunk(scenario.protocol).after
    assert after.faults + after.operations <= 1.5 * (len(scenario.faults) + len(scenario.operations))


@each
def test_a_shrunk_scenario_fails_in_a_fresh_process_and_holds_on_the_correct_protocol(
    path: Path, tmp_path: Path
) -> None:
    """It says everything itself, and nothing that only the mistake would have failed is left out of it."""
    recording = shrunk(by_hand(path).protocol).recording
    file = tmp_path / "small.toml"
    for scenario, code in ((recording.scenario, 1), (correct(recording.scenario), 0)):
        file.write_text(scenario_to_toml(scenario), encoding="utf-8")
        done = subprocess.run([sys.executable, "-m", "chaoslab", "run", str(file)], capture_output=True, check=False)
        assert done.returncode == code, done.stdout.decode()
