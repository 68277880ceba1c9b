"""What simulated tests have tried, in figures: that a test passed says nothing of what could have gone wrong in it.

Rules:

1. Counted where a test runs, and sent with its report as text: it arrives from other processes, too.
2. One line for all tests; with ``-v``, a line for each of them with the kinds of fault it met.
3. A test that passed while hardly any operation succeeded is named in any case: that shows little.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs

from chaoslab.runner import Run
from chaoslab.units import counted

__all__ = ["PROPERTY", "Tally", "tallies", "tally_lines"]

PROPERTY: Final = "chaoslab"
"""The name under which a report carries its tally, as JSON."""

_LITTLE: Final = 0.1
"""Of the operations of a test, so many at least are expected to succeed."""
_ENDINGS: Final = {"ok": "ok", "fail": "failed", "info": "unknown"}
"""How an operation ends, in the words of a history and in ours."""


@attrs.frozen(kw_only=True)
class Tally:
    """What came of some runs of a test.

    Attributes:
        runs: How many.
        operations: How many operations ended how: ``ok``, ``fail``, or ``info`` for those of which nobody knows.
        faults: How often a fault of each kind was in force; those of the test itself, too.
    """

    runs: int = 0
    operations: Counter[str] = attrs.field(factory=Counter)
    faults: Counter[str] = attrs.field(factory=Counter)

    @classmethod
    def of(cls, run: Run, injections: Iterable[Any]) -> Tally:
        """Return the tally of one *run*, in which *injections* happened."""
        seen = run.service_levels
        operations = Counter(ok=seen.ok, fail=seen.fail, info=seen.info)
        return cls(runs=1, operations=operations, faults=Counter(one.kind for one in injections))

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            runs=self.runs + other.runs,
            operations=self.operations + other.operations,
            faults=self.faults + other.faults,
        )

    @property
    def shows_little(self) -> bool:
        """Whether hardly any operation succeeded."""
        return self.operations["ok"] < _LITTLE * self.operations.total()

    def words(self) -> str:
        """Return how many runs and operations there were, and how these ended."""
        total = self.operations.total()
        told = f"{counted(self.runs, 'run')}, {counted(total, 'operation')}"
        ended = ", ".join(f"{_share(self.operations[one], total)} {word}" for one, word in _ENDINGS.items())
        return f"{told} ({ended})" if total else told

    def text(self, test: str) -> str:
        """Return the tally as JSON, as one of *test*."""
        return json.dumps({"test": test, **attrs.asdict(self)})


def tallies(reports: Iterable[Any]) -> dict[str, Tally]:
    """Return the tally of each test, all of its seeds together, in the order of *reports*; each has one."""
    found: dict[str, Tally] = {}
    for report in reports:
        told = json.loads(dict(report.user_properties)[PROPERTY])
        test = told["test"]
        one = Tally(runs=told["runs"], operations=Counter(told["operations"]), faults=Counter(told["faults"]))
        found[test] = found.get(test, Tally()) + one
    return found


def tally_lines(found: Mapping[str, Tally], *, passed: Mapping[str, Tally], each: bool) -> Sequence[str]:
    """Return what is told of the tests *found*: of all together, of *each*, and of those that *passed* for little."""
    if not found:
        return []
    whole = sum(found.values(), Tally())
    lines = [f"chaoslab: {counted(len(found), 'test')}, {whole.words()}; {_faults(whole)}"]
    if each:
        for test, tally in found.items():
            kinds = ", ".join(f"{times} {kind}" for kind, times in sorted(tally.faults.items()))
            lines += [f"  {test}", f"    {tally.words()}", f"    faults: {kinds or 'none'}"]
    for test, tally in passed.items():
        if tally.shows_little:
            lines.append(f"chaoslab: {test} shows little: {tally.words()}")
    return lines


def _share(part: int, total: int) -> str:
    """Return *part* of *total* in per cent; what is not nothing, or not all, does not read as if it were."""
    percent = round(100 * part / max(total, 1))
    if 0 < part < total and percent in (0, 100):
        return "<1%" if percent == 0 else ">99%"
    return f"{percent}%"


def _faults(tally: Tally) -> str:
    if not tally.faults:
        return "no fault"
    return f"{counted(tally.faults.total(), 'fault')} of {counted(len(tally.faults), 'kind')}"
