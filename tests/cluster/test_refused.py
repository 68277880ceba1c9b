"""What a node's program cannot do in a simulation: one sentence each, no hang, and nothing is left behind."""

from __future__ import annotations

import asyncio
import fcntl
import mmap
import multiprocessing
import os
import queue
import select
import selectors
import signal
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio

import chaoslab as cl


def on_a_node(code: Callable[[], Any]) -> Any:
    """Run *code* on a node, and return what it returned there."""
    found = []

    async def serve(node: cl.Node) -> None:
        found.append(code())

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=1)
        await trio.sleep(1)

    cl.run(main)
    return found[0]


@pytest.mark.parametrize(
    ("code", "did"),
    [
        (lambda: asyncio.new_event_loop(), "began a loop of asyncio's"),
        (lambda: asyncio.Runner().get_loop(), "began a loop of asyncio's"),
        (lambda: queue.Queue[int]().get(timeout=0.01), "waited for another thread"),
        (lambda: threading.Event().wait(0.01), "waited for another thread"),
        (lambda: queue.SimpleQueue[int]().get(timeout=0.01), "waited for another thread"),
        (lambda: select.select([], [], [], 0.01), "called select.select"),
        (lambda: selectors.DefaultSelector(), "made a selector"),
        (lambda: selectors.PollSelector().select(0.01), "waited with a selector|called select.poll"),
        (lambda: os.kill(os.getppid(), 0), "sent a signal to a real process"),
        (lambda: os.posix_spawn("/nowhere", ["nowhere"], {}), "started a process"),
        (lambda: os.execv("/nowhere", ["nowhere"]), "started a process"),  # noqa: S606
        (lambda: os.chdir("/"), "changed the current folder"),
        (lambda: os.sync(), "called os.sync"),
        (lambda: os._exit(1), "ended the real process"),
        (lambda: os.dup(1), "made a second descriptor"),
        (lambda: fcntl.flock(open("lock", "w"), fcntl.LOCK_EX), "locked a file of a node"),  # noqa: PTH123, SIM115
        (lambda: mmap.mmap(os.open("map", os.O_RDWR | os.O_CREAT), 1), "mapped a file of a node into memory"),
        (lambda: multiprocessing.get_context("spawn").Process(target=print).start(), "started a process"),
        (lambda: os.lchown("/nowhere", 0, 0), "changed the real file"),
        (lambda: os.link("a", "b"), "a node's disk has no links"),
    ],
)
def test_what_cannot_be_served_is_refused_in_a_sentence(code: Callable[[], Any], did: str) -> None:
    """The line is named, and the test's own process stays what it was."""
    before = os.getcwd(), signal.getsignal(signal.SIGUSR1)  # noqa: PTH109
    with pytest.raises(cl.EscapedSimulation, match=did) as refused:
        on_a_node(code)
    assert "at test_refused.py:" in str(refused.value)
    assert (os.getcwd(), signal.getsignal(signal.SIGUSR1)) == before  # noqa: PTH109


def lock_twice() -> None:
    lock = threading.Lock()
    with lock:
        assert not lock.acquire(blocking=False)
    with lock, lock:
        pass


def test_a_lock_that_is_free_is_an_ordinary_lock_and_who_would_wait_for_one_is_told() -> None:
    """Nobody would release it: the whole run would stand still, and no test would end."""
    with pytest.raises(cl.EscapedSimulation, match=r"node n1 waited for a threading.Lock .*a lock of Trio's"):
        on_a_node(lock_twice)
    assert type(threading.Lock()) is type(threading.Lock())
    assert "chaoslab" not in type(threading.Lock()).__module__


def test_a_queue_that_has_something_is_an_ordinary_queue() -> None:
    """Only waiting is refused."""

    def code() -> int:
        waiting = queue.Queue[int]()
        waiting.put(1)
        return waiting.get()

    assert on_a_node(code) == 1


def test_what_a_program_sets_in_the_environment_is_gone_after_the_run() -> None:
    """The next run would find it, and go another way."""
    name = "CHAOSLAB_TEST_OF_THE_ENVIRONMENT"

    def code() -> str:
        return os.environ.setdefault(name, f"{os.environ.get(name)}")

    assert (on_a_node(code), on_a_node(code)) == ("None", "None")
    assert name not in os.environ


def test_what_a_test_has_put_in_a_place_is_there_after_a_run_and_for_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run puts back what it found, not what the first run of all found."""

    def frozen() -> float:
        return 0.0

    on_a_node(time.time)
    with monkeypatch.context() as patched:
        patched.setattr(time, "time", frozen)
        assert on_a_node(lambda: time.time()) > 0
        assert time.time is frozen
    assert time.time is not frozen
    on_a_node(time.time)
    assert time.time is not frozen


def test_clocks_by_number_and_the_machines_numbers_are_the_nodes() -> None:
    """Also those for which few ask."""

    def code() -> Any:
        clocks = [time.clock_gettime(time.CLOCK_MONOTONIC), time.clock_gettime_ns(time.CLOCK_REALTIME)]
        return [*clocks, time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID), time.thread_time(), os.uname().nodename]

    assert on_a_node(code) == [0.0, 1_700_000_000_000_000_000, 0.0, 0.0, "n1"]
    machines = [on_a_node(lambda: uuid.getnode()) for _ in range(2)]
    assert machines[0] == machines[1] != uuid.getnode()


def test_the_mask_of_new_files_stays_that_of_the_real_process() -> None:
    """It has no meaning on a node's disk."""
    before = os.umask(0o027)
    try:
        assert on_a_node(lambda: os.umask(0o077)) == 0o022
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert Path.cwd().is_dir()
