"""Fault plans: what is drawn, and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.choices import Choices
from chaoslab.errors import UsageError
from chaoslab.faults import Crash, Drop, Partition
from chaoslab.nemesis import Budget, FaultRequest, Schedule, draw_plan

S = 10**9
CRASH = FaultRequest(fault=Crash(), target="one", schedule=Schedule(every_ns=5 * S, for_ns=2 * S))
CUT = FaultRequest(fault=Partition(groups="one | rest"), schedule=Schedule(every_ns=4 * S, for_ns=S))


@given(st.integers(0, 10**6))
def test_a_repeated_fault_comes_once_in_each_period_and_never_overlaps_itself(seed: int) -> None:
    """It begins and ends within its period, and the plan is in order of time."""
    plan = draw_plan([CRASH, CUT], 20 * S, Choices(seed))
    crashes = [step for step in plan if step.fault == Crash()]
    assert len(crashes) == 4
    for number, step in enumerate(crashes):
        assert number * 5 * S <= step.begin_ns <= step.end_ns <= (number + 1) * 5 * S
    assert [step.begin_ns for step in plan] == sorted(step.begin_ns for step in plan)
    assert len({step.name for step in plan}) == len(plan)


def test_moments_differ_from_seed_to_seed() -> None:
    """A fault that always came on the beat would miss whatever happens between."""
    assert len({draw_plan([CRASH], 5 * S, Choices(seed))[0].begin_ns for seed in range(50)}) == 50


def test_one_fault_does_not_move_another() -> None:
    """Each request draws on its own stream."""
    alone = draw_plan([CRASH], 20 * S, Choices(7))
    together = draw_plan([CRASH, CUT], 20 * S, Choices(7))
    assert [step for step in together if step.fault == Crash()] == list(alone)


def test_at_means_exactly_then_and_no_fault_outlives_the_run() -> None:
    """What would end later is healed at the end."""
    request = FaultRequest(fault=Drop(ratio=0.5), schedule=Schedule(at_ns=3 * S, for_ns=100 * S))
    (step,) = draw_plan([request], 10 * S, Choices(0))
    assert (step.begin_ns, step.end_ns) == (3 * S, 10 * S)


def test_a_fault_without_a_schedule_lasts_from_beginning_to_end() -> None:
    """That is what it means to say nothing."""
    (step,) = draw_plan([FaultRequest(fault=Drop(ratio=0.5))], 10 * S, Choices(0))
    assert (step.begin_ns, step.end_ns) == (0, 10 * S)


@pytest.mark.parametrize(
    ("down", "nodes", "most"), [("none", 5, 0), ("minority", 5, 2), ("minority", 4, 1), ("all", 3, 3), (1, 9, 1)]
)
def test_a_budget_is_a_number_of_nodes(down: str | int, nodes: int, most: int) -> None:
    """In words or as a count."""
    assert Budget(down=down).down_max(nodes) == most


def test_a_budget_that_means_nothing_is_refused() -> None:
    """Neither a word nor a count."""
    with pytest.raises(UsageError, match="not a number of nodes"):
        Budget(down="most")
    with pytest.raises(UsageError):
        Budget(down=-1)
