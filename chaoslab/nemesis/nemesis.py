"""The nemesis: brings the faults of a plan about, and heals them, within the protocol's budget.

Rules:

1. What would exceed the budget does not happen, unless it was asked for; it is noted as refused. Nodes that a fault in
   force may yet take down count as down: a fault that waits for its moment must not exceed the budget then.
2. A step whose target is nobody at that moment does not happen; it is noted as missed.
3. At the end of the plan nothing is left in force, and nothing is waited for.
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.cluster import Cluster, Injection
from chaoslab.faults.budget import Budget, ClockError, takes_down
from chaoslab.nemesis.condition import watch
from chaoslab.nemesis.plan import Plan, Step
from chaoslab.nemesis.targets import Nobody, resolve, resolved
from chaoslab.parameters import with_places

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
        budget: As given.
        not_done: The steps that did not happen, with the reason.
    """

    def __init__(self, cluster: Cluster, plan: Plan, budget: Budget | None) -> None:
        self._cluster = cluster
        self._plan = plan
        self.budget = budget
        self.not_done: list[NotDone] = []
        self._lasting_ns: dict[Injection, int] = {}

    @property
    def injections(self) -> tuple[Injection, ...]:
        """What it has brought about so far, in order."""
        return tuple(self._lasting_ns)

    def begin(self) -> None:
        """Put every step of the plan onto the event heap."""
        for step in self._plan:
            begin = self._begin_step if step.when is None else self._arm
            self._cluster.engine.at(step.begin_ns, begin, step)

    def _arm(self, step: Step) -> None:
        """Wait for what *step* waits for, until its end."""
        assert step.when is not None
        cluster, condition = self._cluster, step.when
        happenings = 0

        def happened(node: str) -> None:
            nonlocal happenings
            happenings += 1
            cluster.engine.after(condition.after_ns, self._strike, step, node, happenings)

        stream = cluster.engine.choices.stream(f"condition {step.name}")
        forget = watch(condition, cluster, happened, lambda: resolve(condition.node, cluster, stream))

        def disarm() -> None:
            forget()
            if not happenings:
                self._skip(step, f"what it waited for did not happen: {condition.describe()}")

        cluster.engine.at(step.end_ns, disarm)

    def _strike(self, step: Step, node: str, occurrence: int) -> None:
        now_ns = self._cluster.engine.now_ns
        if now_ns < step.end_ns:
            until_ns = step.end_ns if step.for_ns is None else min(now_ns + step.for_ns, step.end_ns)
            self._begin_step(attrs.evolve(step, name=f"{step.name}.{occurrence}", end_ns=until_ns), it=node)

    def _begin_step(self, step: Step, it: str | None = None) -> None:
        cluster = self._cluster
        stream = cluster.engine.choices.stream(f"target {step.name}")
        try:
            fault: Any = with_places(step.fault, lambda unit, words: resolved(unit, words, cluster, stream, it))
        except Nobody as nobody:
            self._skip(step, f"{nobody} at that moment")
            return
        own = getattr(fault, "hits", None)
        targets = own(cluster.zones) if own is not None else resolve(step.target, cluster, stream, it)
        if step.target and not targets:
            self._skip(step, f"{step.target!r} was nobody at that moment")
            return
        nodes_min = getattr(fault, "nodes_min", 0)
        if len(cluster.nodes) < nodes_min:
            self._skip(step, f"it takes {nodes_min} nodes, and there were {len(cluster.nodes)} at that moment")
            return
        lasting_ns = step.end_ns - cluster.engine.now_ns
        refusal = self._refusal(fault, targets, lasting_ns)
        if refusal is not None:
            where = f"at {' '.join(targets)} it" if targets else "it"
            self._skip(step, f"{where} would exceed the protocol's budget: {refusal}")
            return
        injection = cluster.inject(fault, targets)
        injection.awaited = step.when
        self._lasting_ns[injection] = lasting_ns
        cluster.engine.at(step.end_ns, self._end_step, injection)

    def _refusal(self, fault: Any, targets: tuple[str, ...], lasting_ns: int) -> str | None:
        """Return why *fault* at *targets* for *lasting_ns* would exceed the budget, or None."""
        if self.budget is None:
            return None
        cluster = self._cluster
        in_force = [(one.fault, one.targets) for one in cluster.injections if one.healed_ns is None]
        in_force.append((fault, targets))
        forgetful = set(cluster.forgetful)
        for other, its_targets in in_force:
            if other.demands == "amnesia":
                forgetful.update(its_targets)
        ever = [(one.fault, one.targets) for one in cluster.injections] + [(fault, targets)]
        rotten = {name for other, hit in ever if other.kind == "bit-rot" for name in hit}  # healed or not
        return self.budget.refusal(
            fault,
            len(cluster.nodes),
            down=self._down_max([(one, hit) for one, hit in in_force if takes_down(one)]),
            forgetful=len(forgetful),
            rotten=len(rotten),
            clock_error=self._clock_error(fault, targets, lasting_ns),
        )

    def _down_max(self, faults: list[tuple[Any, tuple[str, ...]]]) -> int:
        """Return how many nodes may come to be down at once while *faults*, each with its targets, are in force."""
        nodes = self._cluster.nodes
        partly = [(hit, int(one.down_at_once(hit))) for one, hit in faults if hasattr(one, "down_at_once")]
        down = {name for one, hit in faults if not hasattr(one, "down_at_once") for name in hit if name in nodes}
        for name, host in nodes.items():
            if not host.open and not any(name in hit for hit, _ in partly):
                down.add(name)
        more = sum(min(at_once, sum(name not in down for name in hit)) for hit, at_once in partly)
        return len(down) + more

    def _clock_error(self, fault: Any, targets: tuple[str, ...], lasting_ns: int) -> ClockError | None:
        """Return how wrong the clocks of the worst of *targets* would become, or None if *fault* is none of clocks."""
        if not hasattr(fault, "clock_error"):
            return None
        worst: ClockError = fault.clock_error(lasting_ns)
        for name in targets:
            total = fault.clock_error(lasting_ns)
            for injection, its_ns in self._lasting_ns.items():
                other: Any = injection.fault
                if injection.healed_ns is None and name in injection.targets and hasattr(other, "clock_error"):
                    total += other.clock_error(its_ns)
            worst = ClockError(
                skew_ns=max(worst.skew_ns, total.skew_ns), drift_ppm=max(worst.drift_ppm, total.drift_ppm)
            )
        return worst

    def _end_step(self, injection: Injection) -> None:
        self._cluster.heal(injection)

    def _skip(self, step: Step, why: str) -> None:
        self._cluster.engine.note(f"skip {step.name}: {why}")
        self.not_done.append(NotDone(step=step, why=why))
