"""The corpus: what was told is in it, one bug is one entry, and no file is ever made worse."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import attrs
import pytest

from chaoslab.errors import UsageError
from chaoslab.explore.corpus import RECORDINGS_MAX, SIGHTINGS_MAX, Corpus
from chaoslab.explore.failures import NO_FAULT, perhaps_again
from chaoslab.explore.findings import Keeper, _appended, read_findings
from chaoslab.explore.known import replay_known, shrink_new
from chaoslab.explore.outcome import Finding, Outcome, outcome_of
from chaoslab.explore.recording import parse_recording, read_recording, record, replay, write_recording
from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import load_scenario, parse_scenario, scenario_to_toml
from chaoslab.scenario.shipped import scenario_path

SCENARIO = load_scenario(scenario_path("primary_backup/failover"), registry(), {"scenario.duration": "10s"})


def failing() -> Outcome:
    for seed in range(30):
        outcome = outcome_of("failover", SCENARIO, seed)
        if outcome.verdict == "invalid":
            return outcome
    raise AssertionError("no seed of thirty fails")


def made_up(seed: int, anomaly: str = "stale read") -> Outcome:
    finding = Finding(check="linearizable", verdict="invalid", anomaly=anomaly, summary="so it is.")
    recording = f'{{"seed": {seed}}}'
    return Outcome(
        scenario="s",
        protocol="p",
        seed=seed,
        verdict="invalid",
        findings=(finding,),
        trace_hash="ended",
        recording=recording,
    )


def test_one_bug_is_one_entry(tmp_path: Path) -> None:
    """Failures of the same protocol, check and anomaly are counted, not listed."""
    corpus = Corpus(tmp_path / "c.db")
    assert corpus.add(made_up(1))
    assert not corpus.add(made_up(2))
    assert corpus.add(made_up(3, "lost write"))
    assert [(entry.signature.anomaly, entry.seed, entry.seen) for entry in corpus.entries()] == [
        ("stale read", 1, 2),
        ("lost write", 3, 1),
    ]
    assert Corpus(tmp_path / "c.db").entries() == corpus.entries()


def endless(context: object) -> None:
    while True:
        pass


def test_a_known_failure_is_failing_fixed_or_diverged(tmp_path: Path) -> None:
    """Its recording is run again: with the code as it is, with code that holds, with code that does something else."""
    corpus = Corpus(tmp_path / "c.db")
    outcome = failing()
    corpus.add(outcome)
    states: list[str] = []
    replay_known(corpus, lambda entry, state: states.append(state))
    protocols = registry().protocols
    before = protocols["primary-backup"]
    try:
        protocols["primary-backup"] = attrs.evolve(protocols["single-copy"], roles=before.roles, leader=before.leader)
        replay_known(corpus, lambda entry, state: states.append(state))
        protocols["primary-backup"] = attrs.evolve(before, replica=lambda context: 1 / 0)
        replay_known(corpus, lambda entry, state: states.append(state))
        protocols["primary-backup"] = attrs.evolve(before, replica=endless)
        replay_known(corpus, lambda entry, state: states.append(state), run_seconds=0.3)
    finally:
        protocols["primary-backup"] = before
    assert states[0] == "failing"
    assert states[2:] == ["diverged", "diverged"]
    assert corpus.entries()[0].state == "diverged"


def test_what_is_fixed_can_be_forgotten_and_comes_back_as_failing(tmp_path: Path) -> None:
    """A bug that returns is told again, with the run that showed it last."""
    corpus = Corpus(tmp_path / "c.db")
    corpus.add(made_up(1))
    corpus.set_state(1, "fixed")
    corpus.add(made_up(9))
    (entry,) = corpus.entries()
    assert (entry.state, entry.seed, entry.seen) == ("failing", 9, 2)
    assert corpus.prune() == 0
    corpus.set_state(1, "fixed")
    assert corpus.prune() == 1
    assert corpus.entries() == []


def test_a_new_failure_is_made_small(tmp_path: Path) -> None:
    """The corpus holds a scenario that fails by itself."""
    corpus = Corpus(tmp_path / "c.db")
    corpus.add(failing())
    shrink_new(corpus, lambda entry, small: None)
    (entry,) = corpus.entries()
    assert entry.signature.shape == "partition"
    small = parse_scenario(entry.shrunk, registry())
    assert run(small, small.seed or 0).verdict == "invalid"
    assert "1 fault" in entry.size
    assert parse_recording(entry.recording).verdict == "invalid"


def test_a_bug_of_another_shape_is_another_entry(tmp_path: Path) -> None:
    """A failure that looks like a known one is kept until it is made small: then it is the same bug, or its own."""
    corpus = Corpus(tmp_path / "c.db")
    corpus.add(made_up(1))
    assert corpus.keep_shrunk(1, "small", "1 fault", "partition")
    assert not corpus.add(made_up(2))
    assert not corpus.add(made_up(3))
    same, other = corpus.sightings()
    assert corpus.settle(same, "small", "1 fault", "partition") is None
    new = corpus.settle(other, "small", "1 fault", "crash")
    assert new is not None
    assert [(one.signature.shape, one.seed) for one in corpus.entries()] == [("partition", 1), ("crash", 3)]
    assert corpus.sightings() == []


def test_two_entries_that_turn_out_the_same_become_one(tmp_path: Path) -> None:
    """What was seen of both is added up."""
    corpus = Corpus(tmp_path / "c.db")
    corpus.add(made_up(1))
    corpus.keep_shrunk(1, "small", "1 fault", "partition")
    corpus.add(made_up(2))
    (sighting,) = corpus.sightings()
    assert corpus.settle(sighting, "small", "", "pause") is not None
    assert not corpus.keep_shrunk(2, "smaller", "", "partition")
    (entry,) = corpus.entries()
    assert (entry.signature.shape, entry.seen) == ("partition", 3)


def test_what_takes_more_than_a_known_failure_is_perhaps_that_again(tmp_path: Path) -> None:
    """Until that is fixed. Other kinds, and a failure of another look, are other failures."""
    corpus = Corpus(tmp_path / "c.db")
    corpus.add(made_up(1))
    corpus.keep_shrunk(1, "small", "2 faults", "crash + partition")
    for seed, shape in ((2, "partition"), (3, "pause"), (4, "partition + pause + reorder")):
        corpus.add(made_up(seed))
        corpus.settle(*corpus.sightings(), "small", "1 fault", shape)

    def told() -> list[int | None]:
        entries = corpus.entries()
        again = (perhaps_again(entry, entries) for entry in entries)
        return [None if one is None else one.id for one in again]

    assert told() == [2, None, None, 2]
    corpus.set_state(2, "fixed")
    assert told() == [None, None, None, 3]
    corpus.add(made_up(5))
    corpus.settle(*corpus.sightings(), "small", "", NO_FAULT)
    assert told() == [5, 5, 5, 5, None]


def test_few_failures_of_one_look_wait_to_be_made_small(tmp_path: Path) -> None:
    """A bug that every run shows does not fill the disk."""
    corpus = Corpus(tmp_path / "c.db")
    for seed in range(20):
        corpus.add(made_up(seed))
    assert len(corpus.sightings()) == SIGHTINGS_MAX
    assert corpus.entries()[0].seen == 20


def test_the_same_runs_again_are_not_made_small_again(tmp_path: Path) -> None:
    """Whoever runs the same seeds every night waits for it once, until the bug is fixed."""
    corpus = Corpus(tmp_path / "c.db")
    corpus.add(made_up(1))
    corpus.keep_shrunk(1, "small", "1 fault", "partition")
    corpus.add(made_up(2))
    corpus.settle(*corpus.sightings(), "small", "1 fault", "partition")
    for seed in (1, 2, 3):
        corpus.add(made_up(seed))
    assert [one.seed for one in corpus.sightings()] == [3]
    corpus.settle(*corpus.sightings(), "small", "1 fault", "crash")
    corpus.set_state(2, "fixed")
    corpus.add(made_up(2))
    assert [one.seed for one in corpus.sightings()] == [2]


def test_an_entry_that_was_another_one_is_not_made_small_again(tmp_path: Path) -> None:
    """It was settled like a sighting."""
    corpus = Corpus(tmp_path / "c.db")
    corpus.add(made_up(1))
    corpus.add(made_up(2))
    corpus.settle(*corpus.sightings(), "small", "1 fault", "partition")
    assert not corpus.keep_shrunk(1, "small", "1 fault", "partition")
    for seed in (1, 2):
        corpus.add(made_up(seed))
    assert corpus.sightings() == []
    (entry,) = corpus.entries()
    assert (entry.id, entry.seed, entry.signature.shape, entry.seen) == (1, 1, "partition", 5)  # the one that was told


def test_a_corpus_that_cannot_be_read_at_the_end_loses_no_report(tmp_path: Path) -> None:
    """What the campaign itself has seen is told all the same, and the trouble with it."""
    keeper = Keeper(Corpus(tmp_path / "c.db"))
    keeper.keep(made_up(1))
    assert [entry.seed for entry in keeper.entries()] == [1]
    keeper.corpus.close()
    assert keeper.entries() == []
    assert keeper.trouble is not None


STORE = """
class Store:
    async def serve(self, node):
        values = {}
        async for message in node:
            if message.body.f == "write":
                values[message.body.key] = message.body.value
            message.reply(values.get(message.body.key))
