"""Shrinking: from a run that failed to the smallest one that fails in the same way.

The order, from what explains most to what explains least: whole faults; then the operations that matter, from a script
of what the clients did; then how long faults last; then time itself, from a calm run in which everything takes the
median time; then clients and nodes.

Rules:

1. A candidate counts only if the same check fails, with the same anomaly where it has a name. Everything else about it
   may change.
2. Words are turned into the names they meant in the failing run: what is left needs no draw to know whom it hits.
3. What comes out is a scenario that says everything itself: seed, faults, operations, deviations from calm.
4. It never grows, and it stops after a number of runs, with the smallest found so far.

The subset search is Zeller & Hildebrandt, "Simplifying and isolating failure-inducing input" (TSE 2002), section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import attrs

from chaoslab.choices import CALMED
from chaoslab.cluster import ScriptedOperation
from chaoslab.errors import ChaosLabError, UsageError
from chaoslab.explore.outcome import FINDINGS
from chaoslab.explore.recording import Recording, record
from chaoslab.nemesis import FaultRequest, Schedule
from chaoslab.plugins import Registry, registry
from chaoslab.runner import Run, run
from chaoslab.scenario import Scenario, parse_scenario, scenario_to_toml
from chaoslab.service_levels import only_judged_by
from chaoslab.statemachine import Invocation
from chaoslab.units import NS_PER_S

__all__ = ["RUNS_MAX", "Shrunk", "Size", "shrink"]

T = TypeVar("T")

RUNS_MAX = 1500
"""Runs after which shrinking stops with what it has."""

_SETTLE_NS = NS_PER_S // 10
_SHORTEST_NS = NS_PER_S // 100


@attrs.frozen(kw_only=True)
class Size:
    """How large a failing run is.

    Attributes:
        faults: Faults that are brought about.
        operations: Operations of clients.
        deviations: Draws that deviate from the calm run.
    """

    faults: int
    operations: int
    deviations: int


@attrs.frozen(kw_only=True)
class Shrunk:
    """What shrinking came to.

    Attributes:
        recording: What replays it.
        before: How large the run was.
        after: How large it is now.
        runs: How many runs it took.
        complete: False if it stopped because of its limit.
    """

    recording: Recording
    before: Size
    after: Size
    runs: int
    complete: bool


@attrs.frozen(kw_only=True)
class _Signature:
    """By what a failure is recognised."""

    check: str
    anomaly: str | None


class _Stop(Exception):
    """The limit of runs is reached."""


def shrink(
    recording: Recording,
    *,
    plugins: Registry | None = None,
    runs_max: int = RUNS_MAX,
    tell: Callable[[str, int], None] = lambda what, runs: None,
    run: Callable[..., Run] = run,
    go_on: Callable[[], bool] = lambda: True,
) -> Shrunk:
    """Return the smallest run found that fails as *recording* does.

    Args:
        recording: Of a run that did not hold.
        plugins: Where its names are looked up; everything installed by default.
        runs_max: Runs after which it stops.
        tell: Told what is being tried, and how many runs it took so far.
        run: Does one run, with the arguments of ``chaoslab.runner.run``; a test's own trial takes its place.
        go_on: Asked before each run; once it says no, shrinking stops with what it has.

    Raises:
        UsageError: the run of the recording holds, or it does not fail any more.
    """
    return _Shrinking(recording, plugins or registry(), runs_max, tell, run, go_on).shrink()


class _Shrinking:
    def __init__(
        self,
        recording: Recording,
        plugins: Registry,
        runs_max: int,
        tell: Callable[[str, int], None],
        run: Callable[..., Run],
        go_on: Callable[[], bool],
    ) -> None:
        self.run = run
        self.go_on = go_on
        self.plugins = plugins
        self.runs_max = runs_max
        self.tell = tell
        self.runs = 0
        self.tried: dict[str, Run | None] = {}
        self.seed = recording.seed
        self.first = run(
            recording.scenario,
            recording.seed,
            plugins=plugins,
            plan=recording.plan,
            overrides=recording.overrides,
            recorded=True,
        )
        signature = _signature(self.first)
        if signature is None:
            raise UsageError("this run holds: there is nothing to shrink.")
        self.signature = signature
        self.best: tuple[Scenario, Run] | None = None

    def shrink(self) -> Shrunk:
        before = _size(self.first, deviations=len(_timings(self.first)))
        complete = True
        try:
            self._go()
        except _Stop:
            complete = False
        assert self.best is not None  # the first candidate fails, or an error said so
        scenario, last = self.best
        after = _size(last, deviations=len(scenario.deviations))
        return Shrunk(recording=record(last), before=before, after=after, runs=self.runs, complete=complete)

    def _go(self) -> None:
        scenario = self._leave_out_faults(self._ended_early(self._self_contained()))
        scenario = self._scripted(scenario)
        scenario = self._calmed(scenario)
        for _ in range(3):
            before = scenario
            scenario = self._leave_out_faults(scenario)
            scenario = self._leave_out_operations(scenario)
            scenario = self._shorter(scenario)
            scenario = self._leave_out_deviations(scenario)
            scenario = self._fewer_clients_and_nodes(scenario)
            if scenario == before:
                return

    # Trying

    def _fails(self, scenario: Scenario) -> bool:
        """Return whether *scenario* fails in the same way; remember it as the best if it does."""
        text = scenario_to_toml(scenario)
        if text not in self.tried:
            if self.runs >= self.runs_max or not self.go_on():
                raise _Stop
            self.runs += 1
            self.tried[text] = self._failing_run(text)
        found = self.tried[text]
        if found is not None:
            self.best = (scenario, found)
        return found is not None

    def _failing_run(self, text: str) -> Run | None:
        try:
            # Read back from its text: what people are given is what was tried.
            done = self.run(parse_scenario(text, self.plugins), self.seed, plugins=self.plugins)
        except UsageError:
            return None  # it makes no sense with this piece missing
        except ChaosLabError as error:
            if type(error) in FINDINGS:
                return None
            raise
        return done if _signature(done) == self.signature else None

    def _or(self, scenario: Scenario, **changes: Any) -> Scenario:
        """Return *scenario* with *changes* if that fails too, else *scenario* itself."""
        candidate: Scenario = attrs.evolve(scenario, **changes)
        return candidate if candidate != scenario and self._fails(candidate) else scenario

    def _subset(
        self, scenario: Scenario, field: str, key: Callable[[Any], Any] | None = None, *, empty: bool = True
    ) -> Scenario:
        """Return *scenario* with few of the items of *field*, such that it still fails.

        Args:
            scenario: Known to fail with all of them.
            field: The scenario's field.
            key: Items with the same key stay or go together; None: each alone.
            empty: Whether none at all makes sense.
        """
        items = getattr(scenario, field)

        def with_groups(some: Sequence[Sequence[int]]) -> Scenario:
            positions = sorted(position for group in some for position in group)
            changes: dict[str, Any] = {field: tuple(items[position] for position in positions)}
            return attrs.evolve(scenario, **changes)

        left = _grouped(range(len(items)), lambda at: at if key is None else key(items[at]))
        if empty and left and self._fails(with_groups([])):
            return with_groups([])
        parts = 2
        while len(left) > 1:
            size = -(-len(left) // parts)
            chunks = [left[at : at + size] for at in range(0, len(left), size)]
            for number in range(len(chunks)):
                rest = [group for other, chunk in enumerate(chunks) if other != number for group in chunk]
                if self._fails(with_groups(rest)):
                    left, parts = rest, max(parts - 1, 2)
                    break
            else:
                if size == 1:
                    break
                parts = min(len(left), 2 * parts)
        return with_groups(left)

    # The passes

    def _self_contained(self) -> Scenario:
        """Return the scenario of the failing run with its plan written out, words replaced by what they meant."""
        self.tell("writing the faults out", self.runs)
        first, duration_ns = self.first, self.first.scenario.duration_ns
        scenario: Scenario = attrs.evolve(
            first.scenario,
            faults=tuple(
                FaultRequest(
                    fault=injection.fault,
                    target=" ".join(injection.targets),
                    schedule=Schedule(
                        at_ns=injection.began_ns, for_ns=(injection.healed_ns or duration_ns) - injection.began_ns
                    ),
                )
                for injection in first.injections
                if injection.began_ns < duration_ns
            ),
            nemeses=(),
            seed=self.seed,
            beyond_budget=True,
            expect=_expecting(first, self.signature),
            deviations=tuple((name, at, draw) for name, draws in first.overrides.items() for at, draw in draws.items()),
        )
        if not self._fails(scenario):
            raise UsageError("the failure does not come back with its faults written out: it cannot be made smaller.")
        return scenario

    def _ended_early(self, scenario: Scenario) -> Scenario:
        """Let the run end soon after the operations that show the failure: every further run is that much shorter."""
        failed = (one for one in self.first.checks if one.name == self.signature.check and one.outcome != "valid")
        shown = next(failed).operations
        ends_ns = [one.call_time_ns if one.ret_time_ns is None else one.ret_time_ns for one in shown]
        end_ns = max(ends_ns, default=scenario.duration_ns) + _SETTLE_NS
        if end_ns >= scenario.duration_ns:
            return scenario
        self.tell("ending early", self.runs)
        faults = tuple(_cut(request, end_ns) for request in scenario.faults if (request.schedule.at_ns or 0) < end_ns)
        return self._or(scenario, duration_ns=end_ns, settle_ns=_SETTLE_NS, faults=faults)

    def _leave_out_faults(self, scenario: Scenario) -> Scenario:
        self.tell("leaving out faults", self.runs)
        scenario = self._subset(scenario, "faults")
        return self._or(self._or(scenario, drop=0.0), duplicate=0.0)

    def _scripted(self, scenario: Scenario) -> Scenario:
        """Replace the workload by a script of what its clients did."""
        self.tell("writing the operations out", self.runs)
        return self._or(scenario, operations=_script_of(self.run(scenario, self.seed, plugins=self.plugins)))

    def _calmed(self, scenario: Scenario) -> Scenario:
        """Let everything take the median time; if that is too calm, all but what the run drew."""
        self.tell("calming the network down", self.runs)
        calm = self._or(scenario, calm=True, deviations=())
        if calm.calm:
            return calm
        return self._or(
            scenario, calm=True, deviations=_timings(self.run(scenario, self.seed, plugins=self.plugins, recorded=True))
        )

    def _leave_out_operations(self, scenario: Scenario) -> Scenario:
        if not scenario.operations:
            return scenario
        self.tell("leaving out operations", self.runs)
        scenario = self._subset(scenario, "operations", _client_of, empty=False)
        scenario = self._subset(scenario, "operations", _key_of, empty=False)
        return self._subset(scenario, "operations", empty=False)

    def _leave_out_deviations(self, scenario: Scenario) -> Scenario:
        if not scenario.deviations:
            return scenario
        self.tell("leaving out deviations from calm", self.runs)
        scenario = self._subset(scenario, "deviations", lambda one: one[0])
        return self._subset(scenario, "deviations")

    def _shorter(self, scenario: Scenario) -> Scenario:
        """Let the run end soon after its last operation, and each fault begin late and end early."""
        self.tell("shortening", self.runs)
        if scenario.operations:
            last_ns = max(operation.at_ns for operation in scenario.operations)
            for extra_ns in (NS_PER_S // 2, 3 * NS_PER_S):
                if last_ns + extra_ns < scenario.duration_ns:
                    faults = tuple(_within(request, last_ns + extra_ns) for request in scenario.faults)
                    scenario = self._or(scenario, duration_ns=last_ns + extra_ns, settle_ns=_SETTLE_NS, faults=faults)
        for number in range(len(scenario.faults)):
            scenario = self._shorter_fault(scenario, number)
        return scenario

    def _shorter_fault(self, scenario: Scenario, number: int) -> Scenario:
        before = None
        while scenario != before:
            before = scenario
            request = scenario.faults[number]
            schedule = request.schedule
            begin_ns, for_ns = schedule.at_ns or 0, schedule.for_ns or 0
            half_ns = for_ns // 2
            if half_ns < _SHORTEST_NS:
                break
            early = attrs.evolve(schedule, for_ns=half_ns)
            late = attrs.evolve(schedule, at_ns=begin_ns + half_ns, for_ns=for_ns - half_ns)
            for changed in (early, late):
                if scenario == before:
                    faults = list(scenario.faults)
                    faults[number] = attrs.evolve(request, schedule=changed)
                    scenario = self._or(scenario, faults=tuple(faults))
        return scenario

    def _fewer_clients_and_nodes(self, scenario: Scenario) -> Scenario:
        self.tell("leaving out clients and nodes", self.runs)
        if scenario.operations:
            scenario = self._or(scenario, clients=max(one.client for one in scenario.operations) + 1)
        while scenario.nodes > 1 and not scenario.zones:
            fewer = self._or(scenario, nodes=scenario.nodes - 1)
            if fewer == scenario:
                break
            scenario = fewer
        return scenario


def _signature(done: Run) -> _Signature | None:
    """Return by what the failure of *done* is recognised: its first check that is violated; None if it holds."""
    for outcome in ("invalid", "unknown"):
        for verdict in done.checks:
            if verdict.outcome == outcome:
                return _Signature(check=verdict.name, anomaly=verdict.anomaly)
    return None


def _size(done: Run, *, deviations: int) -> Size:
    operations = sum(
        1
        for type, process in zip(done.history.types, done.history.processes, strict=True)
        if type == "invoke" and process.__class__ is not str
    )
    return Size(faults=len(done.injections), operations=operations, deviations=deviations)


def _expecting(first: Run, signature: _Signature) -> Any:
    """Return what the shrunk scenario expects: what the failing run was judged by, and nothing that it kept."""
    levels = tuple(verdict.level for verdict in first.checks if verdict.level and verdict.name == signature.check)
    bounds = [one.details["bound_ns"] for one in first.checks if one.name == signature.check == "staleness"]
    return attrs.evolve(
        only_judged_by(signature.check, first.scenario.expect),
        consistency=levels,
        staleness_ns=bounds[0] if bounds else None,
    )


def _timings(done: Run) -> tuple[tuple[str, int, float], ...]:
    """Return every draw of *done* that decided how long something takes."""
    return tuple(
        (name, position, draw)
        for name, draws in done.draws.items()
        if name.startswith(CALMED)
        for position, draw in enumerate(draws)
    )


def _script_of(done: Run) -> tuple[ScriptedOperation, ...]:
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


def _grouped(items: Iterable[T], key: Callable[[T], Any]) -> list[list[T]]:
    """Return *items* in groups of the same *key*, in the order of their first ones."""
    groups: dict[Any, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


def _client_of(operation: ScriptedOperation) -> int:
    return operation.client


def _key_of(operation: ScriptedOperation) -> Any:
    return operation.invocation.key


def _cut(request: FaultRequest, end_ns: int) -> FaultRequest:
    """Return *request*, which begins before *end_ns*, so that it does not last longer."""
    schedule = request.schedule
    for_ns = min(schedule.for_ns or end_ns, end_ns - (schedule.at_ns or 0))
    return attrs.evolve(request, schedule=attrs.evolve(schedule, for_ns=for_ns))


def _within(request: FaultRequest, duration_ns: int) -> FaultRequest:
    """Return *request* so that it ends with a run of *duration_ns*."""
    schedule = request.schedule
    begin_ns = min(schedule.at_ns or 0, duration_ns - 1)
    return attrs.evolve(request, schedule=attrs.evolve(schedule, at_ns=begin_ns, for_ns=duration_ns - begin_ns))
