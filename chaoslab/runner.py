"""One run of a scenario: build, drive, heal, quiesce, check, summarise.

Rules:

1. A run is decided by the scenario, the seed and, where given, a plan and overridden draws. By nothing else.
2. After the faults everything is healed, and the clients go on: a protocol must not only stay right but come back.
3. A run in which nothing could go wrong proves nothing: operations that all failed, or a fault that never took
   effect, are told.
4. A scenario that was written about a person's own test is a run of that test.

This file does not know how runs are chosen, shown or stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import trio

from chaoslab.checkers import Verdict, merge
from chaoslab.checkers.bounded_staleness import bounded_staleness
from chaoslab.checkers.registry import check, levels_of
from chaoslab.choices import Overrides, Steer
from chaoslab.cluster import Cluster, Drive, Script, Workload, key_names
from chaoslab.errors import UsageError
from chaoslab.faults import Bandwidth, Drop, Duplicate, Fifo
from chaoslab.faults.topology import zone_route
from chaoslab.garbage import collected_later
from chaoslab.history import History
from chaoslab.nemesis import Nemesis, Plan
from chaoslab.net.weighing import Weighing
from chaoslab.plugins import Protocol, Registry, registry
from chaoslab.runs import Run, drawn_plan, merged_overrides, with_deviations
from chaoslab.scenario.scenario import Scenario
from chaoslab.service_levels import ServiceLevels, judge, judge_cost, judge_recovery, service_levels
from chaoslab.sim import Engine
from chaoslab.trial import find_test, run_trial
from chaoslab.units import NS_PER_S, format_duration

__all__ = ["Run", "run"]

_LAST_OPERATIONS_NS = 30 * NS_PER_S
"""How long open and last operations may take at the end. Clients give up on their own long before."""


@collected_later()
def run(
    scenario: Scenario,
    seed: int,
    *,
    plugins: Registry | None = None,
    plan: Plan | None = None,
    overrides: Overrides | None = None,
    trace_kept: bool = False,
    trace_detailed: bool = False,
    recorded: bool = False,
    steering: Callable[[Engine], Steer] | None = None,
) -> Run:
    """Run *scenario* once with *seed*.

    Args:
        scenario: What to run.
        seed: Decides every random choice.
        plugins: Where its names are looked up; everything installed by default.
        plan: A fault plan to use instead of the one drawn from the seed.
        overrides: Draws that are not left to the seed.
        trace_kept: Keep the trace's lines.
        trace_detailed: Show the content of messages in the trace; its hash then differs.
        recorded: Keep every draw.
        steering: Makes what decides draws while the run goes on; they are among the run's overrides then.

    Raises:
        UsageError: the scenario names something that is not installed.
        NodeError: a node's code raised.
        DeadlockError, LimitExceeded: the run could not go on. That of a test tells both by its verdict.
    """
    plugins = plugins or registry()
    if scenario.test:
        test = find_test(scenario.test, plugins)
        return run_trial(
            test.function,
            test.setup,
            seed,
            name=scenario.test,
            plugins=plugins,
            scenario=scenario,
            plan=plan,
            overrides=overrides,
            trace_kept=trace_kept,
            trace_detailed=trace_detailed,
            recorded=recorded,
            steering=steering,
        ).run
    protocol = plugins.protocol(scenario.protocol)
    workload = plugins.workload(scenario.workload)
    engine = Engine(
        seed,
        overrides=with_deviations(scenario, overrides or {}),
        calm=scenario.calm,
        trace_kept=trace_kept,
        trace_detailed=trace_detailed,
        recorded=recorded,
    )
    if steering is not None:
        engine.choices.steer = steering(engine)
    if plan is None:
        plan = drawn_plan(scenario, protocol, plugins, engine.choices)
    cluster = _new_cluster(engine, scenario, protocol)
    weighing = Weighing()
    if scenario.expect.messages is not None or scenario.expect.bytes is not None:
        cluster.network.add_rule(weighing)
    nemesis = Nemesis(cluster, plan, None if scenario.beyond_budget else protocol.budget)

    async def main() -> None:
        await _drive(cluster, nemesis, scenario, protocol, workload)

    engine.run(main)
    history = cluster.history
    seen = service_levels(history, patience_ns=scenario.expect.patience_ns)
    checks = (
        *_consistency(scenario, protocol, workload, plugins, history),
        *workload.checks(history, key_names(scenario.keys), scenario.parameters),
        *_staleness(scenario, protocol, workload, plugins, history),
        *_service(scenario, history, seen),
        *_cost(scenario, seen, weighing),
        *(plugins.checker(name).judge(history) for name in scenario.expect.checks),
        *_coverage(scenario, cluster.signals.probes),
    )
    checks += _shown(history, checks)
    return Run(
        scenario=scenario,
        seed=seed,
        verdict=merge(verdict.outcome for verdict in checks),
        checks=checks,
        trace_hash=engine.trace.digest(),
        history=history,
        injections=tuple(cluster.injections),
        not_done=tuple(nemesis.not_done),
        plan=plan,
        overrides=merged_overrides(engine.choices.steered, overrides or {}),
        service_levels=seen,
        warnings=tuple(_warnings(scenario, cluster, nemesis, checks)),
        events=engine.clock.events,
        virtual_ns=engine.now_ns,
        draws=engine.choices.record,
        probes=dict(cluster.signals.probes),
        trace=tuple(engine.trace.lines),
        checkpoints=tuple(engine.trace.checkpoints),
        budget=nemesis.budget,
        workload=workload,
    )


def _new_cluster(engine: Engine, scenario: Scenario, protocol: Protocol) -> Cluster:
    """Return the cluster that *scenario* describes, without nodes yet."""
    cluster = Cluster(engine, latency=scenario.latency)
    cluster.leader = protocol.leader
    cluster.epsilon_ns = scenario.epsilon_ns
    cluster.versions, cluster.administers = protocol.versions, protocol.administers
    cluster.zones.update((name, zone) for zone, names in scenario.zones for name in names.split())
    if scenario.zone_latency:
        cluster.network.add_route(zone_route(cluster.zone, dict(scenario.zone_latency)))
    return cluster


async def _drive(
    cluster: Cluster, nemesis: Nemesis, scenario: Scenario, protocol: Protocol, workload: Workload
) -> None:
    """Let clients and nemesis work, heal everything, let it settle, and read everything once more."""
    engine = cluster.engine
    if scenario.drop:
        Drop(ratio=scenario.drop).inject(cluster, ())
    if scenario.duplicate:
        Duplicate(ratio=scenario.duplicate).inject(cluster, ())
    if scenario.bandwidth is not None:
        Bandwidth(rate_bytes=scenario.bandwidth).inject(cluster, ())
    if scenario.fifo:
        Fifo().inject(cluster, ())
    cluster.start(protocol.replica, nodes=scenario.nodes, client=protocol.client, settings=scenario.settings)
    clients = cluster.add_clients(scenario.clients)
    ended = trio.Event()
    stop_ns = scenario.duration_ns + scenario.settle_ns
    if scenario.operations:
        done = trio.Event()
        Script(engine, scenario.operations, clients).begin(done.set)
        nemesis.begin()
        engine.at(scenario.duration_ns, cluster.heal_all)
        engine.at(stop_ns + _LAST_OPERATIONS_NS, done.set)
        await done.wait()
        engine.at(scenario.duration_ns, ended.set)
    else:
        drive = Drive(
            engine,
            workload,
            clients,
            keys=key_names(scenario.keys),
            rate=scenario.rate,
            parameters=scenario.parameters,
            arrivals=scenario.arrivals,
        )
        drive.begin()
        nemesis.begin()
        engine.at(scenario.duration_ns, cluster.heal_all)
        engine.at(stop_ns, drive.stop, lambda: drive.finish(ended.set))
        engine.at(stop_ns + _LAST_OPERATIONS_NS, ended.set)
    await ended.wait()


def _consistency(
    scenario: Scenario, protocol: Protocol, workload: Workload, plugins: Registry, history: History
) -> tuple[Verdict, ...]:
    levels, model = scenario.expect.consistency, plugins.models[workload.model]
    if levels is None:
        claims = () if scenario.beyond_budget else protocol.claims  # nothing was promised beyond the budget
        meaningful = levels_of(model)  # a level of transactions says nothing of single operations, nor the reverse
        levels = tuple(level for level in claims if level in meaningful)
    return check(history, model=model, levels=levels) if levels else ()


def _staleness(
    scenario: Scenario, protocol: Protocol, workload: Workload, plugins: Registry, history: History
) -> tuple[Verdict, ...]:
    bound_ns = scenario.expect.staleness_ns
    model = plugins.models[workload.model]
    claims_count = scenario.expect.consistency is None and not scenario.beyond_budget
    if bound_ns is None and claims_count and protocol.staleness_ns is not None and model.shape == "register":
        bound_ns = protocol.staleness_ns(scenario.settings)
    if bound_ns is None:
        return ()
    try:
        return (bounded_staleness(history, bound_ns, model),)
    except UsageError as error:
        details = {"bound_ns": bound_ns}
        return (Verdict(outcome="unknown", name="staleness", summary=error.message, details=details),)


def _service(scenario: Scenario, history: History, seen: ServiceLevels) -> list[Verdict]:
    """Judge what is expected of availability, latency and recovery."""
    verdicts = judge(scenario.expect, seen, history)
    if (scenario.faults or scenario.nemeses) and not scenario.operations:  # a script may well end before
        within_ns = scenario.expect.recovers_within_ns
        within_ns = scenario.settle_ns if within_ns is None else within_ns
        verdicts.append(judge_recovery(history, scenario.duration_ns, within_ns))
    return verdicts


def _cost(scenario: Scenario, seen: ServiceLevels, weighing: Weighing) -> list[Verdict]:
    """Judge what each operation that succeeded has cost the network."""
    return [
        judge_cost(name, sent, seen.ok, bound)
        for name, sent, bound in (
            ("messages", weighing.hits, scenario.expect.messages),
            ("bytes", weighing.bytes, scenario.expect.bytes),
        )
        if bound is not None
    ]


def _coverage(scenario: Scenario, probes: Mapping[str, int]) -> list[Verdict]:
    """Judge whether the run got to the points that it was about."""
    expected = scenario.expect.reached
    if not expected:
        return []
    missed = [name for name in expected if not probes.get(name)]
    counts = ", ".join(f"{name} {probes.get(name, 0)} times" for name in expected)
    summary = f"probes were passed: {counts}" if not missed else f"never passed: {', '.join(missed)}"
    return [Verdict(outcome="invalid" if missed else "valid", name="reached", summary=f"{summary}.")]


def _shown(history: History, checks: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """Decide nothing about a run in which nothing went right, or in which nothing was checked: it shows nothing."""
    if "ok" not in history.types:
        why = "no operation succeeded: that shows nothing."
    elif not checks:
        why = "nothing was checked: no level was claimed or expected, and no fault was injected."
    else:
        return ()
    return (Verdict(outcome="unknown", name="activity", summary=why),)


def _warnings(scenario: Scenario, cluster: Cluster, nemesis: Nemesis, checks: tuple[Verdict, ...]) -> list[str]:
    """Say what makes this run prove less than it seems to."""
    found = []
    if not any(verdict.level for verdict in checks):
        found.append("no consistency level was checked: the protocol claims none here, and [expect] consistency none")
    for injection in cluster.injections:
        if injection.took_effect == 0:
            found.append(f"{injection.describe()}, at {format_duration(injection.began_ns)}, had no effect")
    for missed in nemesis.not_done:
        found.append(f"{missed.step.name} did not happen: {missed.why}")
    if scenario.beyond_budget:
        found.append("faults were allowed beyond the protocol's budget: its own claims do not count")
    return found
