"""Crash points: a power cut at each persistence barrier of a run, in turn, just before and just after it is durable.

Each barrier of the plain run of a seed gives two runs that are the same up to it: in one the node loses power just
before the data are durable, in the other when they are and nothing that waited for them has happened.
What the crash leaves of other unsynced writes and renames is drawn, among what the protocol survives: all of them are
lost, or one of the faults of storage that show in a crash is in force while the node is down; several hide each other.

A sync by a call that blocks takes no time, and what it makes durable is written just before it, at the same moment.
There the power goes within the call.

Barriers are taken each once, files by turns, so that what is synced once in a run is not left to the end, and those
of a file in an order that is spread over the run from the first attempts on; then the next seed's. The steps come on
top of the scenario's own faults, within the protocol's budget: where that refuses the crash, the run is the plain one.
"""

from __future__ import annotations

import functools
from collections import Counter
from itertools import zip_longest
from typing import Any, ClassVar, Final

import attrs

from chaoslab.choices import Choices, Stream
from chaoslab.cluster.host import AT_ONCE
from chaoslab.errors import UsageError
from chaoslab.explore.strategies.attempt import Attempt, Job, baseline, in_rounds
from chaoslab.explore.strategies.uniform import Uniform
from chaoslab.faults import Crash, CrashAt, LoseUnsynced, RenameLost, ReorderWrites, TornWrite
from chaoslab.faults.crash_at import ANY
from chaoslab.nemesis import Budget, Plan, Scene, Step
from chaoslab.scenario import Scenario, scenario_to_toml
from chaoslab.units import NS_PER_S

__all__ = ["CrashPoints", "refuse_without_crashes"]

_SHOWN_BY_A_CRASH: Final = (LoseUnsynced, TornWrite, ReorderWrites, RenameLost)
_SCENE: Final = Scene(nodes=(), duration_ns=0)  # their strengths depend on nothing in it


class CrashPoints(Uniform):
    """A power cut at each persistence barrier in turn, just before and just after the data are durable."""

    name: ClassVar[str] = "crash-points"
    in_turn: ClassVar[bool] = True

    @staticmethod
    def attempt(scenario: Scenario, job: Job) -> Attempt:
        """Return a run in which one node loses power at one barrier."""
        text = scenario_to_toml(scenario)
        seed, place = in_rounds(job.seed, job.number, lambda seed: 2 * len(_barriers(text, seed).each))
        if place is None:
            return Attempt(scenario=scenario, seed=seed)
        barriers = _barriers(text, seed)
        barrier = barriers.each[place // 2]
        stream = Choices(seed).stream(f"strategy crash-points {place}")
        down_ns = int(stream.between(0.02, 2.0) * NS_PER_S)
        # Begun with a nanosecond to go, so that it is this very barrier and no other.
        begin_ns, end_ns = barrier.time_ns - 1, barrier.time_ns + down_ns
        steps = [
            Step(name=f"{fault.kind} barrier", fault=fault, target=barrier.node, begin_ns=begin_ns, end_ns=end_ns)
            for fault in (*_left_by_a_crash(barriers.budget, stream), _power_cut(barrier, place % 2 == 1, down_ns))
        ]
        plan = sorted((*barriers.plan, *steps), key=lambda step: step.begin_ns)
        return Attempt(scenario=scenario, seed=seed, plan=tuple(plan))


def refuse_without_crashes(budget: Budget | None, nodes: int) -> None:
    """Refuse to look for what can never come: a power cut of a node where none may be down.

    Raises:
        UsageError: *budget* does not allow one of *nodes* nodes to be down.
    """
    refusal = None if budget is None else budget.refusal(Crash(), nodes, down=1)
    if refusal is not None:
        raise UsageError(
            "the strategy crash-points cuts the power of a node, and that is not within what the nodes promise to "
            f'survive ({refusal}). More nodes, or another budget, such as cl.Budget(down="all"), can be tested.'
        )


@attrs.frozen
class _Barrier:
    """A sync that succeeded.

    Attributes:
        time_ns: When.
        node: Whose.
        path: Of what.
        at_once: By a call that blocks: what it makes durable was written at the same moment, or may have been.
        nth: The how manieth of this node at this moment.
    """

    time_ns: int
    node: str
    path: str
    at_once: bool
    nth: int


@attrs.frozen(kw_only=True)
class _Barriers:
    """The barriers of a plain run.

    Attributes:
        plan: Its fault plan.
        budget: What was promised to be survived, or None.
        each: Every barrier before its last heal, in the order in which they are taken.
    """

    plan: Plan
    budget: Budget | None
    each: tuple[_Barrier, ...]


def _power_cut(barrier: _Barrier, durable: bool, down_ns: int) -> Any:
    """Return the crash at *barrier* for a step that begins just before it: once the data are *durable*, or before."""
    if durable:
        return CrashAt(synced=ANY, nth=barrier.nth, restart_ns=down_ns)
    if barrier.at_once:
        return CrashAt(fsync=ANY, nth=barrier.nth, restart_ns=down_ns)
    return Crash()


def _left_by_a_crash(budget: Budget | None, stream: Stream) -> list[Any]:
    """Return the fault of storage that says what a crash leaves of what was not synced, if it is within *budget*."""
    kind = stream.pick((None, *_SHOWN_BY_A_CRASH))
    if kind is None or (budget is not None and kind.kind not in budget.storage):
        return []
    return [kind.drawn(_SCENE, stream)]


@functools.lru_cache(maxsize=256)
def _barriers(text: str, seed: int) -> _Barriers:
    plain = baseline(text, seed, trace_kept=True)
    at_the_moment = Counter[tuple[int, str]]()
    of_files: dict[str, list[_Barrier]] = {}
    for line in plain.trace:
        words = line.split(" ", 3)
        synced = len(words) == 4 and words[1] == "fsync" and not words[3].startswith("failed:")
        if synced and 0 < int(words[0]) < plain.scenario.duration_ns:
            path = words[3].removesuffix(AT_ONCE)
            moment = int(words[0]), words[2]
            at_the_moment[moment] += 1
            barrier = _Barrier(*moment, path, at_once=path != words[3], nth=at_the_moment[moment])
            of_files.setdefault(path, []).append(barrier)
    by_turns = zip_longest(*([one[number] for number in _spread(len(one))] for one in of_files.values()))
    each = tuple(barrier for turn in by_turns for barrier in turn if barrier is not None)
    return _Barriers(plan=plain.plan, budget=plain.budget, each=each)


def _spread(count: int) -> list[int]:
    """Return the numbers below *count*, each once, such that every beginning is spread: their bits read backwards."""
    bits = max(count - 1, 1).bit_length()
    backwards = (int(f"{number:0{bits}b}"[::-1], 2) for number in range(1 << bits))
    return [number for number in backwards if number < count]
