"""Swarm: each run draws which faults take part, how strong they are, and what clients do.

Groce et al., "Swarm testing" (ISSTA 2012): runs that leave some features out find more than runs that use all of them,
because features hide each other's bugs.

What the scenario says is the frame. Of its own faults each takes part with even chance; the kinds that the installed
nemesis ``swarm`` makes up come on top, within the protocol's budget; clients, rate and keys are drawn around what the
scenario says. A scenario that runs the nemesis ``swarm`` itself keeps its parameters: what it leaves out stays out.
"""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from chaoslab.choices import Choices, Stream
from chaoslab.errors import UsageError
from chaoslab.explore.strategies.attempt import Attempt, Job
from chaoslab.explore.strategies.uniform import Uniform
from chaoslab.parameters import build
from chaoslab.plugins import registry
from chaoslab.scenario import Scenario

__all__ = ["Swarm", "swarmed"]


class Swarm(Uniform):
    """Each run draws which faults take part, how strong, whom they hit, and how clients work."""

    name: ClassVar[str] = "swarm"

    @staticmethod
    def attempt(scenario: Scenario, job: Job) -> Attempt:
        """Return a run of the scenario with faults and workload drawn."""
        return Attempt(scenario=swarmed(scenario, Choices(job.seed).stream("strategy swarm")), seed=job.seed)


def swarmed(scenario: Scenario, stream: Stream) -> Scenario:
    """Return *scenario* with its faults and its workload drawn anew from *stream*.

    Raises:
        UsageError: no nemesis called swarm is installed.
    """
    faults = tuple(request for request in scenario.faults if stream.chance(0.5))
    share, clients, rate, keys = (stream.random() for _ in range(4))
    changes: dict[str, Any] = {"faults": faults}
    if not any(program.name == "swarm" for program in scenario.nemeses):
        program = registry().nemeses.get("swarm")
        if program is None:
            raise UsageError(
                "the strategy swarm takes a nemesis of that name, and none is installed.", key="--strategy"
            )
        # Half of the runs have the scenario's own faults alone: what it is about must not be drowned.
        if share < 0.5:
            changes["nemeses"] = (*scenario.nemeses, build(program, {"share": 0.05 + 0.4 * share}))
    if not scenario.operations:
        changes["clients"] = max(1, round(scenario.clients * (0.5 + 1.5 * clients)))
        changes["rate"] = scenario.rate * (0.5 + 1.5 * rate)
        changes["keys"] = max(1, round(scenario.keys * (0.34 + 1.33 * keys)))
    return attrs.evolve(scenario, **changes)
