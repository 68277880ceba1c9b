"""Programs that ask the standard library for time, randomness and threads: their node answers."""

from __future__ import annotations

import contextlib
import copy
import datetime as dates
import os
import pickle
import random
import secrets
import socket
import sqlite3
import ssl
import threading
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from random import choice
from time import monotonic
from typing import Any

import pytest
import trio
from trio.to_thread import run_sync

import chaoslab as cl

START_S = 1_700_000_000


def on_nodes(code: Callable[[], Awaitable[Any]], *, nodes: int = 1, seed: int = 0, **faults: Any) -> dict[str, Any]:
    """Run *code* on each node, and return what it returned there."""
    found: dict[str, Any] = {}

    async def serve(node: cl.Node) -> None:
        found[node.name] = await code()

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=nodes)
        for fault in faults.values():
            with cluster.faults(fault):
                await trio.sleep(100)
        await trio.sleep(10)
        found["trace"] = cluster.engine.trace.digest()

    cl.run(main, seed=seed)
    return found


async def all_draws() -> tuple[Any, ...]:
    return (
        random.random(), choice(range(1000)), random.gauss(0, 1), random.sample(range(1000), 3), random.randbytes(3),
        random.Random().random(), random.SystemRandom().random(), str(uuid.uuid4()), str(uuid.uuid1()),
        os.urandom(4), secrets.token_hex(4), ssl.RAND_bytes(4), getattr(os, "getrandom", os.urandom)(4),
    )  # fmt: skip


async def all_clocks() -> tuple[Any, ...]:
    await trio.sleep(1.5)
    return (
        time.time(), time.time_ns(), monotonic(), time.perf_counter(), time.process_time(),
        datetime.now(dates.UTC).timestamp(), datetime.now().timestamp(), dates.date.today(), time.gmtime()[:6],
    )  # fmt: skip


def test_clocks_are_those_of_the_node() -> None:
    """Under whatever name a program knows them."""
    s = START_S + 1.5
    clocks = on_nodes(all_clocks)["n1"]
    assert clocks[:7] == (s, s * 1_000_000_000, 1.5, 1.5, 0.0, s, s)
    assert clocks[7:] == (dates.date.fromtimestamp(s), (2023, 11, 14, 22, 13, 21))


def test_a_fault_of_the_wall_clock_shows_in_time_and_in_dates() -> None:
    """And not in the monotonic clock: a program that mixes them up is found out."""
    clocks = on_nodes(all_clocks, fault=cl.clock_skew("n1", 60))["n1"]
    assert (clocks[0], clocks[2], clocks[6]) == (START_S + 61.5, 1.5, START_S + 61.5)


def test_randomness_is_decided_by_the_seed_and_differs_between_nodes() -> None:
    """Each of its sources, in any process."""
    first, again, other = (on_nodes(all_draws, nodes=2, seed=seed) for seed in (1, 1, 2))
    assert first == again
    for one, two, three in zip(first["n1"], first["n2"], other["n1"], strict=True):
        assert one != two
        assert one != three


def test_what_a_program_draws_moves_no_draw_of_anything_else() -> None:
    """Its stream is its own."""

    async def nothing() -> None:
        pass

    assert on_nodes(all_draws)["trace"] == on_nodes(nothing)["trace"]


def test_dates_are_ordinary_dates() -> None:
    """They are instances, they can be copied and pickled, and nobody can tell them from others after the run."""

    async def make() -> Any:
        now = datetime.now()
        assert isinstance(now, datetime)
        assert isinstance(now, dates.date)
        assert not isinstance(dates.date.today(), datetime)
        assert issubclass(datetime, dates.date)
        assert pickle.loads(pickle.dumps(now)) == copy.deepcopy(now) == now  # noqa: S301
        assert datetime.fromisoformat(now.isoformat()) == datetime.combine(now.date(), now.time()) == now
        return now

    assert type(on_nodes(make)["n1"]) is datetime


def test_everything_is_put_back_when_the_run_ends() -> None:
    """Also when it raises, and the generator behind ``random`` goes on as if there had been no run."""

    async def fails() -> None:
        random.random()
        raise ValueError

    before = (time.time, monotonic, random.random, os.urandom, os.open, open, datetime, dates.datetime, socket.socket)
    random.seed(5)
    expected = [random.random(), random.gauss(0, 1)]
    random.seed(5)
    with pytest.raises(cl.NodeError):
        on_nodes(fails)
    assert [random.random(), random.gauss(0, 1)] == expected
    now = (time.time, monotonic, random.random, os.urandom, os.open, open, datetime, dates.datetime, socket.socket)
    assert all(one is other for one, other in zip(before, now, strict=True))
    assert time.time() > START_S + 50_000_000


def test_other_threads_keep_the_real_clock() -> None:
    """Only the simulation's own thread is served."""
    asked, told, seen = threading.Event(), threading.Event(), list[float]()

    def other() -> None:
        asked.wait(10)
        seen.append(time.time())
        told.set()

    thread = threading.Thread(target=other)
    thread.start()

    async def main(cluster: cl.Cluster) -> None:
        asked.set()
        told.wait(10)  # a node would not be let wait for a thread

    cl.run(main)
    thread.join()
    assert seen[0] > START_S + 50_000_000


def test_a_machine_and_a_process_have_names_and_numbers_of_their_own() -> None:
    """A program that makes an identity of them is the same on every machine."""

    async def identity() -> Any:
        return socket.gethostname(), os.getpid()

    assert on_nodes(identity, nodes=2)["n2"] == ("n2", 1)


def test_what_is_handed_to_a_worker_thread_runs_at_once_in_the_simulation() -> None:
    """In no virtual time, with the node's clock, its exceptions included; also if Trio keeps a thread from before."""
    trio.run(trio.to_thread.run_sync, int)

    def work(number: int) -> tuple[int, float, int]:
        return number, time.time(), threading.get_ident()

    async def code() -> Any:
        began = trio.current_time()
        with pytest.raises(KeyError):
            await trio.to_thread.run_sync({}.__getitem__, 1)
        done = await run_sync(work, 3)
        assert trio.current_time() == began
        return done

    assert on_nodes(code)["n1"] == (3, float(START_S), threading.get_ident())


def test_a_worker_thread_of_the_test_is_refused_also_if_trio_keeps_one_from_before() -> None:
    """It would run in real time, unseen."""
    trio.run(trio.to_thread.run_sync, int)

    async def main(cluster: cl.Cluster) -> None:
        await trio.to_thread.run_sync(int)

    with pytest.raises(cl.EscapedSimulation, match="started a thread at test_standard_library"):
        cl.run(main)


def test_a_worker_thread_cannot_ask_tasks() -> None:
    """Nobody could answer before it ends: that is said, instead of waiting for ever."""

    async def code() -> None:
        await trio.to_thread.run_sync(lambda: trio.from_thread.run(trio.sleep, 1))

    with pytest.raises(cl.EscapedSimulation, match=r"n1 called trio\.from_thread\.run at test_standard_library"):
        on_nodes(code)


def test_a_database_file_of_sqlite_is_refused_and_one_in_memory_is_not() -> None:
    """Its files would be real: no crash touches them, and the next run would find them."""

    async def memory() -> Any:
        with contextlib.closing(sqlite3.connect(":memory:")) as connection:
            return connection.execute("select 1").fetchone()

    async def file() -> None:
        sqlite3.connect("state.db")

    assert on_nodes(memory)["n1"] == (1,)
    with pytest.raises(cl.EscapedSimulation, match="n1 opened a database with sqlite3"):
        on_nodes(file)
