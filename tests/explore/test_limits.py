"""What hangs or eats memory is ended by its limit, told with its seed, and the campaign goes on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chaoslab.explore.outcome import Outcome, outcome_of
from chaoslab.explore.workers import local_executor
from chaoslab.plugins import Protocol, registry
from chaoslab.scenario import parse_scenario
from chaoslab.statemachine import Context, Effects, Send

TEXT = """
[scenario]
duration = "1s"
settle = "1s"
[cluster]
protocol = "{name}"
[workload]
name = "kv"
"""


class Idle:
    """A node that does nothing."""

    def __init__(self, context: Context) -> None:
        self.name = context.name

    def start(self) -> Effects:
        return None

    def message(self, sender: str, message: Any) -> Effects:
        return None

    def timer(self, name: str) -> Effects:
        return None


class Hungry(Idle):
    """A node that never has enough."""

    def start(self) -> Effects:
        hoard = []
        while True:
            hoard.append(bytes(1 << 20))


class Endless(Idle):
    """A node whose one handler never ends."""

    def start(self) -> Effects:
        while True:
            pass


class Restless(Idle):
    """A node that sends itself a message for each one that arrives, at one instant if there is no latency."""

    def start(self) -> Effects:
        return [Send("n2" if self.name == "n1" else "n1", "x")]

    def message(self, sender: str, message: Any) -> Effects:
        return self.start()


def outcome(kind: type[Idle], seed: int, network: str = "") -> Outcome:
    """Run one seed of it, here."""
    name = kind.__name__.lower()
    registry().protocols[name] = Protocol(name=name, summary="-", replica=kind, serves=("kv",), claims=())
    try:
        scenario = parse_scenario(TEXT.format(name=name) + network, registry())
        return outcome_of(name, scenario, seed, seconds_max=0.3 if kind is Endless else 0.0)
    finally:
        del registry().protocols[name]


def test_an_endless_loop_at_one_virtual_instant_ends_at_its_limit() -> None:
    """Messages without latency, for ever: unknown, with the limit and how to raise it."""
    found = outcome(Restless, 4, '[network]\nlatency = "0ms"\n')
    assert (found.verdict, found.seed, found.findings[0].check) == ("unknown", 4, "limit")
    assert "events at 0.0" in found.findings[0].summary


def test_a_handler_that_never_ends_is_given_up_in_a_thread_too() -> None:
    """A Dask worker runs jobs in a thread, where there are no signals; the thread lives on and runs the next."""
    with ThreadPoolExecutor(1) as executor:
        found = executor.submit(outcome, Endless, 5).result()
        after = executor.submit(outcome, Idle, 6).result()
    assert (found.verdict, found.seed, found.findings[0].check) == ("unknown", 5, "limit")
    assert "given up after 0.3 s of the wall clock at test_limits.py:" in found.findings[0].summary
    assert after.findings[0].check == "activity"


def test_a_process_that_eats_memory_ends_at_its_limit_and_works_on() -> None:
    """Unknown, with its seed; the same process runs the next."""
    pytest.importorskip("resource")
    with local_executor(1, memory_max=1 << 30) as executor:
        found = executor.submit(outcome, Hungry, 7).result()
        after = executor.submit(outcome, Idle, 8).result()
    assert (found.verdict, found.seed, found.findings[0].check) == ("unknown", 7, "limit")
    assert "memory" in found.findings[0].summary
    assert after.findings[0].check == "activity"
