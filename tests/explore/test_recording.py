"""Recordings replay a run, and say so when they cannot."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import attrs
import pytest

from chaoslab.errors import DeterminismError, UsageError
from chaoslab.explore import read_recording, record, replay, write_recording
from chaoslab.plugins import Registry, registry
from chaoslab.runner import Run, run
from chaoslab.scenario import load_scenario
from chaoslab.scenario.shipped import scenario_path
from chaoslab.statemachine import Context, Effects, Probe, Send, SetTimer


@pytest.fixture(scope="module")
def done() -> Run:
    scenario = load_scenario(scenario_path("primary_backup/failover"), registry(), {"scenario.duration": "8s"})
    return run(scenario, 4)


def test_a_recording_replays_the_run(done: Run, tmp_path: Path) -> None:
    """Through a file: the same trace, the same history, the same verdict."""
    write_recording(record(done), tmp_path / "r.json")
    recording = read_recording(tmp_path / "r.json")
    assert recording == record(done)
    again = replay(recording)
    assert again.trace_hash == done.trace_hash
    assert list(again.history) == list(done.history)
    assert again.verdict == done.verdict


def test_a_replay_keeps_the_plan_even_if_the_seed_would_draw_another(done: Run) -> None:
    """The plan is in the recording: without its faults another run comes of it."""
    recording = attrs.evolve(record(done), plan=())
    with pytest.raises(DeterminismError):
        replay(recording)
    assert run(done.scenario, 4, plan=()).injections == ()


def test_overridden_draws_are_kept(done: Run, tmp_path: Path) -> None:
    """A draw that is not left to the seed comes back from the file."""
    overrides = {"latency n1>n2": {0: 0.999}}
    other = run(done.scenario, 4, overrides=overrides)
    assert other.trace_hash != done.trace_hash
    write_recording(record(other), tmp_path / "r.json")
    assert replay(read_recording(tmp_path / "r.json")).trace_hash == other.trace_hash


def changed(path: Path, change: Any) -> Path:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content.update(seed=5), "is damaged"),
        (lambda content: content["plan"][0].update(begin_ns=1), "is damaged"),
        (lambda content: content.pop("checksum"), "is damaged"),
        (lambda content: content.update(chaoslab_recording=99), "version 99"),
        (lambda content: content.pop("chaoslab_recording"), "not of ChaosLab"),
    ],
)
def test_a_damaged_recording_is_refused(done: Run, tmp_path: Path, change: Any, words: str) -> None:
    """One changed number is enough."""
    write_recording(record(done), tmp_path / "r.json")
    with pytest.raises(UsageError, match=words):
        read_recording(changed(tmp_path / "r.json", change))


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    """Missing, not JSON, not ours."""
    with pytest.raises(UsageError, match="cannot be read"):
        read_recording(tmp_path / "nothing.json")
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(UsageError, match="not a recording"):
        read_recording(tmp_path / "x.json")
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(UsageError, match="not of ChaosLab"):
        read_recording(tmp_path / "x.json")


WORLD = {"receiver": "n2"}
"""Something outside the simulation, which code under test must not look at."""


class Unfaithful:
    """A node that looks at the world outside: exactly what a simulation must not contain."""

    def __init__(self, context: Context) -> None:
        self.name = context.name

    def start(self) -> Effects:
        return [SetTimer("tick", 0.5)]

    def message(self, sender: str, message: Any) -> Effects:
        return None

    def timer(self, name: str) -> Effects:
        return [Send(WORLD["receiver"], "x"), SetTimer("tick", 0.5)] if self.name == "n1" else None


def test_broken_determinism_names_the_first_event_that_differs(done: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that depends on something outside the simulation is caught, with both sides of the first difference."""
    known = registry()
    unfaithful = attrs.evolve(known.protocol("primary-backup"), replica=Unfaithful)
    plugins: Registry = attrs.evolve(known, protocols={**known.protocols, "primary-backup": unfaithful})
    scenario = attrs.evolve(done.scenario, faults=(), duration_ns=10**9, settle_ns=10**9)
    first = run(scenario, 1, plugins=plugins, trace_kept=True)
    replay(record(first), plugins=plugins, trace=list(first.trace))
    monkeypatch.setitem(WORLD, "receiver", "n3")
    with pytest.raises(DeterminismError) as error:
        replay(record(first), plugins=plugins, trace=list(first.trace))
    number = next(number for number, line in enumerate(first.trace) if "n1>n2" in line)
    message = str(error.value)
    assert f"the first event that differs is number {number}:" in message
    time_ns, _, what = first.trace[number].partition(" ")
    assert f"one run:   {int(time_ns) / 1e9:.6f} s  {what}" in message
    assert "the other: " in message
    assert "n1>n3" in message.split("the other: ")[1]


def test_without_the_trace_the_place_is_told_as_near_as_the_checkpoints_allow(done: Run) -> None:
    """The recording alone knows up to which event both were the same."""
    recording = record(done)
    broken = attrs.evolve(recording, trace_hash="0" * 32)
    with pytest.raises(DeterminismError, match=r"after event [\d,]+ of [\d,]+"):
        replay(broken)


class Talkative:
    """A node that passes a probe at each tick, as one with a line more than another does."""

    probes: tuple[str, ...] = ()

    def __init__(self, context: Context) -> None:
        self.name = context.name

    def start(self) -> Effects:
        return [SetTimer("tick", 0.01)]

    def message(self, sender: str, message: Any) -> Effects:
        return [Probe(name) for name in self.probes]

    def timer(self, name: str) -> Effects:
        receiver = "n2" if self.name == "n1" else "n1"
        return [*(Probe(name) for name in self.probes), Send(receiver, "x"), SetTimer("tick", 0.01)]


class MoreTalkative(Talkative):
    """The same with a renamed variable, a line of log, and probes."""

    probes = ("ticked", "ticked again")

    def timer(self, name: str) -> Effects:
        logging.getLogger(__name__).info("tick of %s", self.name)
        whom = "n2" if self.name == "n1" else "n1"
        return [*(Probe(one) for one in self.probes), Send(whom, "x"), SetTimer("tick", 0.01)]


class Different(MoreTalkative):
    """It does something else after some time."""

    ticks = 0

    def timer(self, name: str) -> Effects:
        self.ticks += 1
        return [] if self.ticks == 100 else super().timer(name)


def test_a_recording_survives_unrelated_edits_and_tells_where_others_begin(done: Run) -> None:
    """A renamed variable, a line of log and more probes change nothing; a real change is told to 64 events."""
    known = registry()

    def plugins(machine: Any) -> Registry:
        changed = attrs.evolve(known.protocol("primary-backup"), replica=machine)
        return attrs.evolve(known, protocols={**known.protocols, "primary-backup": changed})

    scenario = attrs.evolve(done.scenario, faults=(), duration_ns=2 * 10**9, settle_ns=10**9)
    recording = record(run(scenario, 1, plugins=plugins(Talkative)))
    again = replay(recording, plugins=plugins(MoreTalkative))
    assert again.probes["ticked"] > 100
    with pytest.raises(DeterminismError) as error:
        replay(recording, plugins=plugins(Different))
    words = re.search(r"after event ([\d,]+) of .* at ([\d.]+) s to ([\d.]+) s", str(error.value))
    assert words is not None
    assert float(words[2]) <= 1.01 <= float(words[3]) + 0.02
