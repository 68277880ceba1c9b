"""Fault plans: which fault begins when, and when it ends.

Rules:

1. A plan is a value: it can be printed, saved, edited and run again. Drawing one needs the seed, running one does not.
2. Whom a step hits is resolved when it happens, because roles are known only then; the draw for it is named after
   the step, so leaving one step out changes no other.
3. ``at`` means exactly then. ``every`` means once in each period of that length, at a moment drawn from the seed:
   a fault that always came on the beat would miss whatever happens between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from chaoslab.choices import Choices
from chaoslab.errors import UsageError
from chaoslab.units import format_duration

__all__ = ["FaultRequest", "Plan", "Schedule", "Step", "draw_plan"]


@attrs.frozen(kw_only=True)
class Schedule:
    """When a fault happens. Without any of these: from the beginning to the end.

    Attributes:
        at_ns: Exactly then.
        every_ns: Once in each period of this length.
        for_ns: How long it lasts; None: to the end of the run. Needed with ``every``.
    """

    at_ns: int | None = None
    every_ns: int | None = None
    for_ns: int | None = None

    def __attrs_post_init__(self) -> None:
        if self.at_ns is not None and self.every_ns is not None:
            raise UsageError("a fault has at or every, not both.", key="every")
        if self.every_ns is None:
            return
        if self.every_ns <= 0:
            raise UsageError("every is above zero.", key="every")
        if self.for_ns is None:
            raise UsageError("a fault with every says for how long: add for.", key="for")
        if self.for_ns > self.every_ns:
            raise UsageError(
                f"for ({format_duration(self.for_ns)}) is longer than every ({format_duration(self.every_ns)}): "
                "the fault would begin again before it ends.",
                key="for",
            )


@attrs.frozen(kw_only=True)
class FaultRequest:
    """What a scenario asks for: a fault, whom it hits, and when.

    Attributes:
        fault: The fault, a frozen value.
        target: Words for whom it hits; ``""`` for faults of the whole network.
        schedule: When.
    """

    fault: Any
    target: str = ""
    schedule: Schedule = Schedule()


@attrs.frozen(kw_only=True)
class Step:
    """One fault of a plan.

    Attributes:
        name: Unique in the plan, such as ``"partition 1.2"``: the second time of the scenario's first fault.
        fault: The fault.
        target: Words for whom it hits, resolved when it happens.
        begin_ns: When it begins, in virtual nanoseconds.
        end_ns: When it is healed.
    """

    name: str
    fault: Any
    target: str
    begin_ns: int
    end_ns: int


Plan = tuple[Step, ...]


def draw_plan(requests: Sequence[FaultRequest], duration_ns: int, choices: Choices) -> Plan:
    """Return the plan of one run: what *requests* ask for, with every moment drawn, in order of time.

    Args:
        requests: What the scenario asks for.
        duration_ns: When the last fault ends at the latest.
        choices: Each request draws on a stream of its own.
    """
    steps: list[Step] = []
    for number, request in enumerate(requests, start=1):
        stream = choices.stream(f"plan {number}")
        for occurrence, (begin_ns, end_ns) in enumerate(_spans(request.schedule, duration_ns, stream.random), start=1):
            steps.append(
                Step(
                    name=f"{request.fault.kind} {number}.{occurrence}",
                    fault=request.fault,
                    target=request.target,
                    begin_ns=begin_ns,
                    end_ns=end_ns,
                )
            )
    return tuple(sorted(steps, key=lambda step: step.begin_ns))


def _spans(schedule: Schedule, duration_ns: int, draw: Any) -> list[tuple[int, int]]:
    if schedule.every_ns is None:
        begin_ns = schedule.at_ns or 0
        end_ns = duration_ns if schedule.for_ns is None else begin_ns + schedule.for_ns
        return [(begin_ns, min(end_ns, duration_ns))]
    every_ns, for_ns = schedule.every_ns, schedule.for_ns or 0
    spans = []
    for period_ns in range(0, duration_ns, every_ns):
        begin_ns = period_ns + int(draw() * (every_ns - for_ns))
        if begin_ns < duration_ns:
            spans.append((begin_ns, min(begin_ns + for_ns, duration_ns)))
    return spans
