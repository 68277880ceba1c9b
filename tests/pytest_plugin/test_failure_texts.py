"""The whole text of each kind of failure, against a stored one: it is what people see first.

After a change that is meant: ``CHAOSLAB_GOLDEN=write pytest tests/pytest_plugin/test_failure_texts.py``, and read the
difference before it is committed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"

SUITE = '''
import itertools
import time

import chaoslab as cl
import pytest
import trio


class Store:
    """Acknowledges a write before anybody else has it."""

    async def serve(self, node):
        values = {}
        async for message in node:
            match message.body:
                case cl.Invocation(f="write", key=key, value=value):
                    values[key] = value
                    message.reply()
                    for peer in node.peers:
                        node.send(peer, (key, value))
                case cl.Invocation(f="read", key=key):
                    message.reply(values.get(key))
                case (key, value):
                    values[key] = value


class Strict:
    async def serve(self, node):
        async for message in node:
            assert message.body.value != 3, "three is too many"
            message.reply()


class Sleepy:
    async def serve(self, node):
        async for message in node:
            time.sleep(0.1)
            message.reply()


served = itertools.count()


class Counting:
    async def serve(self, node):
        async for message in node:
            await node.sleep(0.001 * next(served))
            message.reply(7)


@pytest.mark.chaoslab(faults="partition", rate=10, keys=1)
async def test_violated_check(cluster):
    cluster.start(Store)
    await cluster.drive(seconds=5)


async def test_assertion_in_a_node(cluster):
    cluster.start(Strict)
    await cluster.drive(seconds=5)


async def test_assertion_in_the_test(cluster):
    cluster.start(Store, nodes=1)
    with cluster.faults(cl.drop(0.1)):
        await cluster.drive(seconds=1)
    assert len(cluster.nodes) == 3


async def test_deadlock(cluster):
    cluster.start(Store)
    await trio.Event().wait()


async def test_escape(cluster):
    cluster.start(Sleepy)
    await cluster.drive(seconds=5)


async def test_nondeterminism(cluster):
    cluster.start(Counting)
    await cluster.drive(seconds=5)
'''
KINDS = re.findall(r"async def test_(\w+)\(cluster\)", SUITE)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What pytest shows of each test, by its name."""
    import subprocess
    import sys

    folder = tmp_path_factory.mktemp("suite")
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_store.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "--chaos-seed", "1", "-p", "no:cacheprovider"]
    environment = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    failures = done.stdout.partition("\nchaoslab: ")[0]
    parts = re.split(r"^_+ test_(\w+)\[seed1\] _+$", failures, flags=re.MULTILINE)
    return {name: _without_marks(text) for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def _without_marks(text: str) -> str:
    """Return *text* without what is not the point.

    That is the lines that only mark columns, which each version of Python has its own way to draw, and how many runs it
    took to make a failure small.
    """
    lines = [line.rstrip() for line in text.splitlines() if not re.fullmatch(r"\s*[~^]+", line)]
    return re.sub(r"\([\d,]+ runs", "(some runs", "\n".join(lines).strip()) + "\n"


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_failure_is_told_as_what_it_is(kind: str, shown: dict[str, str]) -> None:
    """Guarantee and anomaly in words, faults with times, operations, how much smaller, how to see it again."""
    file = GOLDEN / f"{kind}.txt"
    if os.environ.get("CHAOSLAB_GOLDEN") == "write":
        file.write_text(shown[kind], encoding="utf-8")
    assert shown[kind] == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_is_told_in_about_a_dozen_lines(kind: str) -> None:
    """Whoever has to scroll does not read."""
    lines = (GOLDEN / f"{kind}.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 26, "with a traceback or pytest's own explanation"
    assert "replay: pytest" in "\n".join(lines)