"""

OWN = """
[scenario]
duration = "1s"
[cluster]
protocol = "store.py:Store"
nodes = 2
[workload]
name = "register"
"""


def test_a_corpus_can_be_moved_with_the_code_that_it_is_about(tmp_path: Path) -> None:
    """What a nightly run has found replays in another checkout, and the failure is known there."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    (here / "store.py").write_text(STORE)
    (here / "own.toml").write_text(OWN)
    corpus = Corpus(here / "c.db")
    outcome = outcome_of("own", load_scenario(here / "own.toml", registry()), 0)
    assert corpus.add(outcome)
    (entry,) = corpus.entries()
    assert entry.signature.protocol == f"{here}/store.py:Store"
    corpus.keep_shrunk(entry.id, scenario_to_toml(parse_recording(entry.recording).scenario), "small", "no fault")
    corpus.close()
    here.rename(there)
    moved = Corpus(there / "c.db")
    (entry,) = moved.entries()
    assert entry.signature.protocol == f"{there}/store.py:Store"
    assert parse_scenario(entry.shrunk, registry()).protocol == f"{there}/store.py:Store"
    replay(parse_recording(entry.recording))
    told: list[str] = []
    replay_known(moved, lambda entry, state: told.append(state))
    assert told == ["failing"]
    again = outcome_of("own", load_scenario(there / "own.toml", registry()), 0)
    assert again.protocol != outcome.protocol
    assert not moved.add(again)
    assert moved.sightings() == []


