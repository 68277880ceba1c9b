"""Campaigns: the same outcomes whoever runs them, and nothing that goes wrong in a worker ends them."""

from __future__ import annotations

import os
import signal
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs
import pytest

from chaoslab.explore.campaign import Job, Target, campaign, seeds_of
from chaoslab.explore.corpus import Corpus
from chaoslab.explore.outcome import Outcome, outcome_of
from chaoslab.explore.recording import read_recording, replay
from chaoslab.explore.workers import local_executor
from chaoslab.plugins import Protocol, registry
from chaoslab.report.campaign import Tally, campaign_document, campaign_lines
from chaoslab.scenario import parse_scenario

TEXT = """
[scenario]
duration = "6s"
settle = "2s"
[cluster]
protocol = "primary-backup"
[workload]
name = "kv"
[[fault]]
kind = "partition"
groups = "primary | rest"
at = "1s"
for = "3s"
[expect]
consistency = ["linearizable"]
"""
TARGET = Target(name="cut", text=TEXT)


def outcomes(executor: Executor, runs: int = 12, workers: int = 2, **more: Any) -> list[Outcome]:
    with executor:
        found = list(campaign(seeds_of([TARGET], 0, runs), executor, workers=workers, **more))
    return [attrs.evolve(outcome, cpu_s=0.0) for outcome in found]


def test_the_same_seeds_give_the_same_outcomes_whoever_runs_them() -> None:
    """One process, two processes, threads of this one: same order, same hashes, same words."""
    one = outcomes(ProcessPoolExecutor(1), workers=1)
    assert [outcome.seed for outcome in one] == list(range(12))
    assert any(outcome.verdict == "invalid" for outcome in one)
    assert outcomes(ProcessPoolExecutor(2)) == one
    assert outcomes(ThreadPoolExecutor(1), workers=1) == one


def test_scenarios_take_turns() -> None:
    """Each seed is run in every scenario before the next."""
    other = Target(name="other", text=TEXT)
    jobs = [(job.target.name, job.seed) for job in seeds_of([TARGET, other], 5, 5)]
    assert jobs == [("cut", 5), ("other", 5), ("cut", 6), ("other", 6), ("cut", 7)]


def test_a_failure_comes_with_what_replays_it(tmp_path: Any) -> None:
    """The recording in the outcome is a file like any other."""
    failed = next(outcome for outcome in outcomes(ProcessPoolExecutor(1)) if outcome.findings)
    (tmp_path / "recording.json").write_text(failed.recording)
    recording = read_recording(tmp_path / "recording.json")
    assert recording.trace_hash == failed.trace_hash
    assert replay(recording).verdict == "invalid"


def test_a_campaign_stops_when_it_is_told_to() -> None:
    """What is under way is finished; nothing more is begun."""
    asked = iter([True, True, True, False, False])
    found = outcomes(ThreadPoolExecutor(1), runs=1000, workers=1, go_on=lambda: next(asked, False))
    assert 0 < len(found) < 1000


class _Stubborn:
    """A node that goes on for ever in one handler, and takes no exception for an answer."""

    def __init__(self, context: Any) -> None:
        pass

    def start(self) -> None:
        while True:
            try:
                sum(range(1000))
            except Exception:  # noqa: S112 - that is what stubborn means
                continue

    def message(self, sender: str, message: Any) -> None:
        return None

    def timer(self, name: str) -> None:
        return None


def test_code_that_never_waits_is_given_up_and_told() -> None:
    """An endless loop in one handler ends at the limit: unknown, with the seed and the limit."""
    stubborn = Protocol(name="stubborn", summary="never answers", replica=_Stubborn, serves=("kv",), claims=())
    registry().protocols["stubborn"] = stubborn
    try:
        scenario = parse_scenario(TEXT.replace("primary-backup", "stubborn").replace("primary |", "n1 |"), registry())
        outcome = outcome_of("loop", scenario, 3, seconds_max=0.3)
    finally:
        del registry().protocols["stubborn"]
    assert (outcome.verdict, outcome.seed, outcome.findings[0].check) == ("unknown", 3, "limit")
    assert "given up after 0.3 s" in outcome.findings[0].summary


