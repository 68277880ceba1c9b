"""What shrinking tries to leave out, one kind of thing after the other.

The order, from what explains most to what explains least: whole faults; then the operations that matter, from a script
of what the clients did; then how plain a fault is, and how long it lasts; then time itself, from a calm run in which
everything takes the median time; then clients and nodes. Of several faults, how plain they are comes last.

Rules:

1. Each pass takes a scenario that fails and returns one that fails, never a larger one.
2. Words are turned into the names they meant in the failing run: what is left needs no draw to know whom it hits.

This file does not know how a candidate is tried, nor by what its failure is recognised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import attrs

from chaoslab.cluster import ScriptedOperation
from chaoslab.errors import UsageError
from chaoslab.explore.shrink.plainer import plainer
from chaoslab.explore.shrink.rewriting import (
    early,
    ending_by,
    ending_with,
    request_of,
    script_of,
    timings,
    with_schedule,
)
from chaoslab.explore.shrink.search import TRIES_MAX, Search
from chaoslab.explore.shrink.symptom import expecting, operations_that_show
from chaoslab.nemesis import Condition, FaultRequest
from chaoslab.runner import Run
from chaoslab.scenario import Scenario
from chaoslab.units import NS_PER_S

__all__ = ["Passes"]

_SETTLE_NS: Final = NS_PER_S // 10
_SHORTEST_NS: Final = NS_PER_S // 100
_PLAINER_TRIES: Final = 5
"""With how many seeds a plainer fault is tried: there may be many of them, and few will do."""
_BOLD_MAX: Final = 200
"""How many runs may go into guesses that leave nearly everything out at once; a tenth of all, if these are few."""


class Passes:
    """The passes over one failing run.

    Args:
        first: The failing run.
        search: Tries candidates.
        tell: Told what is being tried, and how many runs it took so far.
    """

    def __init__(self, first: Run, search: Search, tell: Callable[[str, int], None]) -> None:
        self.first = first
        self.search = search
        self.symptom = search.symptom
        self.tell = tell

    def take(self) -> None:
        """Take all of them; the search keeps what comes of it.

        Raises:
            UsageError: the failure does not come back.
            LimitReached: no further run may be made.
        """
        scenario = self._scripted(self._ended_early(self._self_contained()))
        if scenario.operations:
            scenario = self._what_matters(scenario)
            scenario = self.search.subset(scenario, "operations", empty=False, coarse=True)
            scenario = self._earlier(scenario)
        scenario = self._leave_out_faults(scenario)
        if scenario.operations:
            scenario = self._earlier(self._what_matters(scenario))
        scenario = self.search.changed(scenario, calm=True, deviations=())
        scenario = self._in_rounds(scenario)
        if not scenario.calm:  # late: what a deviation is of moves with every message that is left out
            scenario = self._in_rounds(self._calmed(scenario))
        plain = self._plainer(scenario)
        if plain != scenario:
            self._in_rounds(plain)

    def _in_rounds(self, scenario: Scenario) -> Scenario:
        for _ in range(3):
            before = scenario
            scenario = self._leave_out_faults(scenario)
            scenario = self._leave_out_operations(scenario)
            if len(scenario.faults) == 1:  # of several it is known late which are needed: two plain ones may both be
                scenario = self._plainer(scenario)
            scenario = self._shorter(scenario)
            scenario = self._leave_out_deviations(scenario)
            scenario = self._fewer_clients_and_nodes(scenario)
            if scenario == before:
                break
        return scenario

    def _self_contained(self) -> Scenario:
        """Return the scenario of the failing run with its plan written out, words replaced by what they meant.

        Faults that wait for something to happen go on waiting for it, if that will do: once something is left out it
        happens at another moment.
        """
        self.tell("writing the faults out", self.search.runs)
        first, duration_ns = self.first, self.first.scenario.duration_ns
        happened = [one for one in first.injections if one.began_ns < duration_ns]
        written_out: Scenario = attrs.evolve(
            first.scenario,
            faults=tuple(request_of(one, duration_ns) for one in happened),
            nemeses=(),
            seed=self.search.seed,
            beyond_budget=True,
            expect=expecting(self.symptom, first),
            deviations=tuple((name, at, draw) for name, draws in first.overrides.items() for at, draw in draws.items()),
        )
        waiting = [request_of(one, duration_ns) for one in happened if one.awaited is None]
        for number, request in enumerate(first.scenario.faults):
            if request.schedule.when:
                waiting.insert(number, request)  # in its place: what it draws is named after that
        again = tuple(waiting)
        for faults, beyond_budget in (
            (again, True),
            (again, first.scenario.beyond_budget),  # what the budget forbade then, it has to forbid again
            (written_out.faults, True),
        ):
            scenario: Scenario = attrs.evolve(written_out, faults=faults, beyond_budget=beyond_budget)
            if self.search.fails(scenario):
                return scenario
        raise UsageError("the failure does not come back with its faults written out: it cannot be made smaller.")

    def _ended_early(self, scenario: Scenario) -> Scenario:
        """Let the run end soon after the operations that show the failure: every further run is that much shorter."""
        shown = operations_that_show(self.symptom, self.first)
        ends_ns = [one.call_time_ns if one.ret_time_ns is None else one.ret_time_ns for one in shown]
        end_ns = max(ends_ns, default=scenario.duration_ns) + _SETTLE_NS
        if end_ns >= scenario.duration_ns or not self.symptom.is_meanwhile:
            return scenario
        self.tell("ending early", self.search.runs)
        faults = ending_by(end_ns, scenario.faults)
        return self.search.changed(scenario, duration_ns=end_ns, settle_ns=_SETTLE_NS, faults=faults)

    def _leave_out_faults(self, scenario: Scenario) -> Scenario:
        self.tell("leaving out faults", self.search.runs)
        scenario = self.search.subset(scenario, "faults")
        return self.search.changed(self.search.changed(scenario, drop=0.0), duplicate=0.0)

    def _scripted(self, scenario: Scenario) -> Scenario:
        """Replace the workload by a script of what its clients did."""
        self.tell("writing the operations out", self.search.runs)
        return self.search.changed(scenario, operations=script_of(self.search.last))

    def _what_matters(self, scenario: Scenario) -> Scenario:
        """Leave out all operations at once but those that show the failure; or all that are far from them."""
        self.tell("leaving out operations", self.search.runs)
        shown = operations_that_show(self.symptom, self.search.last)
        if not shown:
            return scenario
        begin_ns = min(one.call_time_ns for one in shown)
        instants = {one.call_time_ns for one in shown}
        keys = {one.key for one in shown}
        guesses: list[Callable[[ScriptedOperation], bool]] = [
            lambda one: one.at_ns in instants,
            lambda one: one.invocation.key in keys and one.at_ns >= begin_ns - NS_PER_S // 10,
            lambda one: one.invocation.key in keys and one.at_ns >= begin_ns - NS_PER_S,
            lambda one: one.at_ns >= begin_ns - NS_PER_S,
            lambda one: one.at_ns >= begin_ns - 3 * NS_PER_S,
            lambda one: one.invocation.key in keys,
        ]
        runs_max = self.search.runs + min(_BOLD_MAX, self.search.runs_max // 10)
        events_max = self.search.events + self.search.events_max // 10
        for guess in guesses:
            operations = tuple(filter(guess, scenario.operations))
            if 0 < len(operations) < len(scenario.operations):
                candidate = attrs.evolve(scenario, operations=operations)
                for one in (early(candidate), candidate):
                    tries = min(TRIES_MAX, runs_max - self.search.runs)
                    found = self.search.found(one, tries) if tries > 0 and self.search.events < events_max else None
                    if found is not None:
                        return found
        return scenario

    def _earlier(self, scenario: Scenario) -> Scenario:
        """Let everything happen as early as possible: every further run is that much shorter."""
        self.tell("moving everything to the beginning", self.search.runs)
        for calm_ns in (NS_PER_S // 2, 2 * NS_PER_S, 5 * NS_PER_S):
            moved = early(scenario, calm_ns)
            found = None if moved == scenario else self.search.found(moved)
            if found is not None:
                return found
        return scenario

    def _calmed(self, scenario: Scenario) -> Scenario:
        """Let everything take the median time; if that is too calm, what the run drew, written out."""
        self.tell("calming the network down", self.search.runs)
        calm = self.search.changed(scenario, calm=True, deviations=())
        if calm.calm:
            return calm
        done = self.search.recorded(scenario)
        return self.search.changed(scenario, calm=True, deviations=timings(done))

    def _leave_out_operations(self, scenario: Scenario) -> Scenario:
        if not scenario.operations:
            return scenario
        self.tell("leaving out operations", self.search.runs)
        scenario = self.search.subset(scenario, "operations", _client_of, empty=False)
        scenario = self.search.subset(scenario, "operations", _key_of, empty=False)
        return self.search.subset(scenario, "operations", empty=False)

    def _leave_out_deviations(self, scenario: Scenario) -> Scenario:
        if not scenario.deviations:
            return scenario
        self.tell("leaving out deviations from calm", self.search.runs)
        scenario = self.search.subset(scenario, "deviations", lambda one: one[0])
        return self.search.subset(scenario, "deviations")

    def _plainer(self, scenario: Scenario) -> Scenario:
        """Replace each fault by the plainest that will do."""
        self.tell("putting faults plainly", self.search.runs)
        nodes = [f"n{number}" for number in range(1, scenario.nodes + 1)]
        for number in range(len(scenario.faults)):
            found: Scenario | None = scenario
            while found is not None:
                scenario = found
                found = self._with_first_that_fails(scenario, number, plainer(scenario.faults[number], nodes))
        return scenario

    def _with_first_that_fails(
        self, scenario: Scenario, number: int, instead: Iterable[FaultRequest]
    ) -> Scenario | None:
        """Return *scenario* with the first of *instead* for its fault of that number with which it fails, if any."""
        for request in instead:
            faults = (*scenario.faults[:number], request, *scenario.faults[number + 1 :])
            if faults != scenario.faults:
                found = self.search.found(attrs.evolve(scenario, faults=faults), _PLAINER_TRIES)
                if found is not None:
                    return found
        return None

    def _shorter(self, scenario: Scenario) -> Scenario:
        """Let the run end soon after its last operation, and each fault begin late and end early."""
        self.tell("shortening", self.search.runs)
        if scenario.operations and self.symptom.is_meanwhile:
            last_ns = max(operation.at_ns for operation in scenario.operations)
            for extra_ns in (NS_PER_S // 2, 3 * NS_PER_S):
                if last_ns + extra_ns < scenario.duration_ns:
                    faults = ending_with(last_ns + extra_ns, scenario.faults)
                    scenario = self.search.changed(
                        scenario, duration_ns=last_ns + extra_ns, settle_ns=_SETTLE_NS, faults=faults
                    )
        for number, request in enumerate(scenario.faults):
            scenario = (self._once if request.schedule.when else self._shorter_fault)(scenario, number)
        return self._strikes_written_out(scenario)

    def _once(self, scenario: Scenario, number: int) -> Scenario:
        """Let a fault that comes each time something happens come the first time only."""
        condition = scenario.faults[number].schedule.when
        if condition is None or not condition.again:
            return scenario
        return self.search.changed(
            scenario, faults=with_schedule(scenario, number, when=attrs.evolve(condition, again=False))
        )

    def _strikes_written_out(self, scenario: Scenario) -> Scenario:
        """Replace faults that come each time something happens by the times they came: each can be left out alone.

        Late, when few are left: the more is left out after it, the further off its moment is the time of a strike.
        """
        rest = tuple(one for one in scenario.faults if not _is_repeated(one.schedule.when))
        if len(rest) == len(scenario.faults):
            return scenario
        self.tell("writing the strikes out", self.search.runs)
        strikes = (one for one in self.search.last.injections if _is_repeated(one.awaited))
        timed = tuple(request_of(one, scenario.duration_ns) for one in strikes if one.began_ns < scenario.duration_ns)
        return self.search.changed(scenario, faults=(*rest, *timed))

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
            first_half = {"for_ns": half_ns}
            second_half = {"at_ns": begin_ns + half_ns, "for_ns": for_ns - half_ns}
            for changes in (first_half, second_half):
                if scenario == before:
                    scenario = self.search.changed(scenario, faults=with_schedule(scenario, number, **changes))
        return scenario

    def _fewer_clients_and_nodes(self, scenario: Scenario) -> Scenario:
        self.tell("leaving out clients and nodes", self.search.runs)
        if scenario.operations:
            scenario = self.search.changed(scenario, clients=max(one.client for one in scenario.operations) + 1)
        while scenario.nodes > 1 and not scenario.zones:
            fewer = self.search.changed(scenario, nodes=scenario.nodes - 1)
            if fewer == scenario:
                break
            scenario = fewer
        return scenario


def _is_repeated(condition: Condition | None) -> bool:
    return condition is not None and condition.again


def _client_of(operation: ScriptedOperation) -> int:
    return operation.client


def _key_of(operation: ScriptedOperation) -> Any:
    return operation.invocation.key
