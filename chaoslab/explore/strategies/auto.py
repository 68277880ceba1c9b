"""Auto: several strategies by turns, for no one of them is the best for every bug."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from chaoslab.errors import UsageError
from chaoslab.explore.outcome import Outcome
from chaoslab.explore.strategies.attempt import Attempt, Job, Memory, Strategy, Target
from chaoslab.explore.strategies.crash_points import CrashPoints
from chaoslab.explore.strategies.guided import Guided
from chaoslab.explore.strategies.partial_order import PartialOrder
from chaoslab.explore.strategies.pct import Pct
from chaoslab.explore.strategies.swarm import Swarm
from chaoslab.explore.strategies.uniform import Uniform
from chaoslab.scenario import Scenario

__all__ = ["Auto"]

_MEMBERS = (Uniform, Swarm, Guided, Pct, PartialOrder, CrashPoints)


class Auto:
    """A portfolio: uniform, swarm, guided, pct, pos and crash-points take turns."""

    name: ClassVar[str] = "auto"

    def __init__(self, targets: Sequence[Target], first_seed: int) -> None:
        self._members: dict[str, Strategy] = {kind.name: kind(targets, first_seed) for kind in _MEMBERS}
        self._width = len(targets)
        self._made = 0

    def take(self, count: int) -> Sequence[Job]:
        """Return the next jobs: one of each target of one member, then of the next."""
        members = list(self._members.values())
        jobs: list[Job] = []
        while len(jobs) < count:
            member = members[self._made // self._width % len(members)]
            job = member.take(1)
            if not job:
                break  # its turn is not left out: who is quicker must not change what comes next
            jobs += job
            self._made += 1
        return jobs

    def learn(self, job: Job, outcome: Outcome) -> None:
        """Let the member that made *job* know."""
        self._members[job.strategy].learn(job, outcome)

    def memory(self, target: Target) -> Memory:
        """Return what the one member that learns has learned."""
        return self._members[Guided.name].memory(target)

    def recall(self, target: Target, memory: Memory) -> None:
        """Let the one member that learns go on from *memory*."""
        self._members[Guided.name].recall(target, memory)

    @staticmethod
    def attempt(scenario: Scenario, job: Job) -> Attempt:
        """Never called: a job names the member that makes its attempt."""
        raise UsageError("the strategy auto makes no attempts itself.")
