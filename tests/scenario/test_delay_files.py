"""Measured delays named in a scenario file."""

from __future__ import annotations

from pathlib import Path

import pytest

import chaoslab as cl
from chaoslab.explore.recording import read_recording, record, replay, write_recording
from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import load_scenario

TEXT = """
[scenario]
duration = "2s"
[cluster]
protocol = "abd"
nodes = 3
[network]
latency = { distribution = "trace", file = "delays.txt" }
[workload]
name = "register"
[[fault]]
kind = "latency"
added = { distribution = "trace", file = "delays.txt", shuffled = true }
match = { message = "Store" }
"""


def written(folder: Path, text: str = TEXT) -> Path:
    """Return the path of a scenario, beside its file of delays."""
    (folder / "delays.txt").write_text("1ms\n3ms\n20ms\n2ms\n", encoding="utf-8")
    path = folder / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_delays_stands_beside_its_scenario(tmp_path: Path) -> None:
    """Also inside faults, wherever the command is run."""
    scenario = load_scenario(written(tmp_path), registry())
    assert scenario.latency.values_ns == (1_000_000, 3_000_000, 20_000_000, 2_000_000)  # type: ignore[union-attr]
    assert scenario.faults[0].fault.added.values_ns == scenario.latency.values_ns  # type: ignore[union-attr]


def test_a_file_of_delays_may_be_named_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is none beside the scenario."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    path = written(there)
    (there / "delays.txt").rename(here / "delays.txt")
    monkeypatch.chdir(here)
    assert len(load_scenario(path, registry()).latency.values_ns) == 4  # type: ignore[union-attr]


def test_a_recording_needs_no_file_of_delays(tmp_path: Path) -> None:
    """The delays are in it: it replays when the file is gone."""
    done = run(load_scenario(written(tmp_path), registry()), 3)
    write_recording(record(done), tmp_path / "recording.json")
    (tmp_path / "delays.txt").unlink()
    again = replay(read_recording(tmp_path / "recording.json"))
    assert again.trace_hash == done.trace_hash


def test_a_missing_file_of_delays_is_told_with_its_line(tmp_path: Path) -> None:
    """Its name and the key."""
    path = written(tmp_path, TEXT.replace('"delays.txt" }', '"delay.txt" }'))
    with pytest.raises(cl.ScenarioError, match=r":8: network\.latency\.file: 'delay\.txt' cannot be read"):
        load_scenario(path, registry())
