"""Scenarios out of runs, and out of other scenarios: the pieces that shrinking puts together.

Rules:

1. What a run did is written down: its faults with their times, the operations of its clients, the draws of its timing.
2. What a scenario asks for is moved or cut; a fault that waits for something has no time to move.

This file does not know which scenario fails, nor what to try next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from chaoslab.choices import CALMED
from chaoslab.cluster import Injection, ScriptedOperation
from chaoslab.nemesis import FaultRequest, Schedule
from chaoslab.runner import Run
from chaoslab.scenario import Scenario
from chaoslab.statemachine import Invocation
from chaoslab.units import NS_PER_S

__all__ = [
    "early",
    "ending_by",
    "ending_with",
    "request_of",
    "script_of",
    "timings",
    "with_schedule",
]


def early(scenario: Scenario, calm_ns: int = 2 * NS_PER_S) -> Scenario:
    """Return *scenario* moved so that its first operation comes after *calm_ns*; faults that were over are left out."""
    by_ns = min(operation.at_ns for operation in scenario.operations) - calm_ns
    if by_ns <= 0:
        return scenario
    faults = []
    for request in scenario.faults:
        if request.schedule.when:
            faults.append(request)
            continue
        begin_ns = (request.schedule.at_ns or 0) - by_ns
        end_ns = begin_ns + (request.schedule.for_ns or 0)
        if end_ns > 0:
            schedule = attrs.evolve(request.schedule, at_ns=max(begin_ns, 0), for_ns=end_ns - max(begin_ns, 0))
            faults.append(attrs.evolve(request, schedule=schedule))
    operations = tuple(attrs.evolve(one, at_ns=one.at_ns - by_ns) for one in scenario.operations)
    moved: Scenario = attrs.evolve(
        scenario, duration_ns=scenario.duration_ns - by_ns, faults=tuple(faults), operations=operations
    )
    return moved


def timings(done: Run) -> tuple[tuple[str, int, float], ...]:
    """Return every draw of *done* that decided how long something takes."""
    return tuple(
        (name, position, draw)
        for name, draws in done.draws.items()
        if name.startswith(CALMED)
        for position, draw in enumerate(draws)
    )


def script_of(done: Run) -> tuple[ScriptedOperation, ...]:
    """Return what the clients of *done* did, as a script."""
    history, clients = done.history, done.scenario.clients
    return tuple(
        ScriptedOperation(
            at_ns=time_ns,
            client=int(process) % clients,
            invocation=Invocation(f=f, key=key, value=value),
        )
        for type, process, f, key, value, time_ns in zip(
            history.types, history.processes, history.fs, history.keys, history.values, history.times_ns, strict=True
        )
        if type == "invoke" and process.__class__ is not str
    )


def request_of(injection: Injection, duration_ns: int) -> FaultRequest:
    """Return what brings *injection* about again, in a run of *duration_ns*, whatever else is left out of it.

    What waited for something comes a nanosecond later: a fault with a time comes before all else that happens at its
    instant, and so before what it waited for; a message that a leader sent as it was elected would be cut off.
    """
    fault = injection.written_out
    began_ns = injection.began_ns + (injection.awaited is not None)
    return FaultRequest(
        fault=fault,
        target=" ".join(injection.targets) if fault is injection.fault else "",
        schedule=Schedule(at_ns=began_ns, for_ns=max((injection.healed_ns or duration_ns) - began_ns, 0)),
    )


def with_schedule(scenario: Scenario, number: int, **changes: Any) -> tuple[FaultRequest, ...]:
    """Return the faults of *scenario*, the one with that number with *changes* of when it comes."""
    faults = list(scenario.faults)
    request = faults[number]
    faults[number] = attrs.evolve(request, schedule=attrs.evolve(request.schedule, **changes))
    return tuple(faults)


def ending_by(end_ns: int, requests: Sequence[FaultRequest]) -> tuple[FaultRequest, ...]:
    """Return *requests* as far as they begin before *end_ns*, none lasting longer."""
    cut = []
    for request in requests:
        schedule = request.schedule
        begin_ns = schedule.at_ns or 0
        if schedule.when:
            cut.append(request)
        elif begin_ns < end_ns:
            for_ns = min(schedule.for_ns or end_ns, end_ns - begin_ns)
            cut.append(attrs.evolve(request, schedule=attrs.evolve(schedule, for_ns=for_ns)))
    return tuple(cut)


def ending_with(duration_ns: int, requests: Sequence[FaultRequest]) -> tuple[FaultRequest, ...]:
    """Return *requests* so that each lasts until the end of a run of *duration_ns*."""
    changed = []
    for request in requests:
        schedule = request.schedule
        if not schedule.when:
            begin_ns = min(schedule.at_ns or 0, duration_ns - 1)
            schedule = attrs.evolve(schedule, at_ns=begin_ns, for_ns=duration_ns - begin_ns)
            request = attrs.evolve(request, schedule=schedule)
        changed.append(request)
    return tuple(changed)
