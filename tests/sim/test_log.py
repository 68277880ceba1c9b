"""What code under test says during a run: who said it, when, in which role, and as JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable

import pytest
import trio

import chaoslab as cl
from chaoslab.sim.log import Log, LogEntry
from chaoslab.trial import Setup, run_trial

OLD = logging.getLogger("store")


def said(serve: Callable[[cl.Node], Awaitable[None]]) -> tuple[LogEntry, ...]:
    async def test(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=3)
        await trio.sleep(1)

    return run_trial(test, Setup(faults=()), 1).log


def test_structlog_and_the_standard_logging_are_merged_in_order_of_time() -> None:
    """Of all nodes; each entry has its node, whichever way it was said."""

    async def serve(node: cl.Node) -> None:
        number = node.nodes.index(node.name) + 1
        for _ in range(3):
            await node.sleep(0.1 * number)
            node.log.info("new", number=number)
            OLD.warning("old %d", number)

    log = said(serve)
    assert [one.time_ns for one in log] == sorted(one.time_ns for one in log)
    assert [one.event for one in log if one.node == "n2"] == ["new", "old 2"] * 3
    assert {one.node for one in log[:6]} == {"n1", "n2"}
    assert len(log) == 18


def test_what_a_task_of_a_node_says_is_the_nodes() -> None:
    """Also deep in its nurseries, and in the role that the node has then."""

    async def speak() -> None:
        OLD.warning("from below")

    async def deeper() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(speak)

    async def serve(node: cl.Node) -> None:
        node.become("leader")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(deeper)

    assert sorted((one.node, one.role, one.event) for one in said(serve)) == [
        (name, "leader", "from below") for name in ("n1", "n2", "n3")
    ]


def test_what_is_logged_wrongly_stops_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    """As with any handler of the standard logging: it is told on standard error, and the program goes on."""
    log = Log(lambda: 0)
    with log.catching():
        handler = logging.getLogger().handlers[-1]  # by itself: pytest's own raises
        handler.handle(logging.LogRecord("store", logging.WARNING, "store.py", 1, "%d", ("no number",), None))
    assert not log.entries
    assert "Logging error" in capsys.readouterr().err


def test_an_exception_that_is_logged_is_kept() -> None:
    """In a word: its type and what it says."""

    async def serve(node: cl.Node) -> None:
        try:
            raise ValueError("too much")
        except ValueError:
            OLD.exception("refused")

    told = said(serve)[0].fields["exception"]
    assert told.startswith("ValueError('too much') at test_log.py:")


def test_a_field_hides_nothing_of_an_entry_in_json() -> None:
    """A field named as a part of the entry gets an underscore."""
    entry = LogEntry(
        time_ns=1_500_000_000, node="n1", role="", level="info", event="told", fields={"node": "n2", "x": {1}}
    )
    assert json.loads(entry.document()) == {
        "time_s": 1.5,
        "node": "n1",
        "role": "",
        "level": "info",
        "event": "told",
        "node_": "n2",
        "x": "{1}",
    }
