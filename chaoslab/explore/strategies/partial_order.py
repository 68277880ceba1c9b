"""Partial-order sampling: each message takes a random place among those on their way to the same node.

Yuan, Yang & Gu, "Partial order aware concurrency sampling" (CAV 2018), section 4: every event has an independent
random priority, the highest goes first, and those that raced with it draw anew. Two arrivals race if they are at the
same node; because losers draw anew, a new event comes at any place among those that wait with the same chance. That
is done here, by the draw that lets it arrive between the two messages whose place is drawn, as far as the latency's
distribution reaches. Arrivals at different nodes are left in peace: exchanging them changes nothing that anybody
sees. After the last heal messages are left alone: whether everything recovers is asked of the network that the scenario
describes.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable
from typing import ClassVar

from chaoslab.choices import CALMED, Choices, Steer
from chaoslab.explore.strategies.attempt import Attempt, Job
from chaoslab.explore.strategies.uniform import Uniform
from chaoslab.net.latency import Sampler, sampler
from chaoslab.scenario import Scenario
from chaoslab.sim import Engine

__all__ = ["PartialOrder"]

_LATENCY = CALMED[0]
_HIGHEST = 1.0 - 2**-20
_STEPS = 20


class PartialOrder(Uniform):
    """Each message takes a random place among those on their way to the same node (POS)."""

    name: ClassVar[str] = "pos"

    @staticmethod
    def attempt(scenario: Scenario, job: Job) -> Attempt:
        """Return a run whose messages take random places."""
        return Attempt(scenario=scenario, seed=job.seed, steering=lambda engine: _places(engine, scenario))


def _places(engine: Engine, scenario: Scenario) -> Steer:
    stream = Choices(engine.choices.seed).stream("strategy pos")
    delay = sampler(scenario.latency)
    arrivals: dict[str, list[int]] = {}

    def steer(name: str) -> Callable[[float], float] | None:
        if not name.startswith(_LATENCY):
            return None
        target = name.partition(">")[2]
        coming = arrivals.setdefault(target, [])

        def decide(draw: float) -> float:
            now_ns = engine.now_ns
            if now_ns >= scenario.duration_ns:
                return draw
            del coming[: bisect_right(coming, now_ns)]
            if coming:
                draw = _draw_for(_moment(coming, now_ns, stream.below(len(coming) + 1), draw) - now_ns, delay)
            insort(coming, now_ns + delay(draw))
            return draw

        return decide

    return steer


def _moment(coming: list[int], now_ns: int, place: int, draw: float) -> int:
    """Return when to arrive so as to take *place* among those that are *coming*."""
    before_ns = coming[place - 1] if place else now_ns
    if place == len(coming):
        return before_ns + int((1 + draw) * max(before_ns - now_ns, 1))
    return before_ns + int((0.1 + 0.8 * draw) * (coming[place] - before_ns))


def _draw_for(delay_ns: int, delay: Sampler) -> float:
    """Return the draw whose delay comes nearest to *delay_ns*, by halving: a longer delay is a higher draw."""
    low, high = 0.0, _HIGHEST
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if delay(middle) < delay_ns:
            low = middle
        else:
            high = middle
    return high
