"""Crash points: a power cut at each persistence barrier of a run, in turn, just before and just after it is durable.

Each barrier of the plain run of a seed gives two runs that are the same up to it: in one the node loses power one
nanosecond before the data are durable, in the other when they are and nothing that waited for them has happened.
Barriers are taken in an order that is spread over the run from the first attempts on, each once; then the next
seed's. The step comes on top of the scenario's own faults, within the protocol's budget: where that refuses it, the
run is the plain one.
"""

from __future__ import annotations

import functools
from typing import ClassVar

from chaoslab.choices import Choices
from chaoslab.explore.strategies.attempt import Attempt, Job, baseline, in_rounds
from chaoslab.explore.strategies.uniform import Uniform
from chaoslab.faults import Crash, CrashAt
from chaoslab.nemesis import Plan, Step
from chaoslab.scenario import Scenario, scenario_to_toml
from chaoslab.units import NS_PER_S

__all__ = ["CrashPoints"]


class CrashPoints(Uniform):
    """A power cut at each persistence barrier in turn, just before and just after the data are durable."""

    name: ClassVar[str] = "crash-points"
    in_turn: ClassVar[bool] = True

    @staticmethod
    def attempt(scenario: Scenario, job: Job) -> Attempt:
        """Return a run in which one node loses power at one barrier."""
        text = scenario_to_toml(scenario)
        seed, place = in_rounds(job.seed, job.number, lambda seed: 2 * len(_barriers(text, seed)[1]))
        if place is None:
            return Attempt(scenario=scenario, seed=seed)
        plan, barriers = _barriers(text, seed)
        at_ns, node = barriers[place // 2]
        down_ns = int(Choices(seed).stream(f"strategy crash-points {place}").between(0.02, 2.0) * NS_PER_S)
        # Begun with a nanosecond to go, so that it is this very barrier and no other.
        fault = CrashAt(synced="any", restart_ns=down_ns) if place % 2 else Crash()
        begin_ns = at_ns - 1
        step = Step(
            name=f"{fault.kind} barrier", fault=fault, target=node, begin_ns=begin_ns, end_ns=begin_ns + down_ns + 1
        )
        return Attempt(scenario=scenario, seed=seed, plan=tuple(sorted((*plan, step), key=lambda one: one.begin_ns)))


@functools.lru_cache(maxsize=256)
def _barriers(text: str, seed: int) -> tuple[Plan, tuple[tuple[int, str], ...]]:
    """Return the plan of the plain run, and (time, node) of every sync before its last heal, in a spread order."""
    plain = baseline(text, seed, trace_kept=True)
    found = []
    for line in plain.trace:
        words = line.split(" ", 3)
        synced = len(words) == 4 and words[1] == "fsync" and not words[3].startswith("failed:")
        if synced and 0 < int(words[0]) < plain.scenario.duration_ns:
            found.append((int(words[0]), words[2]))
    return plain.plan, tuple(found[number] for number in _spread(len(found)))


def _spread(count: int) -> list[int]:
    """Return the numbers below *count*, each once, such that every beginning is spread: their bits read backwards."""
    bits = max(count - 1, 1).bit_length()
    backwards = (int(f"{number:0{bits}b}"[::-1], 2) for number in range(1 << bits))
    return [number for number in backwards if number < count]
