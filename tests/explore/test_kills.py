"""A campaign or a worker is stopped or killed: what was told is kept, nobody is left, the next campaign goes on."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chaoslab.explore.corpus import Corpus
from chaoslab.explore.failures import Entry


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill here")
def test_what_was_printed_is_in_the_corpus_after_a_kill(tmp_path: Path) -> None:
    """Killed at some moment or other: every failure that was told is there, and the next campaign goes on."""
    path = tmp_path / "c.db"
    command = [
        sys.executable,
        "-m",
        "chaoslab",
        "fuzz",
        "primary_backup/failover",
        "--jobs",
        "1",
        "--corpus",
        str(path),
    ]
    told = 0
    for pause_s in (0.0, 0.2, 0.5):
        with subprocess.Popen(
            [*command, "--runs", "100000"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        ) as process:  # fmt: skip
            assert process.stderr is not None
            if "linearizable" in process.stderr.readline():
                told += 1
            time.sleep(pause_s)
            os.killpg(process.pid, signal.SIGKILL)
        assert len(Corpus(path).entries()) >= 1
    assert told
    done = subprocess.run(
        [*command, "--runs", "2", "--seed", "5"], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode in (0, 1), done.stderr
    assert "known failure 1" in done.stderr


NODES = """
class Endless:
    async def serve(self, node):
        print("so it begins", flush=True)
        while True:
            pass

class Talks:
    async def serve(self, node):
        print("hello")
"""


def campaign_of(folder: Path, code: str, *options: str) -> list[str]:
    """Return the command of a campaign over nodes that are the class *code* above."""
    (folder / "code.py").write_text(NODES)
    (folder / "it.toml").write_text(
        f"""
        [scenario]
        title = "-"
        duration = "1s"
        [cluster]
        protocol = "code.py:{code}"
        [workload]
        name = "register"
        [expect]
        consistency = []
        """
    )
    return [sys.executable, "-m", "chaoslab", "fuzz", str(folder / "it.toml"), "--jobs", "2", "--runs", "8", *options]


def started(command: list[str]) -> subprocess.Popen[str]:
    """Start *command*, which hears Ctrl-C even if these tests were started in the background, and let it begin."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_hears_ctrl_c,
    )  # fmt: skip
    assert process.stderr is not None
    process.stderr.readline()
    return process


def _hears_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_campaign_stops_at_once_though_its_runs_never_wait(tmp_path: Path, number: signal.Signals) -> None:
    """By Ctrl-C, or as CI services stop what takes too long; its report is told, and its processes are gone."""
    with started(campaign_of(tmp_path, "Endless")) as process:
        process.send_signal(number)
        told, complaint = process.communicate(timeout=20)  # at its end nobody holds the pipe any more
    assert process.returncode == 130
    assert "stopped after 0 runs" in complaint
    assert "nothing was run" in told


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill here")
def test_the_processes_of_a_campaign_that_was_killed_end(tmp_path: Path) -> None:
    """They are in the middle of runs that would take a minute each, and would wait for more after that."""
    with started(campaign_of(tmp_path, "Endless")) as process:
        process.kill()
        process.communicate(timeout=20)  # at its end nobody holds the pipe any more


def test_what_nodes_print_does_not_get_into_the_document(tmp_path: Path) -> None:
    """With --json standard output is one document, whoever runs the nodes: a process of the campaign or this one."""
    command = campaign_of(tmp_path, "Talks", "--json")
    one_run = [*command[:3], "run", command[4], "--seed", "1", "--json"]
    for verb in (command, one_run):
        done = subprocess.run(verb, capture_output=True, text=True, check=False, timeout=60)
        assert "verdict" in json.loads(done.stdout)
        assert "hello" in done.stderr


WEAK = (
    "primary_backup/failover",
    "last_write_wins/one_reads_stale",
    "causal/no_single_order",
)
"""Scenarios that show what a protocol does not promise: each fails soon, in its own way."""


def told_until_killed(path: Path, pause_s: float, *, whole: bool, first_seed: int) -> set[tuple[str, int, str, str]]:
    """Run a campaign, kill it or one of its workers *pause_s* after its first words, and return what it had told."""
    command = [sys.executable, "-m", "chaoslab", "fuzz", *WEAK, "--set", "scenario.duration=3s"]
    command += ["--jobs", "2", "--corpus", str(path), "--seed", str(first_seed), "--runs", "100000" if whole else "20"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        time.sleep(pause_s)
        if whole:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            for child in children[:1]:
                os.kill(int(child), signal.SIGKILL)
        lines = process.stderr.read().splitlines()
    assert whole or process.returncode in (0, 1), lines
    matches = (re.fullmatch(r"chaoslab: (\S+), seed (\d+): (\S+): (.+)", line) for line in lines)
    return {(match[1], int(match[2]), match[3], match[4]) for match in matches if match}


@pytest.mark.campaign
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="children are found in /proc")
def test_fifty_kills_at_random_moments_lose_nothing_that_was_told(tmp_path: Path) -> None:
    """Of the campaign or of a worker: the file opens, each failure printed is in it, and the next campaign goes on."""
    moments = random.Random(6)
    told: set[tuple[str, int, str, str]] = set()
    for number in range(50):
        path = tmp_path / f"{number // 10}.db"  # each outlives ten kills
        told = told if number % 10 else set()
        told |= told_until_killed(path, moments.uniform(1.0, 6.0), whole=number % 2 == 0, first_seed=1000 * number)
        if path.exists():
            entries = entries_of(path)
            kept = {
                (one.scenario, one.seed, one.signature.check, one.signature.anomaly or one.verdict) for one in entries
            }
            assert told <= kept
            assert all(one.recording for one in entries)
        if number % 10 == 9:
            assert len({check for _, _, check, _ in told}) > 1, "campaigns that tell nothing prove nothing"


def entries_of(path: Path) -> list[Entry]:
    """Return what is in the corpus *path*."""
    corpus = Corpus(path)
    try:
        return corpus.entries()
    finally:
        corpus.close()
