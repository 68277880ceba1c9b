"""The contract of a strategy: which attempt comes next, and how it differs from a plain run.

Rules:

1. A strategy acts through the scenario, the fault plan, and draws: every attempt is a plain run, which is recorded,
   replays and shrinks like any other.
2. An attempt follows from its scenario, its job and nothing else: whoever runs it, and whatever ran before.
3. A strategy that learns does so from whole batches, in the order of the jobs: the executor changes nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Protocol

import attrs

from chaoslab.choices import Overrides, Steer
from chaoslab.explore.outcome import Outcome
from chaoslab.nemesis import Plan
from chaoslab.plugins import registry
from chaoslab.runner import Run, run
from chaoslab.scenario import Scenario, parse_scenario
from chaoslab.sim import Engine

__all__ = ["Attempt", "Job", "Memory", "Strategy", "Target", "baseline", "in_rounds", "plain_jobs"]


@attrs.frozen(kw_only=True)
class Target:
    """A scenario of a campaign.

    Attributes:
        name: What people call it: its file, or the name of a shipped one.
        text: The scenario as TOML.
    """

    name: str
    text: str


@attrs.frozen(kw_only=True)
class Job:
    """One attempt at one scenario, small enough to be sent anywhere.

    Attributes:
        target: The scenario.
        seed: The seed; for strategies that go through something in turn, the first of the campaign.
        strategy: The name of the strategy that makes the attempt.
        number: The how manieth attempt of this strategy at this scenario it is, from 0.
        parent: The recording that it is derived from, as text; empty for most strategies.
    """

    target: Target
    seed: int
    strategy: str = "uniform"
    number: int = 0
    parent: str = ""


@attrs.frozen(kw_only=True)
class Attempt:
    """How one run is made.

    Attributes:
        scenario: What to run.
        seed: With which seed.
        plan: The fault plan; None: drawn from the seed.
        overrides: Draws that are not left to the seed.
        steering: Makes what decides draws while the run goes on.
        features_of: Says what the run has reached, for strategies that learn from it.
    """

    scenario: Scenario
    seed: int
    plan: Plan | None = None
    overrides: Overrides | None = None
    steering: Callable[[Engine], Steer] | None = None
    features_of: Callable[[Run], tuple[int, ...]] | None = None


@attrs.frozen(kw_only=True)
class Memory:
    """What a strategy that learns knows of one scenario, to go on from in the next campaign.

    Attributes:
        features: All that was reached, in ascending order.
        recordings: Those that were first to reach some of it, as text, the oldest first.
    """

    features: tuple[int, ...] = ()
    recordings: tuple[str, ...] = ()


class Strategy(Protocol):
    """A way to choose runs. The first line of its docstring is what the command line shows.

    A strategy is made anew for each campaign: ``Kind(targets, first_seed)``.
    """

    name: ClassVar[str]

    def take(self, count: int) -> Sequence[Job]:
        """Return the next jobs, *count* at most; none as long as outcomes are waited for."""

    def learn(self, job: Job, outcome: Outcome) -> None:
        """Take notice of what came of *job*. Called in the order of the jobs."""

    def memory(self, target: Target) -> Memory:
        """Return what was learned of *target*, once the campaign is over; nothing for most strategies."""

    def recall(self, target: Target, memory: Memory) -> None:
        """Go on from what an earlier campaign learned of *target*. Called before the first job is taken."""

    @staticmethod
    def attempt(scenario: Scenario, job: Job) -> Attempt:
        """Return how *job* is run. Called where it is run; the same job gives the same attempt everywhere."""


class plain_jobs:  # noqa: N801 - stands where a function would
    """The jobs of a strategy that learns nothing: targets take turns, numbers count up."""

    def __init__(self, strategy: str, targets: Sequence[Target], first_seed: int, *, in_turn: bool = False) -> None:
        self._jobs = self._made(strategy, targets, first_seed, in_turn)

    def _made(self, strategy: str, targets: Sequence[Target], first: int, in_turn: bool) -> Iterator[Job]:
        for number in itertools.count():
            seed = first if in_turn else first + number
            for target in targets:
                yield Job(target=target, seed=seed, strategy=strategy, number=number)

    def take(self, count: int) -> Sequence[Job]:
        """Return the next *count* jobs."""
        return tuple(itertools.islice(self._jobs, count))


def baseline(text: str, seed: int, *, calm: bool = False, trace_kept: bool = False) -> Run:
    """Return the plain run of the scenario *text*; ``draws`` holds what it drew.

    Whoever asks keeps what it needs of that run, not the run: campaigns take many scenarios by turns.
    """
    scenario = parse_scenario(text, registry())
    return run(attrs.evolve(scenario, calm=calm), seed, recorded=True, trace_kept=trace_kept)


def in_rounds(first_seed: int, number: int, length: Callable[[int], int]) -> tuple[int, int | None]:
    """Return the seed of the round in which attempt *number* comes, and its place there.

    Args:
        first_seed: The seed of the first round; each round has the next seed.
        number: The attempt, from 0.
        length: How many attempts the round of a seed has. One that has none is one plain run: its place is None.
    """
    seed = first_seed
    while True:
        count = length(seed)
        if number < max(count, 1):
            return seed, number if count else None
        number -= max(count, 1)
        seed += 1
