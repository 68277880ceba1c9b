"""Guided: recordings that reached something new are kept, and changed a little.

Rules:

1. Half of the attempts are fresh, drawn as by the strategy swarm, of each scenario in turn; the rest are children of
   recordings that were first to reach something. Of all scenarios together: where new things happen, more is tried.
   The rarer what a recording was first to reach has remained, the more children it has (Böhme et al., "Coverage-based
   greybox fuzzing as Markov chain", CCS 2016, section 3.4).
2. A child is its parent with one to three changes: another seed under the same faults, a fault moved, stretched, left
   out, done twice or aimed at somebody else, some messages late.
3. Attempts are made in batches. A batch follows from the outcomes of all batches but the one before it, so that no
   worker waits, and nothing depends on who was quicker.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Sequence
from typing import ClassVar

import attrs

from chaoslab.choices import CALMED, Choices, Stream
from chaoslab.errors import ChaosLabError
from chaoslab.explore.outcome import Outcome
from chaoslab.explore.recording import Recording, parse_recording
from chaoslab.explore.strategies.attempt import Attempt, Job, Memory, Target
from chaoslab.explore.strategies.coverage import features_of
from chaoslab.explore.strategies.swarm import swarmed
from chaoslab.nemesis import Plan, Step
from chaoslab.scenario import Scenario

__all__ = ["Guided"]

_BATCH = 32
_PARENTS_MAX = 256
_LATE = (0.99, 1.0)


@attrs.frozen(kw_only=True, eq=False)
class _Parent:
    """A recording to be changed.

    Attributes:
        target: The scenario that it is of.
        recording: It, as text.
        first: What it was first to reach, in ascending order; nothing if an earlier campaign made it.
    """

    target: Target
    recording: str
    first: tuple[int, ...] = ()


class Guided:
    """Keeps the recordings that reached something new, and changes them a little."""

    name: ClassVar[str] = "guided"

    def __init__(self, targets: Sequence[Target], first_seed: int) -> None:
        self._targets = targets
        self._first_seed = first_seed
        self._made = 0
        self._fresh = 0
        self._waiting: deque[Job] = deque()
        self._under_way: deque[int] = deque()  # how many outcomes of each batch are yet to come, oldest first
        self._news: deque[list[tuple[Target, Outcome]]] = deque()  # outcomes of batches that were not looked at yet
        self._reached: Counter[int] = Counter()  # in how many runs
        self._first: dict[str, set[int]] = {target.name: set() for target in targets}  # where it was reached first
        self._parents: list[_Parent] = []

    def take(self, count: int) -> Sequence[Job]:
        """Return the next jobs; none while the batch before the last one is not through."""
        while len(self._waiting) < count and len(self._under_way) < 2:
            self._begin_batch()
        return tuple(self._waiting.popleft() for _ in range(min(count, len(self._waiting))))

    def learn(self, job: Job, outcome: Outcome) -> None:
        """Put *outcome* with those of its batch."""
        self._news[len(self._news) - len(self._under_way)].append((job.target, outcome))
        self._under_way[0] -= 1
        if not self._under_way[0]:
            self._under_way.popleft()

    def memory(self, target: Target) -> Memory:
        """Return what was reached with *target* first, and by which recordings."""
        while self._news:  # those of batches that no other one followed, as far as they are through
            self._look_at(self._news.popleft())
        recordings = tuple(parent.recording for parent in self._parents if parent.target.name == target.name)
        return Memory(features=tuple(sorted(self._first[target.name])), recordings=recordings)

    def recall(self, target: Target, memory: Memory) -> None:
        """Take *memory* over, but for recordings that cannot be read any more."""
        self._first[target.name].update(memory.features)
        self._reached.update(memory.features)
        self._parents += [_Parent(target=target, recording=text) for text in memory.recordings if _is_readable(text)]

    def _begin_batch(self) -> None:
        # At most one batch is under way now. Only those before it are looked at, also if it has ended meanwhile.
        while len(self._news) > 1:
            self._look_at(self._news.popleft())
        shares = list(itertools.accumulate(self._share(parent) for parent in self._parents))
        for _ in range(_BATCH):
            stream = Choices(self._first_seed).stream(f"strategy guided {self._made}")
            if shares and stream.chance(0.5):
                at = bisect_right(shares, stream.random() * shares[-1])
                parent = self._parents[min(at, len(shares) - 1)]
                self._waiting.append(self._job(parent.target, self._first_seed + self._made, parent.recording))
            else:
                target = self._targets[self._fresh % len(self._targets)]
                self._waiting.append(self._job(target, self._first_seed + self._fresh // len(self._targets)))
                self._fresh += 1
            self._made += 1
        self._under_way.append(_BATCH)
        self._news.append([])

    def _job(self, target: Target, seed: int, parent: str = "") -> Job:
        return Job(target=target, seed=seed, strategy=self.name, number=self._made, parent=parent)

    def _share(self, parent: _Parent) -> float:
        """Return how many children *parent* has, next to others: the rarer what it was first to reach, the more."""
        return 1.0 / min((self._reached[feature] for feature in parent.first), default=1)

    def _look_at(self, outcomes: list[tuple[Target, Outcome]]) -> None:
        for target, outcome in outcomes:
            if not outcome.heritage:
                continue
            first = tuple(feature for feature in outcome.features if feature not in self._reached)
            self._reached.update(outcome.features)
            if first:
                self._first[target.name].update(first)
                self._parents.append(_Parent(target=target, recording=outcome.heritage, first=first))
                if len(self._parents) > _PARENTS_MAX:
                    self._parents.remove(min(self._parents, key=self._share))

    @staticmethod
    def attempt(scenario: Scenario, job: Job) -> Attempt:
        """Return a fresh run, or a child of the job's parent."""
        stream = Choices(job.seed).stream("strategy guided child" if job.parent else "strategy swarm")
        if not job.parent:
            return Attempt(scenario=swarmed(scenario, stream), seed=job.seed, features_of=features_of)
        return _child(parse_recording(job.parent), job.seed, stream)


