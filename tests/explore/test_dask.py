"""A Dask cluster, started with Dask's own commands, reports what any other executor does."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed")

COMMAND = [sys.executable, "-m", "chaoslab", "fuzz", "primary_backup/failover", "--set", "scenario.duration=5s"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a scheduler and two workers; yield the address."""
    folder: Path = tmp_path_factory.mktemp("dask")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    dask = [sys.executable, "-m", "dask"]
    quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    commands = [
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
        *([*dask, "worker", f"tcp://{address}", "--nthreads", "1", "--no-dashboard"] for _ in range(2)),
    ]
    processes = [subprocess.Popen(command, **quiet) for command in commands]
    try:
        yield address
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(timeout=30)


def reported(*options: str) -> list[Any]:
    """Return the failures that a campaign of 40 runs reports."""
    done = subprocess.run(
        [*COMMAND, "--runs", "40", "--json", *options], capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 1, done.stderr
    failures: list[Any] = json.loads(done.stdout)["failures"]
    return failures


@pytest.mark.parametrize("strategy", ["uniform", "guided"])
def test_one_process_two_processes_and_a_dask_cluster_report_the_same(cluster: str, strategy: str) -> None:
    """The same failures, with the same seeds and the same trace hashes."""
    here = reported("--strategy", strategy, "--jobs", "1")
    assert here
    assert reported("--strategy", strategy, "--jobs", "2") == here
    assert reported("--strategy", strategy, "--executor", f"dask://{cluster}") == here


def test_a_cluster_that_is_not_there_gets_a_sentence() -> None:
    """With its address, and exit code 254."""
    done = subprocess.run(
        [*COMMAND, "--executor", "processes"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 254
    assert "it is local or dask://HOST:PORT" in done.stderr