class _Dying(ThreadPoolExecutor):
    """Stands for an executor whose workers die: every submission breaks it."""

    def submit(self, function: Any, /, *arguments: Any, **more: Any) -> Any:
        def die(*_: Any) -> None:
            from concurrent.futures.process import BrokenProcessPool

            raise BrokenProcessPool("a worker died")

        return super().submit(die)


def test_a_worker_that_dies_takes_nothing_with_it() -> None:
    """What it was running is run again; the campaign's outcomes are those of any other."""
    expected = outcomes(ThreadPoolExecutor(1), workers=1)
    assert outcomes(_Dying(1), workers=1, renew=lambda: ThreadPoolExecutor(1)) == expected


def test_a_seed_that_kills_its_worker_again_is_told() -> None:
    """Unknown, with its seed; the others go on."""
    found = outcomes(_Dying(1), runs=3, workers=1, renew=lambda: _Dying(1))
    assert [(outcome.seed, outcome.verdict) for outcome in found] == [(0, "unknown"), (1, "unknown"), (2, "unknown")]
    assert "died, twice" in found[0].findings[0].summary


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill here")
def test_a_worker_that_is_killed_is_replaced() -> None:
    """A real process, killed from outside in the middle of a campaign."""
    executor = local_executor(1)
    found = []
    for number, outcome in enumerate(
        campaign(seeds_of([TARGET], 0, 8), executor, workers=1, renew=lambda: local_executor(1))
    ):
        found.append(outcome.seed)
        if number == 1:
            for process in executor._processes.values():
                os.kill(process.pid, signal.SIGKILL)
    assert found == list(range(8))


def test_each_kind_of_failure_is_told_once() -> None:
    """Grouped by scenario, check and anomaly, with the command that repeats the first."""
    tally = Tally()
    for outcome in outcomes(ThreadPoolExecutor(1), workers=1):
        tally.add(outcome)
    lines = "\n".join(campaign_lines(tally, elapsed_s=1.0, set_options=["cluster.nodes=5"]))
    document = campaign_document(tally, elapsed_s=1.0, set_options=[])
    assert document["verdict"] == "invalid"
    assert document["runs"] == 12
    assert sum(len(failure["seeds"]) for failure in document["failures"]) <= 12
    assert len(document["failures"]) == len({(f["check"], f["anomaly"]) for f in document["failures"]})
    assert "repeat with: chaoslab run cut --set cluster.nodes=5 --seed" in lines
    assert "INVALID:" in lines


def test_a_failure_is_told_with_the_smallest_scenarios_of_the_corpus(tmp_path: Path) -> None:
    """That is what somebody looks at in the morning, not the seed with thirty faults."""
    corpus, tally = Corpus(tmp_path / "c.db"), Tally()
    for outcome in outcomes(ThreadPoolExecutor(1), workers=1):
        if outcome.findings:
            corpus.add(outcome)
            tally.add(outcome)
    assert corpus.keep_shrunk(1, "title = 'small'", "1 fault, 2 operations", "partition")
    kept = corpus.entries()
    lines = campaign_lines(tally, elapsed_s=1.0, set_options=[], corpus="c.db", kept=kept)
    assert "           made small: failure 1, partition (1 fault, 2 operations)" in lines
    assert "           look at it with: chaoslab corpus show c.db 1" in lines
    first, *others = campaign_document(tally, elapsed_s=1.0, set_options=[], kept=kept)["failures"]
    small = {"failure": 1, "shape": "partition", "size": "1 fault, 2 operations", "scenario": "title = 'small'"}
    assert first["small"] == [small | {"perhaps": None}]
    assert all(other["small"] == [] for other in others)


def test_an_empty_campaign_proves_nothing() -> None:
    """Unknown, not valid."""
    assert campaign_document(Tally(), elapsed_s=0.0, set_options=[])["verdict"] == "unknown"


def test_a_job_is_a_small_value() -> None:
    """It can be sent anywhere."""
    assert Job(target=TARGET, seed=1) == Job(target=TARGET, seed=1)
