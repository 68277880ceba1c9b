"""Runs: what a run is told by, and what one is made from: its fault plan and its overridden draws.

This file does not run anything: see ``runner`` and ``trial``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from chaoslab.checkers import Outcome, Verdict
from chaoslab.choices import Choices, Overrides
from chaoslab.cluster import Injection, Workload
from chaoslab.history import History
from chaoslab.nemesis import Budget, NotDone, Plan, Scene, draw_plan
from chaoslab.plugins import Protocol, Registry
from chaoslab.scenario.scenario import Scenario
from chaoslab.service_levels import ServiceLevels

__all__ = ["Run", "drawn_plan", "merged_overrides", "with_deviations"]


@attrs.frozen(kw_only=True)
class Run:
    """What one run did and what came of it.

    Attributes:
        scenario: What was run.
        seed: With which seed.
        verdict: The worst outcome of its checks.
        checks: Every check's verdict.
        trace_hash: The hash of everything that happened.
        history: What clients saw.
        injections: The faults that were brought about.
        not_done: The steps of the plan that did not happen, with the reason.
        plan: The fault plan, drawn or given.
        overrides: The draws that were not left to the seed.
        service_levels: What clients experienced, in figures.
        warnings: What weakens the verdict, in words.
        events: How many events the simulator delivered.
        virtual_ns: How long the run was, in virtual nanoseconds.
        draws: Every draw, by stream, if they were kept.
        probes: How often each probe was passed, by name.
        trace: The trace's lines, if they were kept.
        checkpoints: (number of lines, hash up to there), now and then.
        budget: What was promised to be survived; None: faults did as they liked, or there were none.
        workload: What clients were to do, or None if they were never asked.
    """

    scenario: Scenario
    seed: int
    verdict: Outcome
    checks: tuple[Verdict, ...]
    trace_hash: str
    history: History
    injections: tuple[Injection, ...]
    not_done: tuple[NotDone, ...]
    plan: Plan
    overrides: Overrides
    service_levels: ServiceLevels
    warnings: tuple[str, ...]
    events: int
    virtual_ns: int
    draws: Mapping[str, Sequence[float]] = attrs.field(factory=dict)
    probes: Mapping[str, int] = attrs.field(factory=dict)
    trace: tuple[str, ...] = ()
    checkpoints: tuple[tuple[int, str], ...] = ()
    budget: Budget | None = None
    workload: Workload | None = None


def with_deviations(scenario: Scenario, overrides: Overrides) -> Overrides:
    """Return the draws that are not left to the seed: the scenario's own and *overrides*, which come first."""
    own: dict[str, dict[int, float]] = {}
    for stream, position, draw in scenario.deviations:
        own.setdefault(stream, {})[position] = draw
    return merged_overrides(own, overrides)


def merged_overrides(first: Overrides, winning: Overrides) -> Overrides:
    """Return the draws of both; those of *winning* where both have one."""
    merged = {stream: dict(draws) for stream, draws in first.items() if draws}
    for stream, draws in winning.items():
        merged.setdefault(stream, {}).update(draws)
    return merged


def drawn_plan(scenario: Scenario, protocol: Protocol, plugins: Registry, choices: Choices) -> Plan:
    """Return the plan of a run: the scenario's own faults, and what its nemesis programs make up."""
    duration_ns = scenario.duration_ns
    scene = Scene.of(
        protocol,
        nodes=scenario.nodes,
        duration_ns=duration_ns,
        zones=scenario.zones,
        settings=scenario.settings,
        beyond_budget=scenario.beyond_budget,
        kinds=plugins.faults,
    )
    steps = list(draw_plan(scenario.faults, duration_ns, choices))
    for number, program in enumerate(scenario.nemeses, start=1):
        prefix = f"{program.name} {number}."
        requests = program.requests(scene, choices.stream(f"program {prefix}"))
        steps += draw_plan(requests, duration_ns, choices, prefix=prefix)
    return tuple(sorted(steps, key=lambda step: step.begin_ns))
