"""What was tried is told in figures, whether or not anything failed."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chaoslab.cluster import Injection
from chaoslab.faults import Crash, Drop
from chaoslab.history import History
from chaoslab.pytest_plugin.tally import PROPERTY, Tally, tallies, tally_lines
from chaoslab.runner import Run
from chaoslab.service_levels import service_levels

pytest_plugins = ["pytester"]

SUITE = """
    import pytest

    async def store(node):
        values = {}
        async for message in node:
            if message.body.f == "write":
                values[message.body.key] = message.body.value
            message.reply(values.get(message.body.key))

    @pytest.mark.parametrize("nodes", [1, 2])
    @pytest.mark.chaoslab(seeds=3, faults="drop", seconds=1)
    async def test_store(cluster, nodes):
        cluster.start(store, nodes=1)
        await cluster.drive()

    @pytest.mark.chaoslab(seeds=3, faults="none", seconds=1)
    async def test_calm(cluster):
        cluster.start(store, nodes=1)
        await cluster.drive()

    def test_of_something_else():
        pass
"""


def history(ok: int, failed: int, unknown: int, unanswered: int) -> History:
    made = History()
    endings = ["ok"] * ok + ["fail"] * failed + ["info"] * unknown + [""] * unanswered
    for process, ending in enumerate(endings):
        made.invoke(process, "write", "x", process, time_ns=process)
        if ending:
            made.complete(process, ending, None, None, time_ns=process)
    made.note("a remark", time_ns=1000)
    return made


def tally(made: History, kinds: Iterable[Any] = ()) -> Tally:
    injections = [Injection(fault=kind, targets=(), began_ns=0) for kind in kinds]
    return Tally.of(cast(Run, SimpleNamespace(service_levels=service_levels(made))), injections)


def test_what_has_no_answer_is_unknown() -> None:
    """Notes are no operations."""
    found = tally(history(5, 2, 1, 2), [Crash(), Drop(ratio=0.1), Crash()])
    assert found.words() == "1 run, 10 operations (50% ok, 20% failed, 30% unknown)"
    assert found.faults == {"crash": 2, "drop": 1}


def test_a_few_are_not_none_and_almost_all_are_not_all() -> None:
    """299 of 300 are more than 99 %."""
    assert tally(history(299, 0, 1, 0)).words() == "1 run, 300 operations (>99% ok, 0% failed, <1% unknown)"


def test_seeds_of_a_test_are_told_together_and_a_test_that_shows_little_by_name() -> None:
    """Of a test whose operations hardly ever succeed, a pass says little."""
    good, bad = tally(history(9, 1, 0, 0), [Crash()]), tally(history(1, 19, 0, 0))
    reports = [
        SimpleNamespace(user_properties=[("other", 1), (PROPERTY, one.text(test))])
        for test, one in (("t.py::a", good), ("t.py::b", bad), ("t.py::a", good))
    ]
    found = tallies(reports)
    assert tally_lines(found, passed=found, each=False) == [
        "chaoslab: 2 tests, 3 runs, 40 operations (48% ok, 52% failed, 0% unknown); 2 faults of 1 kind",
        "chaoslab: t.py::b shows little: 1 run, 20 operations (5% ok, 95% failed, 0% unknown)",
    ]
    assert len(tally_lines(found, passed={}, each=False)) == 1  # of what failed, more than that is told
    assert tally_lines({}, passed={}, each=True) == []


def test_a_suite_ends_with_what_was_tried(pytester: pytest.Pytester) -> None:
    """One line, and each test with its kinds of fault if asked; workers send it along."""
    pytester.makeini("[pytest]\n")
    pytester.makepyfile(SUITE)
    (line,) = (line for line in pytester.runpytest_subprocess("-n", "2").outlines if "chaoslab: " in line)
    assert line.startswith("chaoslab: 3 tests, 9 runs, ")
    assert " faults of 1 kind" in line
    asked = pytester.runpytest_subprocess("-v")
    assert line in asked.outlines
    asked.stdout.fnmatch_lines(
        ["  *test_store[[]1]", "    3 runs*", "    faults: * drop", "  *test_calm", "    3 runs*", "    faults: none"]
    )


def test_a_test_that_asks_for_nothing_is_told_as_that() -> None:
    """Not every test drives its cluster."""
    assert tally(History()).words() == "1 run, 0 operations"
    assert not tally(History()).shows_little