def _is_readable(recording: str) -> bool:
    try:
        parse_recording(recording)
    except ChaosLabError:
        return False
    return True


def _child(parent: Recording, seed: int, stream: Stream) -> Attempt:
    plan, overrides = parent.plan or (), {name: dict(draws) for name, draws in parent.overrides.items()}
    own_seed = parent.seed
    for _ in range(1 + stream.below(3)):
        what = stream.below(4)
        if what == 0:
            own_seed, overrides = seed, {}
        elif (what == 1 and overrides) or not plan:
            _delay(overrides, parent.scenario, stream)
        else:
            plan = _changed(plan, parent.scenario.duration_ns, stream)
    plan = tuple(sorted(plan, key=lambda step: step.begin_ns))
    return Attempt(scenario=parent.scenario, seed=own_seed, plan=plan, overrides=overrides, features_of=features_of)


def _delay(overrides: dict[str, dict[int, float]], scenario: Scenario, stream: Stream) -> None:
    """Let a few messages between two nodes come late."""
    first, second = 1 + stream.below(scenario.nodes), 1 + stream.below(scenario.nodes)
    begin = stream.below(1 << stream.below(10))
    draws = overrides.setdefault(f"{CALMED[0]}n{first}>n{second}", {})
    for position in range(begin, begin + 1 + stream.below(4)):
        draws[position] = stream.between(*_LATE)


def _changed(plan: Plan, duration_ns: int, stream: Stream) -> Plan:
    """Return *plan* with one step left out, done twice, moved, stretched or aimed at somebody else."""
    steps = list(plan)
    at = stream.below(len(steps))
    step, what = steps[at], stream.below(5)
    length_ns = step.end_ns - step.begin_ns
    if what == 0:
        del steps[at]
    elif what == 1:
        names = {one.name for one in steps}
        again = next(name for number in range(len(names) + 1) if (name := f"{step.name}+{number}") not in names)
        steps.append(_at(attrs.evolve(step, name=again), stream.below(duration_ns), length_ns, duration_ns))
    elif what == 2:
        by_ns = int(stream.between(-0.1, 0.1) * duration_ns)
        steps[at] = _at(step, step.begin_ns + by_ns, length_ns, duration_ns)
    elif what == 3:
        steps[at] = _at(step, step.begin_ns, int(length_ns * stream.between(0.3, 3.0)), duration_ns)
    else:
        other = steps[stream.below(len(steps))]
        if step.target and other.target and (step.when is None) == (other.when is None):  # "it" is of a condition
            steps[at] = attrs.evolve(step, target=other.target)
    return tuple(steps)


def _at(step: Step, begin_ns: int, length_ns: int, duration_ns: int) -> Step:
    begin_ns = min(max(begin_ns, 0), duration_ns - 1)
    return attrs.evolve(step, begin_ns=begin_ns, end_ns=min(begin_ns + max(length_ns, 1), duration_ns))
