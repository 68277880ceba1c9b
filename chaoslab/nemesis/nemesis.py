"""The nemesis: brings the faults of a plan about, and heals them, within the protocol's budget.

Rules:

1. What would exceed the budget does not happen, unless it was asked for; it is noted as refused.
2. A step whose target is nobody at that moment does not happen; it is noted as missed.
3. At the end of the plan nothing is left in force.
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.cluster import Cluster, Injection
from chaoslab.faults import Partition, split_groups
from chaoslab.nemesis.budget import Budget
from chaoslab.nemesis.plan import Plan, Step
from chaoslab.nemesis.targets import resolve, resolve_groups

__all__ = ["Nemesis", "NotDone"]


@attrs.frozen(kw_only=True)
class NotDone:
    """A step of the plan that did not happen.

    Attributes:
        step: The step.
        why: In words.
    """

    step: Step
    why: str


class Nemesis:
    """Runs one plan against one cluster.

    Args:
        cluster: Whom it attacks.
        plan: What it does.
        budget: What the protocol promises to survive; None: do whatever the plan says.

    Attributes:
        not_done: The steps that did not happen, with the reason.
    """

    def __init__(self, cluster: Cluster, plan: Plan, budget: Budget | None) -> None:
        self._cluster = cluster
        self._plan = plan
        self._budget = budget
        self.not_done: list[NotDone] = []

    def begin(self) -> None:
        """Put every step of the plan onto the event heap."""
        for step in self._plan:
            self._cluster.engine.at(step.begin_ns, self._begin_step, step)

    def _begin_step(self, step: Step) -> None:
        cluster = self._cluster
        stream = cluster.engine.choices.stream(f"target {step.name}")
        fault: Any = step.fault
        targets: tuple[str, ...] = ()
        if isinstance(fault, Partition):
            groups = resolve_groups(split_groups(fault.groups), cluster, stream)
            if not all(groups):
                self._skip(step, f"one side of {fault.groups!r} was nobody at that moment")
                return
            fault = attrs.evolve(fault, groups=" | ".join(" ".join(group) for group in groups))
        elif step.target:
            targets = resolve(step.target, cluster, stream)
            if not targets:
                self._skip(step, f"{step.target!r} was nobody at that moment")
                return
            if fault.demands == "down" and self._exceeds(targets):
                self._skip(step, f"{' '.join(targets)} on top of what is down already exceeds the protocol's budget")
                return
        injection = cluster.inject(fault, targets)
        cluster.engine.at(step.end_ns, self._end_step, injection)

    def _exceeds(self, targets: tuple[str, ...]) -> bool:
        if self._budget is None:
            return False
        nodes = self._cluster.nodes
        down = {name for name, host in nodes.items() if not host.open}
        return len(down.union(targets)) > self._budget.down_max(len(nodes))

    def _end_step(self, injection: Injection) -> None:
        self._cluster.heal(injection)

    def _skip(self, step: Step, why: str) -> None:
        self._cluster.engine.note(f"skip {step.name}: {why}")
        self.not_done.append(NotDone(step=step, why=why))
