"""Uniform: a plain run of each seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from chaoslab.explore.outcome import Outcome
from chaoslab.explore.strategies.attempt import Attempt, Job, Memory, Target, plain_jobs
from chaoslab.scenario import Scenario

__all__ = ["Uniform"]


class Uniform:
    """Seed after seed, as the scenario says: every draw is left to the seed."""

    name: ClassVar[str] = "uniform"
    in_turn: ClassVar[bool] = False

    def __init__(self, targets: Sequence[Target], first_seed: int) -> None:
        self._jobs = plain_jobs(self.name, targets, first_seed, in_turn=self.in_turn)

    def take(self, count: int) -> Sequence[Job]:
        """Return the next *count* jobs."""
        return self._jobs.take(count)

    def learn(self, job: Job, outcome: Outcome) -> None:
        """Learn nothing."""

    def memory(self, target: Target) -> Memory:
        """Return the empty memory."""
        return Memory()

    def recall(self, target: Target, memory: Memory) -> None:
        """Recall nothing."""

    @staticmethod
    def attempt(scenario: Scenario, job: Job) -> Attempt:
        """Return a plain run."""
        return Attempt(scenario=scenario, seed=job.seed)