def test_a_recording_can_be_moved_with_the_code_that_it_is_about(tmp_path: Path) -> None:
    """A bug report is a folder."""
    here = tmp_path / "here"
    (here / "found").mkdir(parents=True)
    (here / "store.py").write_text(STORE)
    (here / "own.toml").write_text(OWN)
    write_recording(record(run(load_scenario(here / "own.toml", registry()), 0)), here / "found" / "recording.json")
    assert str(tmp_path) not in (here / "found" / "recording.json").read_text()
    here.rename(tmp_path / "there")
    replay(read_recording(tmp_path / "there" / "found" / "recording.json"))


def test_what_a_full_disk_keeps_out_of_the_corpus_is_kept_beside_it(tmp_path: Path) -> None:
    """The trouble is told with what to do; the findings are in a file, from which a corpus takes them in."""
    corpus = Corpus(tmp_path / "c.db")
    keeper = Keeper(corpus)
    assert keeper.keep(made_up(1))
    pages = corpus._file.database.execute("PRAGMA page_count").fetchone()[0]
    corpus._file.database.execute(f"PRAGMA max_page_count = {pages}")
    large = attrs.evolve(made_up(2, "lost write"), recording="x" * 100_000)
    assert keeper.keep(large)
    assert keeper.keep(made_up(3, "torn read"))
    assert keeper.trouble is not None
    assert "Make room" in keeper.trouble
    assert keeper.fallback == tmp_path / "c.db.findings.jsonl"
    assert read_findings(keeper.fallback) == [large, made_up(3, "torn read")]
    assert [entry.seed for entry in Corpus(tmp_path / "c.db").entries()] == [1]


