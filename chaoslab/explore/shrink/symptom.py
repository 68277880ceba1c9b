"""By what a failure is recognised, so that a smaller run that fails is known to fail in the same way.

Without this, shrinking would slip from the failure that people asked about to any other that is easier to bring about.

This file does not know how runs are made smaller.
"""

from __future__ import annotations

import itertools
from typing import Final

import attrs

from chaoslab.checkers.registry import LEVELS
from chaoslab.history import Operation
from chaoslab.plugins import Registry
from chaoslab.runner import Run
from chaoslab.scenario import Expect
from chaoslab.service_levels import only_judged_by

__all__ = ["Symptom", "expecting", "operations_that_show", "symptom_of"]

_MEANWHILE: Final = frozenset(LEVELS) - {"eventual", "causal-convergence"}
"""Checks of what clients see meanwhile, whatever comes of it in the end."""


@attrs.frozen(kw_only=True)
class Symptom:
    """What a failing run shows.

    Attributes:
        check: The check that does not hold.
        anomaly: The anomaly's name, if the check names one.
    """

    check: str
    anomaly: str | None

    @property
    def is_meanwhile(self) -> bool:
        """Whether it shows while clients work, so that what comes after it does not matter."""
        return self.check in _MEANWHILE

    def covers(self, other: Symptom | None) -> bool:
        """Return whether a failure of *other* is one of this: a check that names no anomaly may come to name one."""
        if other is None or other.check != self.check:
            return False
        return self.anomaly in (None, f"not {self.check}", other.anomaly)

    def is_shown_by(self, done: Run, plugins: Registry) -> bool:
        """Return whether *done* fails in the same way."""
        return self.covers(symptom_of(done)) and (self.is_meanwhile or _has_settled(done, plugins))


def symptom_of(done: Run) -> Symptom | None:
    """Return by what the failure of *done* is recognised: its first check that is violated; None if it holds."""
    for outcome in ("invalid", "unknown"):
        for verdict in done.checks:
            if verdict.outcome == outcome:
                return Symptom(check=verdict.name, anomaly=verdict.anomaly)
    return None


def operations_that_show(symptom: Symptom, done: Run) -> tuple[Operation, ...]:
    """Return the operations that show *symptom*, which *done* has."""
    failed = (one for one in done.checks if one.name == symptom.check and one.outcome != "valid")
    return next(failed).operations


def _has_settled(done: Run, plugins: Registry) -> bool:
    """Return whether clients were quiet, and nothing was wrong, before the last answers by which *done* is judged.

    Without that what holds in the end would be violated by everybody: that is not the failure that is looked for.
    """
    workload = done.workload
    if workload is None or workload.quiet_ns < 2 or not done.scenario.operations:
        return True
    quiet_ns = workload.quiet_ns // 2
    operations = sorted(done.history.operations(), key=lambda one: one.call_time_ns)
    pairs = itertools.pairwise(one.call_time_ns for one in operations)
    ends_ns = [after for before, after in pairs if after - before >= quiet_ns]
    if not ends_ns:
        return False
    model = plugins.models.get(workload.model)
    calm = model is None or all(one.f in model.reads for one in operations if one.call_time_ns >= ends_ns[-1])
    healed = all((one.healed_ns or 0) <= ends_ns[-1] - quiet_ns for one in done.injections)
    return healed and calm


def expecting(symptom: Symptom, first: Run) -> Expect:
    """Return what the shrunk scenario expects: what the failing run was judged by, and nothing that it kept."""
    check = symptom.check
    levels = tuple(verdict.level for verdict in first.checks if verdict.level and verdict.name == check)
    bounds = [one.details["bound_ns"] for one in first.checks if one.name == check == "staleness"]
    expected = first.scenario.expect
    return attrs.evolve(
        only_judged_by(check, expected),
        messages=expected.messages if check == "messages" else None,
        bytes=expected.bytes if check == "bytes" else None,
        consistency=levels,
        staleness_ns=bounds[0] if bounds else None,
        reached=expected.reached if check == "reached" else (),
        sometimes=(),
    )
