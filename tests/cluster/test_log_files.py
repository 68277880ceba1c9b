"""Nodes that write log files by the standard library's handlers: loggers are shared, handlers are not."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path
from typing import Any

import trio

import chaoslab as cl


def log_files() -> dict[str, Any]:
    """Run two nodes that log to rotating files; return what is in their files in the end."""
    found: dict[str, Any] = {}

    async def serve(node: cl.Node) -> None:
        logger = logging.getLogger("tests.log files")
        handler = logging.handlers.RotatingFileHandler("app.log", maxBytes=24, backupCount=9)
        handler.setFormatter(logging.Formatter("%(message)s"))
        logger.addHandler(handler)
        for number in range(3):
            logger.error("%s says %d", node.name, number)
            await trio.sleep(0.1)
        found[node.name] = {path.name: path.read_text().splitlines() for path in sorted(Path().iterdir())}
        await trio.sleep_forever()

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=2)
        await trio.sleep(1)
        await trio.sleep(1)

    cl.run(main, seed=0)
    return found


def test_a_node_logs_to_its_own_file_and_to_no_others() -> None:
    """Its file has its own lines, in its own order, and is rotated when it alone has filled it."""
    for name, files in log_files().items():
        assert files == {"app.log": [f"{name} says 2"], "app.log.1": [f"{name} says 0", f"{name} says 1"]}


def test_handlers_of_a_run_are_gone_after_it() -> None:
    """The next run would rotate their files on its own nodes' disks."""
    before = list(logging.root.handlers)
    log_files()
    assert logging.getLogger("tests.log files").handlers == []
    assert logging.root.handlers == before


def test_levels_that_a_node_sets_are_gone_after_the_run() -> None:
    """The next run of the same seed would log more, or less, than this one did."""
    named, before = logging.getLogger("tests.log levels"), logging.root.level
    seen: list[int] = []

    async def serve(node: cl.Node) -> None:
        seen.append(named.level)
        logging.root.setLevel("ERROR")
        for level in (logging.DEBUG, logging.CRITICAL):
            named.setLevel(level)
        seen.append(named.level)
        await trio.sleep_forever()

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=1)
        await trio.sleep(1)

    for _ in range(2):
        cl.run(main, seed=0)
        assert (named.level, logging.root.level) == (logging.NOTSET, before)
    assert seen == [logging.NOTSET, logging.CRITICAL] * 2


def test_a_life_that_has_ended_logs_no_more() -> None:
    """Its handler would rotate the files of the life that came after it."""
    found: list[Any] = []

    async def serve(node: cl.Node) -> None:
        handler = logging.FileHandler("app.log", delay=True)
        handler.emit = lambda record: found.append((handler, record.getMessage()))  # type: ignore[method-assign]
        logger = logging.getLogger("tests.log files")
        logger.addHandler(handler)
        logger.error("here")
        await trio.sleep_forever()

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=1)
        await trio.sleep(1)
        cluster.crash("n1")
        cluster.restart("n1")
        await trio.sleep(1)

    cl.run(main, seed=0)
    assert len({id(handler) for handler, _ in found}) == len(found) == 2
