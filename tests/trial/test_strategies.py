"""Hypothesis strategies: what they make is well formed, finds bugs, and shrinks."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis.stateful import run_state_machine_as_test

import chaoslab as cl
from chaoslab.checkers.registry import check
from chaoslab.history import History
from chaoslab.models import MODELS
from chaoslab.nemesis import Plan, Schedule
from chaoslab.strategies import ClusterMachine, fault_plans, histories, operations, schedules
from tests.trial.stores import Early, early

FEW = settings(max_examples=25)
FOUND = settings(max_examples=400, stateful_step_count=20, database=None, phases=[Phase.generate])


@FEW
@given(plan=fault_plans(nodes=3, seconds=4))
def test_plans_are_in_order_and_within_the_run(plan: Plan) -> None:
    """Each step ends after it began, and the run is long enough for all."""
    assert [step.begin_ns for step in plan] == sorted(step.begin_ns for step in plan)
    assert all(0 <= step.begin_ns < step.end_ns <= 4_000_000_000 for step in plan)


def test_a_plan_that_breaks_a_store_shrinks_to_little() -> None:
    """Hypothesis makes the plan small by itself: one fault of the simplest kind that suffices."""

    def breaks(plan: Plan) -> bool:
        return bool(plan) and cl.run_test(early, seed=1, plan=plan).verdict == "invalid"

    plan = find(
        fault_plans(kinds=("partition", "drop", "pause")),
        breaks,
        settings=settings(max_examples=30, database=None, phases=[Phase.generate, Phase.shrink]),
    )
    assert len(plan) <= 2


@FEW
@given(history=histories())
def test_histories_can_be_judged(history: History) -> None:
    """Consistent or not: the checker decides, and does not complain about the form."""
    (verdict,) = check(history, model=MODELS["register"], levels=("linearizable",))
    assert verdict.outcome in ("valid", "invalid")


@FEW
@given(schedule=schedules(), script=operations(clients=2))
def test_schedules_and_operations_are_well_formed(schedule: Schedule, script: tuple[object, ...]) -> None:
    """They say when, and for how long; operations are in order of time and of known clients."""
    assert schedule.for_ns
    times = [operation.at_ns for operation in script]  # type: ignore[attr-defined]
    assert times == sorted(times)


class WrongMachine(ClusterMachine):
    code = Early
    kinds = ("partition", "drop")


def test_a_state_machine_drives_a_cluster() -> None:
    """A wrong store is found out: what one client wrote, another does not read."""
    with pytest.raises(cl.ConsistencyViolation, match="linearizable"):
        run_state_machine_as_test(WrongMachine, settings=FOUND)


def test_only_the_strategies_import_hypothesis() -> None:
    """Importing ChaosLab and running a test needs none of it."""
    code = "import sys, chaoslab as cl; cl.run_test, cl.run; assert 'hypothesis' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
