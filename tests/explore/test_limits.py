"""What hangs or eats memory is ended by its limit, told with its seed, and the campaign goes on."""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from chaoslab.errors import DeterminismError, NodeError
from chaoslab.explore.campaign import Target, campaign, seeds_of
from chaoslab.explore.corpus import Corpus
from chaoslab.explore.crew import crew_for
from chaoslab.explore.known import replay_known, shrink_new
from chaoslab.explore.outcome import Outcome, outcome_of
from chaoslab.explore.recording import parse_recording, replay
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


class Stuck(Idle):
    """A node in a loop of C code, which asks for no signal and lets no other thread run."""

    def start(self) -> Effects:
        any(itertools.repeat(False))
        return None


def test_a_process_in_code_that_nothing_interrupts_is_ended_and_the_campaign_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is told with its seed and why; its neighbours are run."""
    monkeypatch.setattr("chaoslab.explore.outcome.GRACE_S", 0.2)
    protocols = registry().protocols
    for kind in (Stuck, Idle):
        name = kind.__name__.lower()
        monkeypatch.setitem(protocols, name, Protocol(name=name, summary="-", replica=kind, serves=("kv",), claims=()))
    crew = crew_for("local", 2)
    targets = [Target(name=name, text=TEXT.format(name=name)) for name in ("stuck", "idle")]
    found = list(
        campaign(
            seeds_of(targets, 3, 4), crew.executor, workers=2, renew=crew.renewed, broken=crew.broken, seconds_max=0.5
        )
    )
    crew.dismiss(wait=True)
    assert [(one.scenario, one.seed) for one in found] == [("stuck", 3), ("idle", 3), ("stuck", 4), ("idle", 4)]
    assert [one.findings[0].check for one in found] == ["limit", "activity", "limit", "activity"]
    assert "did not end 0.5 s of the wall clock after it began" in found[0].findings[0].summary
    assert "code that nothing interrupts" in found[0].findings[0].summary


async def looping_beside_one_that_raises(node: Any) -> None:
    async def raising() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise ValueError("on my way out")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(raising)
        await node.sleep(0.1)
        while True:
            pass


def raising_in_a_nursery(error: BaseException) -> Any:
    async def serve(node: Any) -> None:
        async def raising() -> None:
            raise error

        async with trio.open_nursery() as nursery:
            nursery.start_soon(raising)

    return serve


def test_a_limit_is_told_whatever_a_nursery_makes_of_it() -> None:
    """Other tasks may raise while they are cancelled; and memory may have run out at the same moment."""
    looping = Protocol(name="looping", summary="-", replica=looping_beside_one_that_raises, serves=("kv",), claims=())
    found = outcome_with(looping, seconds_max=0.3)
    assert (found.verdict, found.findings[0].check) == ("unknown", "limit")
    assert "given up after 0.3 s of the wall clock at test_limits.py:" in found.findings[0].summary
    hungry = Protocol(
        name="hungry", summary="-", replica=raising_in_a_nursery(MemoryError()), serves=("kv",), claims=()
    )
    assert outcome_with(hungry).findings[0].check == "limit"


def test_what_a_node_raises_is_told_by_its_kind_and_function() -> None:
    """Out of a nursery, too: two mistakes of one protocol are two findings, wherever their lines are."""
    wrong = Protocol(name="wrong", summary="-", replica=raising_in_a_nursery(KeyError("x")), serves=("kv",), claims=())
    (finding,) = outcome_with(wrong).findings
    assert (finding.check, finding.anomaly) == (
        "node-error", "KeyError in raising_in_a_nursery.<locals>.serve.<locals>.raising",
    )  # fmt: skip


mistake: list[type[Exception]] = []
"""What a node raises as soon as it starts, while there is a mistake in it."""


def single_copy(context: Context) -> Any:
    if mistake:
        raise mistake[0]("x")
    return registry().protocol("single-copy").replica(context)


def test_a_run_that_did_not_end_is_known_to_the_next_campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it ends in the same exception it fails, in another it does something else; once it ends it is fixed."""
    mine = attrs.evolve(registry().protocol("single-copy"), name="mine", replica=single_copy)
    monkeypatch.setitem(registry().protocols, "mine", mine)
    scenario = parse_scenario(TEXT.format(name="mine"), registry())
    corpus, states = Corpus(tmp_path / "c.db"), list[str]()
    for error in (KeyError, KeyError, ValueError, None, KeyError):
        monkeypatch.setattr(f"{__name__}.mistake", [error] if error else [])
        replay_known(corpus, lambda entry, state: states.append(state))
        found = outcome_of("mine", scenario, 1)
        assert (found.verdict, bool(found.trace_hash)) == (("invalid", False) if error else ("valid", True))
        if error is KeyError:
            corpus.add(found)
    assert states == ["failing", "diverged", "fixed", "failing"]
    assert not corpus.sightings()
    shrink_new(corpus, lambda entry, small: pytest.fail("it cannot be made small"))
    corpus.close()


def unlucky(context: Context) -> Any:
    if context.random.below(100) == 25:
        raise ValueError("a quarter")
    return registry().protocol("single-copy").replica(context)


def test_a_recording_of_a_run_that_did_not_end_has_the_draws_that_were_steered(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends in the same way by its recording alone; told in words when it does not."""
    mine = attrs.evolve(registry().protocol("single-copy"), name="mine", replica=unlucky)
    monkeypatch.setitem(registry().protocols, "mine", mine)
    scenario = parse_scenario(TEXT.format(name="mine"), registry())
    found = outcome_of("mine", scenario, 1, steering=lambda engine: lambda stream: lambda draw: 0.25)
    recording = parse_recording(found.recording)
    assert found.findings[0].check == "node-error"
    assert 0.25 in next(iter(recording.overrides.values())).values()
    with pytest.raises(NodeError):
        replay(recording)
    with pytest.raises(DeterminismError, match="did not end, and this one does"):
        replay(attrs.evolve(recording, overrides={}))


def outcome_with(protocol: Protocol, seconds_max: float = 0.0) -> Outcome:
    protocols = registry().protocols
    protocols[protocol.name] = protocol
    try:
        scenario = parse_scenario(TEXT.format(name=protocol.name), registry())
        return outcome_of(protocol.name, scenario, 1, seconds_max=seconds_max)
    finally:
        del protocols[protocol.name]


def end_if_odd(number: int) -> int:
    if number % 2:
        os._exit(1)
    return number


def test_what_ends_its_process_is_passed_over() -> None:
    """The others are done, in their order."""
    crew = crew_for("local", 2)
    assert list(crew.each(end_if_odd, range(5))) == [0, None, 2, None, 4]
    crew.dismiss(wait=True)


def test_a_process_that_eats_memory_ends_at_its_limit_and_works_on() -> None:
    """Unknown, with its seed; the same process runs the next."""
    pytest.importorskip("resource")
    with local_executor(1, memory_max=1 << 30) as executor:
        found = executor.submit(outcome, Hungry, 7).result()
        after = executor.submit(outcome, Idle, 8).result()
    assert (found.verdict, found.seed, found.findings[0].check) == ("unknown", 7, "limit")
    assert "memory" in found.findings[0].summary
    assert after.findings[0].check == "activity"
