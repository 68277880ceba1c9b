"""Fault plans: what happens to whom, when, and within which budget."""

from chaoslab.nemesis.budget import Budget
from chaoslab.nemesis.nemesis import Nemesis, NotDone
from chaoslab.nemesis.plan import FaultRequest, Plan, Schedule, Step, draw_plan
from chaoslab.nemesis.targets import COUNTS, REST, group_words

__all__ = [
    "COUNTS",
    "REST",
    "Budget",
    "FaultRequest",
    "Nemesis",
    "NotDone",
    "Plan",
    "Schedule",
    "Step",
    "draw_plan",
    "group_words",
]
