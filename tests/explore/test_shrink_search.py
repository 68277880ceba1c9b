"""Shrinking's search, with a stand-in for runs: what is left out, how often a candidate is tried, when it stops."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import attrs
import pytest

from chaoslab.checkers import Verdict
from chaoslab.cluster import ScriptedOperation
from chaoslab.explore.shrink.search import LimitReached, Search
from chaoslab.explore.shrink.symptom import Symptom
from chaoslab.plugins import registry
from chaoslab.scenario import Scenario
from chaoslab.statemachine import Invocation

STALE = Symptom(check="linearizable", anomaly="stale read")
SCENARIO = Scenario(
    protocol="single-copy",
    nodes=1,
    workload="register",
    seed=0,
    operations=tuple(
        ScriptedOperation(at_ns=number * 10**6, client=0, invocation=Invocation(f="write", key="x", value=number))
        for number in range(40)
    ),
)


def search_where(
    fails: Callable[[Scenario, int], bool],
    runs_max: int = 1000,
    events_max: int = 1000,
    strikes: Callable[[Scenario], tuple[Any, ...]] = lambda scenario: (),
) -> Search:
    """Return a search whose runs show a stale read exactly if *fails* says so of scenario and seed."""

    def run(scenario: Scenario, seed: int, **_: Any) -> Any:
        bad = Verdict(outcome="invalid", name="linearizable", anomaly="stale read")
        checks = (bad,) if fails(scenario, seed) else ()
        return SimpleNamespace(scenario=scenario, seed=seed, events=1, checks=checks, injections=strikes(scenario))

    return Search(STALE, 0, plugins=registry(), run=run, runs_max=runs_max, events_max=events_max, go_on=lambda: True)


def values(scenario: Scenario) -> list[int]:
    return [one.invocation.value for one in scenario.operations]


def test_what_is_left_is_what_the_failure_takes() -> None:
    """Two operations that are far apart, of forty."""
    search = search_where(lambda scenario, seed: {3, 31} <= set(values(scenario)))
    assert values(search.subset(SCENARIO, "operations")) == [3, 31]


def test_pieces_of_one_key_stay_or_go_together() -> None:
    """All operations of the half second that matters are left."""
    search = search_where(lambda scenario, seed: 17 in values(scenario))
    assert values(search.subset(SCENARIO, "operations", lambda one: one.invocation.value // 10)) == list(range(10, 20))


def test_a_candidate_is_tried_with_other_seeds() -> None:
    """What is left out moves the timing of the rest; the seed with which it failed is the first one from then on."""
    search = search_where(lambda scenario, seed: seed == 2)
    found = search.found(SCENARIO)
    assert found is not None
    assert found.seed == search.seed == 2
    runs = search.runs
    assert search.found(attrs.evolve(SCENARIO, clients=1)) is not None
    assert search.runs == runs + 1


def test_the_same_candidate_is_run_once() -> None:
    """However often it is asked about."""
    search = search_where(lambda scenario, seed: True)
    assert search.fails(SCENARIO)
    assert search.fails(SCENARIO)
    assert search.runs == 1


def test_what_brings_more_faults_about_is_not_taken() -> None:
    """With operations left out, a fault that waits for something may come true more often."""
    search = search_where(lambda scenario, seed: True, strikes=lambda scenario: (0,) * (41 - len(scenario.operations)))
    assert search.fails(SCENARIO)
    assert search.subset(SCENARIO, "operations", empty=False) == SCENARIO
    assert search.best is not None
    assert search.best[0] == SCENARIO


def test_at_its_limit_it_stops_and_keeps_the_best() -> None:
    """The best so far fails, and is smaller than what it began with."""
    search = search_where(lambda scenario, seed: {3, 31} <= set(values(scenario)), runs_max=10)
    with pytest.raises(LimitReached):
        search.subset(attrs.evolve(SCENARIO, calm=True), "operations")
    assert search.runs == 10
    assert search.best is not None
    assert {3, 31} <= set(values(search.best[0]))
    assert len(values(search.best[0])) < len(values(SCENARIO))


def test_it_stops_after_so_many_events_too() -> None:
    """A bound that means the same on every machine, unlike a time."""
    search = search_where(lambda scenario, seed: {3, 31} <= set(values(scenario)), events_max=7)
    with pytest.raises(LimitReached):
        search.subset(attrs.evolve(SCENARIO, calm=True), "operations")
    assert search.events == 7


@pytest.mark.parametrize(
    ("symptom", "other", "is_covered"),
    [
        (STALE, STALE, True),
        (STALE, Symptom(check="linearizable", anomaly="lost write"), False),
        (STALE, Symptom(check="eventual", anomaly="stale read"), False),
        (STALE, None, False),
        (Symptom(check="linearizable", anomaly=None), STALE, True),
        (Symptom(check="linearizable", anomaly="not linearizable"), STALE, True),
    ],
)
def test_a_failure_is_the_same_if_check_and_anomaly_are(
    symptom: Symptom, other: Symptom | None, is_covered: bool
) -> None:
    """Where the check named no anomaly at first, it may come to name one."""
    assert symptom.covers(other) == is_covered
