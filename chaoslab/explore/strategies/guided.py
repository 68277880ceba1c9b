"""Guided: recordings that reached something new are kept, and changed a little.

Rules:

1. Half of the attempts are fresh, drawn as by the strategy swarm; the rest are children of recordings that were first
   to reach something. Which one is drawn, the latest more often than the others.
2. A child is its parent with one to three changes: another seed under the same faults, a fault moved, stretched, left
   out, done twice or aimed at somebody else, some messages late.
3. Attempts are made in batches. A batch follows from the outcomes of all batches but the one before it, so that no
   worker waits, and nothing depends on who was quicker.
"""

from __future__ import annotations

from collections import deque
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


class Guided:
    """Keeps the recordings that reached something new, and changes them a little."""

    name: ClassVar[str] = "guided"

    def __init__(self, targets: Sequence[Target], first_seed: int) -> None:
        self._targets = targets
        self._first_seed = first_seed
        self._made = 0
        self._waiting: deque[Job] = deque()
        self._under_way: deque[int] = deque()  # how many outcomes of each batch are yet to come, oldest first
        self._news: deque[list[tuple[str, Outcome]]] = deque()  # outcomes of batches that were not looked at yet
        self._seen: dict[str, set[int]] = {target.name: set() for target in targets}
        self._parents: dict[str, list[str]] = {target.name: [] for target in targets}

    def take(self, count: int) -> Sequence[Job]:
        """Return the next jobs; none while the batch before the last one is not through."""
        while len(self._waiting) < count and len(self._under_way) < 2:
            self._begin_batch()
        return tuple(self._waiting.popleft() for _ in range(min(count, len(self._waiting))))

    def learn(self, job: Job, outcome: Outcome) -> None:
        """Put *outcome* with those of its batch."""
        self._news[len(self._news) - len(self._under_way)].append((job.target.name, outcome))
        self._under_way[0] -= 1
        if not self._under_way[0]:
            self._under_way.popleft()

    def memory(self, target: Target) -> Memory:
        """Return what was reached with *target*, and by which recordings."""
        while self._news:  # those of batches that no other one followed, as far as they are through
            for name, outcome in self._news.popleft():
                self._look(name, outcome)
        return Memory(features=tuple(sorted(self._seen[target.name])), recordings=tuple(self._parents[target.name]))

    def recall(self, target: Target, memory: Memory) -> None:
        """Take *memory* over, but for recordings that cannot be read any more."""
        self._seen[target.name].update(memory.features)
        self._parents[target.name] += [text for text in memory.recordings if _is_readable(text)]

    def _begin_batch(self) -> None:
        # At most one batch is under way now. Only those before it are looked at, also if it has ended meanwhile.
        while len(self._news) > 1:
            for name, outcome in self._news.popleft():
                self._look(name, outcome)
        for _ in range(_BATCH):
            number = self._made
            self._made += 1
            target = self._targets[number % len(self._targets)]
            seed = self._first_seed + number // len(self._targets)
            stream = Choices(seed).stream(f"strategy guided {number}")
            parents = self._parents[target.name]
            late = max(stream.random(), stream.random())  # the latest of them more often
            parent = parents[int(late * len(parents))] if parents and stream.chance(0.5) else ""
            self._waiting.append(Job(target=target, seed=seed, strategy=self.name, number=number, parent=parent))
        self._under_way.append(_BATCH)
        self._news.append([])

    def _look(self, name: str, outcome: Outcome) -> None:
        seen, parents = self._seen[name], self._parents[name]
        if outcome.heritage and not seen.issuperset(outcome.features):
            seen.update(outcome.features)
            parents.append(outcome.heritage)
            if len(parents) > _PARENTS_MAX:
                del parents[0]

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
    plan, overrides = parent.plan, {name: dict(draws) for name, draws in parent.overrides.items()}
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
        if step.target and other.target:
            steps[at] = attrs.evolve(step, target=other.target)
    return tuple(steps)


def _at(step: Step, begin_ns: int, length_ns: int, duration_ns: int) -> Step:
    begin_ns = min(max(begin_ns, 0), duration_ns - 1)
    return attrs.evolve(step, begin_ns=begin_ns, end_ns=min(begin_ns + max(length_ns, 1), duration_ns))