def test_a_findings_file_that_was_cut_off_gives_what_is_whole(tmp_path: Path) -> None:
    """The last line of a full disk is half a line; any other damage is told with its line."""
    path = tmp_path / "f.jsonl"
    line = json.dumps(attrs.asdict(made_up(1))) + "\n"
    path.write_text(line + line[:40])
    assert read_findings(path) == [made_up(1)]
    assert _appended(path, line)
    assert read_findings(path) == [made_up(1), made_up(1)]
    path.write_text("nonsense\n" + line)
    with pytest.raises(UsageError, match=r"f\.jsonl:1: this line is no failure"):
        read_findings(path)


def test_probes_are_counted_by_scenario(tmp_path: Path) -> None:
    """Over all campaigns."""
    corpus = Corpus(tmp_path / "c.db")
    corpus.note_probes("one", {"elected": 2})
    corpus.note_probes("one", {"elected": 3, "deposed": 1})
    assert corpus.probes() == {"one": {"deposed": 1, "elected": 5}}


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"\x00" * 4096])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    """In words, with its name."""
    path = tmp_path / "c.db"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"c\.db"):
        Corpus(path)
    assert path.read_bytes() == content


def test_another_database_or_version_is_refused(tmp_path: Path) -> None:
    """Nobody's file is taken for a corpus."""
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE t (x)")
    with pytest.raises(UsageError, match="no corpus of ChaosLab"):
        Corpus(other)
    Corpus(tmp_path / "c.db").close()
    with closing(sqlite3.connect(tmp_path / "c.db")) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(UsageError, match="version 99; this ChaosLab reads version 2"):
        Corpus(tmp_path / "c.db")


def test_what_strategies_learned_is_kept_between_campaigns(tmp_path: Path) -> None:
    """Two campaigns at once add up; the latest recordings stay when there are too many."""
    first, second = Corpus(tmp_path / "c.db"), Corpus(tmp_path / "c.db")
    first.note_learned("a scenario", (3, 1), ("one", "two"))
    second.note_learned("a scenario", (2, 3), ("two", "three"))
    assert first.learned("a scenario") == ([1, 2, 3], ["one", "two", "three"])
    assert first.learned("another") == ([], [])
    first.note_learned("a scenario", (), map(str, range(RECORDINGS_MAX)))
    assert second.learned("a scenario")[1] == [str(number) for number in range(RECORDINGS_MAX)]


def test_a_guided_campaign_leaves_what_it_reached_to_the_next(tmp_path: Path) -> None:
    """By the command line: the recordings that reached something new are in the corpus, under the scenario's text."""
    command = [sys.executable, "-m", "chaoslab", "fuzz", "abd/bad_network", "--set", "scenario.duration=2s"]
    command += ["--strategy", "guided", "--jobs", "1", "--runs", "40", "--corpus", str(tmp_path / "c.db")]
    assert subprocess.run(command, capture_output=True, check=False, timeout=120).returncode == 0
    scenario = load_scenario(scenario_path("abd/bad_network"), registry(), {"scenario.duration": "2s"})
    features, recordings = Corpus(tmp_path / "c.db").learned(scenario_to_toml(scenario))
    assert len(features) > 10
    assert parse_recording(recordings[0]).scenario.title == scenario.title


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Before anything is run."""
    with pytest.raises(UsageError, match="unable to open"):
        Corpus(tmp_path / "nowhere" / "c.db")
