"""Fault plans: what happens to whom, when, and within which budget."""

from chaoslab.faults.budget import Budget
from chaoslab.faults.scene import Scene
from chaoslab.nemesis.condition import CONDITION, Condition
from chaoslab.nemesis.nemesis import Nemesis, NotDone
from chaoslab.nemesis.plan import (
    MODES,
    Composition,
    FaultRequest,
    Part,
    Plan,
    Schedule,
    Step,
    draw_plan,
    plan_lines,
)
from chaoslab.nemesis.program import Program
from chaoslab.nemesis.targets import COUNTS, IT, REST, count_of, is_count

__all__ = [
    "CONDITION",
    "COUNTS",
    "IT",
    "MODES",
    "REST",
    "Budget",
    "Composition",
    "Condition",
    "FaultRequest",
    "Nemesis",
    "NotDone",
    "Part",
    "Plan",
    "Program",
    "Scene",
    "Schedule",
    "Step",
    "count_of",
    "draw_plan",
    "is_count",
    "plan_lines",
]
