"""Several faults that share one schedule, and plans that are saved, edited and run again."""

from __future__ import annotations

import pytest

import chaoslab as cl
from chaoslab.choices import Choices
from chaoslab.errors import ScenarioError, UsageError
from chaoslab.faults import Crash, Drop, Pause
from chaoslab.nemesis import Composition, Condition, FaultRequest, Part, Plan, Schedule, draw_plan, plan_lines
from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario.plans import parse_plan, plan_to_toml
from chaoslab.scenario.shipped import scenario_path

S = 10**9
PARTS = (Part(fault=Crash(), target="n1"), Part(fault=Pause(), target="n2"), Part(fault=Drop(ratio=0.5)))
OFTEN = Schedule(every_ns=4 * S, for_ns=S)


def plan(mode: str, schedule: Schedule, seed: int = 0) -> Plan:
    request = FaultRequest(fault=Composition(mode=mode, parts=PARTS), schedule=schedule)
    return draw_plan([request], 24 * S, Choices(seed))


def test_together_all_begin_and_end_at_once() -> None:
    """Three steps for each occurrence, with the same span."""
    steps = plan("together", OFTEN)
    assert len(steps) == 18
    assert len({(step.begin_ns, step.end_ns) for step in steps}) == 6
    assert len({step.name for step in steps}) == 18


def test_in_turn_each_has_its_occurrence() -> None:
    """One after the other, round and round."""
    assert [step.fault.kind for step in plan("in-turn", OFTEN)] == ["crash", "pause", "drop"] * 2


def test_in_turn_within_one_span_each_has_its_share() -> None:
    """Without a repetition the span is divided."""
    steps = plan("in-turn", Schedule(at_ns=S, for_ns=6 * S))
    assert [(step.begin_ns // S, step.end_ns // S) for step in steps] == [(1, 3), (3, 5), (5, 7)]


def test_any_of_draws_one_each_time() -> None:
    """Over some seeds each has its turn."""
    kinds = {step.fault.kind for seed in range(10) for step in plan("any-of", OFTEN, seed)}
    assert kinds == {"crash", "pause", "drop"}
    assert len(plan("any-of", OFTEN)) == 6


def test_what_waits_cannot_go_in_turn() -> None:
    """There is no span to divide."""
    composition = Composition(mode="in-turn", parts=PARTS)
    with pytest.raises(UsageError, match="in-turn has at or every"):
        FaultRequest(fault=composition, schedule=Schedule(when=Condition(probe="x")))


def test_a_plan_is_written_and_read_back_the_same() -> None:
    """Whatever its steps wait for."""
    waiting = FaultRequest(
        fault=Crash(), target="it", schedule=Schedule(when=Condition(message="Store", times=3, again=True), for_ns=S)
    )
    steps = (*plan("together", OFTEN), *draw_plan([waiting], 9 * S, Choices(1), prefix="w"))
    ordered = tuple(sorted(steps, key=lambda step: step.begin_ns))
    assert parse_plan(plan_to_toml(ordered), registry()) == ordered
    assert len(plan_lines(ordered)) == len(ordered)
    assert "each time a node gets Store 3 times, for 1s: crash: it" in "\n".join(plan_lines(ordered))


def test_a_plan_that_is_run_again_does_the_same() -> None:
    """With the seed that it came from: event by event. Without one step: the others as before."""
    scenario = cl.load_scenario(scenario_path("abd/partition"), {"scenario.duration": "8s"})
    first = run(scenario, 3)
    read = parse_plan(plan_to_toml(first.plan), registry())
    assert run(scenario, 3, plan=read).trace_hash == first.trace_hash
    fewer = run(scenario, 3, plan=read[1:])
    words = [injection.describe() for injection in first.injections]
    assert [injection.describe() for injection in fewer.injections] == words[1:]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[[step]]", "[[stap]]", "did you mean 'step'"),
        ('kind = "drop"', 'kind = "drap"', "step 1: kind: unknown fault 'drap'; did you mean 'drop'"),
        ("ratio", "ratia", "step 1: ratia: unknown key 'ratia'; did you mean 'ratio'"),
        ('begin = "0s"', 'begin = "0"', "step 1: begin: '0' has no unit"),
        ('begin = "0s"', 'begin = "7s"', "step 1: end: a step ends after it has begun"),
        ('name = "drop 1.1"\n', "", "step 1: name: name is missing"),
    ],
)
def test_a_mistake_in_a_plan_is_told_with_its_step(old: str, new: str, words: str) -> None:
    """As strictly as in a scenario."""
    text = plan_to_toml(draw_plan([FaultRequest(fault=Drop(ratio=0.5))], 5 * S, Choices(0)))
    assert old in text
    with pytest.raises(ScenarioError, match=r"p\.toml") as error:
        parse_plan(text.replace(old, new), registry(), file="p.toml")
    assert words in str(error.value)
