"""One run of an async test with one seed, told as any other run is.

Rules:

1. A trial is decided by the test, its setup and the seed, and where given by a scenario, a plan and overridden draws.
2. Whatever went wrong is a check of the run that does not hold: a guarantee, an assertion of the test, an error of a
   node, a deadlock. So all of them can be shrunk in the same way.
3. Wrong use is raised, not judged.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import attrs

from chaoslab.checkers import Outcome, Verdict, merge
from chaoslab.choices import Overrides, Steer
from chaoslab.cluster import Injection
from chaoslab.errors import (
    ConsistencyViolation,
    DeadlockError,
    DeterminismError,
    EscapedSimulation,
    LimitExceeded,
    NodeError,
    UsageError,
)
from chaoslab.garbage import collected_later
from chaoslab.nemesis import Plan
from chaoslab.own_code import place_of
from chaoslab.plugins import Registry, registry
from chaoslab.runs import Run, merged_overrides, with_deviations
from chaoslab.scenario import Scenario
from chaoslab.service_levels import service_levels
from chaoslab.sim import Engine
from chaoslab.sim.log import LogEntry
from chaoslab.trial.cluster import TrialCluster, protocol_name
from chaoslab.trial.setup import Setup

__all__ = ["Trial", "run_trial"]

_ENDINGS: dict[type[BaseException], tuple[str, Outcome]] = {
    NodeError: ("node-error", "invalid"),
    DeadlockError: ("deadlock", "invalid"),
    EscapedSimulation: ("escaped-simulation", "invalid"),
    DeterminismError: ("determinism", "unknown"),
    LimitExceeded: ("limit", "unknown"),
}
"""Errors that end a run and say something about the code under test: the check's name and the verdict."""


@attrs.frozen(kw_only=True)
class Trial:
    """What one trial came to.

    Attributes:
        run: The run, with its checks.
        error: What ended it, or None if it went well.
        own: The faults that the test brought about itself.
        log: What nodes, clients and the test said, in order of virtual time.
        is_driven: Whether the test got to drive its cluster: only then are there operations and drawn faults.
    """

    run: Run
    error: BaseException | None
    own: tuple[Injection, ...]
    log: tuple[LogEntry, ...]
    is_driven: bool


@collected_later()
def run_trial(
    function: Callable[[Any], Awaitable[object]],
    setup: Setup,
    seed: int,
    *,
    name: str = "",
    plugins: Registry | None = None,
    scenario: Scenario | None = None,
    plan: Plan | None = None,
    overrides: Overrides | None = None,
    recorded: bool = False,
    trace_kept: bool = False,
    trace_detailed: bool = False,
    steering: Callable[[Engine], Steer] | None = None,
) -> Trial:
    """Run the test *function* once with *seed*.

    Args:
        function: Called with the cluster.
        setup: What the test said beforehand.
        seed: Decides every random choice.
        name: By which a scenario of the run finds the test again; see ``tests``.
        plugins: Where names are looked up; everything installed by default.
        scenario: What to do instead of drawing faults and operations.
        plan: A fault plan to use instead of one drawn from the seed.
        overrides: Draws that are not left to the seed.
        recorded: Keep every draw.
        trace_kept: Keep the trace's lines.
        trace_detailed: Show the content of messages in the trace; its hash then differs.
        steering: Makes what decides draws while the run goes on; they are among the run's overrides then.

    Raises:
        UsageError: the test uses ChaosLab wrongly.
    """
    plugins = plugins or registry()
    overrides = overrides or {}
    engine = Engine(
        seed,
        overrides=overrides if scenario is None else with_deviations(scenario, overrides),
        calm=scenario is not None and scenario.calm,
        trace_kept=trace_kept,
        trace_detailed=trace_detailed,
        recorded=recorded,
    )
    if steering is not None:
        engine.choices.steer = steering(engine)
    cluster = TrialCluster(engine, setup, plugins, scenario=scenario, plan=plan)

    async def main() -> None:
        await function(cluster)
        cluster.finish()

    error: BaseException | None = None
    try:
        engine.run(main)
    except UsageError:
        raise
    except Exception as raised:
        error = raised
        if not isinstance(raised, ConsistencyViolation) or not _told(cluster):
            cluster.checks.append(_verdict_on(raised))
    return _trial(cluster, engine, seed, name, overrides, error)


def _told(cluster: TrialCluster) -> bool:
    """Return whether the violation stands among the checks already."""
    return bool(cluster.checks) and cluster.checks[-1].outcome != "valid"


def _verdict_on(error: Exception) -> Verdict:
    ending = _ENDINGS.get(type(error))
    if ending is None:
        name = "assertion" if isinstance(error, AssertionError) else "exception"
        return Verdict(outcome="invalid", name=name, summary=_words(error), anomaly=_place(error))
    name, outcome = ending
    cause = error.__cause__ if isinstance(error, NodeError) else None
    return Verdict(outcome=outcome, name=name, summary=str(error), anomaly=None if cause is None else _place(cause))


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0]}" if str(error) else type(error).__name__


def _place(error: BaseException) -> str:
    """Return the kind of *error* and the line of people's own code that raised it: by this it is recognised."""
    return f"{type(error).__name__}{place_of(error)}"


def _trial(
    cluster: TrialCluster,
    engine: Engine,
    seed: int,
    name: str,
    overrides: Overrides,
    error: BaseException | None,
) -> Trial:
    scenario = cluster.scenario or _undriven(cluster)
    drawn = cluster.drawn
    draws: Mapping[str, Any] = engine.choices.record
    done = Run(
        scenario=attrs.evolve(scenario, test=name),
        seed=seed,
        verdict=merge(verdict.outcome for verdict in cluster.checks),
        checks=tuple(cluster.checks),
        trace_hash=engine.trace.digest(),
        history=cluster.history,
        injections=drawn,
        not_done=cluster.not_done,
        plan=cluster.plan,
        overrides=merged_overrides(engine.choices.steered, overrides),
        service_levels=service_levels(cluster.history),
        warnings=(),
        events=engine.clock.events,
        virtual_ns=engine.now_ns,
        draws=draws,
        probes=dict(cluster.signals.probes),
        trace=tuple(engine.trace.lines),
        checkpoints=tuple(engine.trace.checkpoints),
        budget=None if cluster.nemesis is None else cluster.nemesis.budget,
        workload=cluster.workload,
    )
    own = tuple(one for one in cluster.injections if one not in drawn)
    return Trial(run=done, error=error, own=own, log=tuple(engine.log.entries), is_driven=cluster.scenario is not None)


def _undriven(cluster: TrialCluster) -> Scenario:
    """Return the scenario of a run whose test did not drive its cluster, or did not get there."""
    name = protocol_name(cluster.code) if cluster.nodes else "none"
    return Scenario(protocol=name, nodes=max(1, len(cluster.nodes)), workload="register")
