"""PCT on messages: links have priorities, and at a few drawn moments one of them falls behind all others.

Burckhardt et al., "A randomized scheduler with probabilistic guarantees of finding bugs" (ASPLOS 2010), section 3:
threads get random priorities, and at d - 1 random steps the running one gets a low one; a bug of depth d among n
threads and k steps is found with a chance of at least 1 / (n k^(d-1)). Ozkan et al., "Randomized testing of
distributed systems with probabilistic guarantees" (OOPSLA 2018) do the same with chains of messages for threads.

Here a chain is a link, and its priority decides how long its messages take: from the quickest of the latency's
distribution to far into its tail. Time goes on all the same, so an order that no latency could bring about is not
tried, and the guarantee of the papers holds for orders within the latency's reach only. After the last heal messages
are left alone: whether everything recovers is asked of the network that the scenario describes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ClassVar

from chaoslab.choices import CALMED, Choices, Steer
from chaoslab.explore.strategies.attempt import Attempt, Job, baseline
from chaoslab.explore.strategies.uniform import Uniform
from chaoslab.scenario import Scenario, scenario_to_toml
from chaoslab.sim import Engine

__all__ = ["Pct"]

_DEPTH_MAX = 5
_SPREAD = 0.02
_LATE = 0.999
_LATENCY = CALMED[0]


class Pct(Uniform):
    """Priorities on links, and a few drawn moments at which one falls behind (PCT)."""

    name: ClassVar[str] = "pct"

    @staticmethod
    def attempt(scenario: Scenario, job: Job) -> Attempt:
        """Return a run whose message delays follow priorities."""
        messages = _messages(scenario_to_toml(scenario))
        return Attempt(
            scenario=scenario, seed=job.seed, steering=lambda engine: _priorities(engine, scenario, messages)
        )


@functools.lru_cache(maxsize=256)
def _messages(text: str) -> int:
    """Return how many messages are sent in a plain run."""
    return sum(len(draws) for name, draws in baseline(text, 0).draws.items() if name.startswith(_LATENCY))


def _priorities(engine: Engine, scenario: Scenario, messages: int) -> Steer:
    """Return what decides the delays up to the last heal of a run that is expected to have so many *messages*."""
    drawn = Choices(engine.choices.seed)
    stream = drawn.stream("strategy pct")
    depth = 1 + stream.below(_DEPTH_MAX)
    changes = {stream.below(max(messages, 1)): change for change in range(depth - 1)}
    sent = 0

    def steer(name: str) -> Callable[[float], float] | None:
        if not name.startswith(_LATENCY):
            return None
        priority = drawn.stream(f"priority {name}").random() * (1 - _SPREAD)

        def decide(draw: float) -> float:
            nonlocal priority, sent
            if engine.now_ns >= scenario.duration_ns:
                return draw
            change = changes.get(sent)
            sent += 1
            if change is not None:  # later changes fall further, as in the paper
                priority = _LATE + (1 - _LATE) * 0.9 * (change + 1) / depth
            spread = _SPREAD if priority < _LATE else (1 - _LATE) / 20
            return priority + spread * draw

        return decide

    return steer
