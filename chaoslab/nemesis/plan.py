"""Fault plans: which fault begins when, and when it ends.

Rules:

1. A plan is a value: it can be printed, saved, edited and run again. Drawing one needs the seed, running one does not.
2. Whom a step hits is resolved when it happens, because roles are known only then; the draw for it is named after
   the step, so leaving one step out changes no other.
3. ``at`` means exactly then. ``every`` means once in each period of that length, at a moment drawn from the seed:
   a fault that always came on the beat would miss whatever happens between. ``when`` waits for something to happen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import attrs

from chaoslab.choices import Choices, Stream
from chaoslab.errors import UsageError, unknown_word
from chaoslab.nemesis.condition import Condition
from chaoslab.units import format_duration

__all__ = ["MODES", "Composition", "FaultRequest", "Part", "Plan", "Schedule", "Step", "draw_plan", "plan_lines"]


@attrs.frozen(kw_only=True)
class Schedule:
    """When a fault happens. Without any of these: from the beginning to the end.

    Attributes:
        at_ns: Exactly then; with ``when``: not before.
        every_ns: Once in each period of this length.
        when: As soon as this has happened.
        for_ns: How long it lasts; None: to the end of the run. Needed with ``every``.
    """

    at_ns: int | None = None
    every_ns: int | None = None
    when: Condition | None = None
    for_ns: int | None = None

    def __attrs_post_init__(self) -> None:
        if self.at_ns is not None and self.every_ns is not None:
            raise UsageError("a fault has at or every, not both.", key="every")
        if self.when is not None and self.every_ns is not None:
            raise UsageError("a fault has when or every, not both; when = { ..., again = true } repeats.", key="every")
        if self.when is not None and self.when.again and self.for_ns is None:
            raise UsageError("a fault that happens again and again says for how long: add for.", key="for")
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


MODES: Final = ("together", "in-turn", "any-of")
"""How the parts of a composition take place: all at once; one after the other; one of them, drawn each time."""


@attrs.frozen(kw_only=True)
class Part:
    """One fault of a composition, and whom it hits."""

    fault: Any
    target: str = ""


@attrs.frozen(kw_only=True)
class Composition:
    """Several faults that share one schedule.

    Attributes:
        mode: One of ``MODES``.
        parts: The faults.
    """

    mode: str
    parts: tuple[Part, ...]

    def __attrs_post_init__(self) -> None:
        if self.mode not in MODES:
            raise UsageError(unknown_word("composition", self.mode, MODES), key="kind")
        if not self.parts:
            raise UsageError(f"{self.mode} needs faults: faults = [{{ kind = ... }}, ...].", key="faults")

    @property
    def kind(self) -> str:
        """The mode: what stands as ``kind`` in scenario files."""
        return self.mode


@attrs.frozen(kw_only=True)
class FaultRequest:
    """What a scenario asks for: a fault, whom it hits, and when.

    Attributes:
        fault: The fault, a frozen value; or a ``Composition`` of several.
        target: Words for whom it hits; ``""`` for faults of the whole network.
        schedule: When.
    """

    fault: Any
    target: str = ""
    schedule: Schedule = Schedule()

    def __attrs_post_init__(self) -> None:
        if isinstance(self.fault, Composition) and self.fault.mode == "in-turn" and self.schedule.when is not None:
            raise UsageError("in-turn has at or every: what waits for a condition is together or any-of.", key="when")


@attrs.frozen(kw_only=True)
class Step:
    """One fault of a plan.

    Attributes:
        name: Unique in the plan, such as ``"partition 1.2"``: the second time of the scenario's first fault.
        fault: The fault.
        target: Words for whom it hits, resolved when it happens.
        begin_ns: When it begins, in virtual nanoseconds; with ``when``: from when on that is waited for.
        end_ns: When it is healed at the latest.
        when: What it waits for, or None.
        for_ns: How long it lasts once what it waited for has happened; None: until ``end_ns``.
    """

    name: str
    fault: Any
    target: str
    begin_ns: int
    end_ns: int
    when: Condition | None = None
    for_ns: int | None = None

    def describe(self) -> str:
        """Say in a few words what happens to whom, and when."""
        where = tuple(self.target.split())
        what = f"{self.fault.describe(where)}"
        if self.when is None:
            return f"{format_duration(self.begin_ns)} to {format_duration(self.end_ns)}: {what}"
        lasting = "" if self.for_ns is None else f", for {format_duration(self.for_ns)}"
        again = "each time" if self.when.again else "once"
        return f"{again} {self.when.describe()}{lasting}: {what}"


Plan = tuple[Step, ...]


def plan_lines(plan: Plan) -> list[str]:
    """Return *plan* as lines of text, a step each."""
    width = max((len(step.name) for step in plan), default=0)
    return [f"{step.name:{width}}  {step.describe()}" for step in plan]


def draw_plan(requests: Sequence[FaultRequest], duration_ns: int, choices: Choices, *, prefix: str = "") -> Plan:
    """Return the plan of one run: what *requests* ask for, with every moment drawn, in order of time.

    Args:
        requests: What the scenario asks for.
        duration_ns: When the last fault ends at the latest.
        choices: Each request draws on a stream of its own.
        prefix: Set before the numbers of the steps, to tell those of a program apart.
    """
    steps: list[Step] = []
    for number, request in enumerate(requests, start=1):
        stream = choices.stream(f"plan {prefix}{number}")
        place = f"{prefix}{number}"
        if request.schedule.when is not None:
            steps.extend(_conditional(request, place, duration_ns, stream))
            continue
        spans = _spans(request.schedule, duration_ns, stream.random)
        for occurrence, (begin_ns, end_ns) in enumerate(spans, start=1):
            single = request.schedule.every_ns is None
            steps.extend(_occurrence(request, f"{place}.{occurrence}", occurrence, begin_ns, end_ns, stream, single))
    return tuple(sorted(steps, key=lambda step: step.begin_ns))


def _occurrence(
    request: FaultRequest, place: str, occurrence: int, begin_ns: int, end_ns: int, stream: Stream, single: bool
) -> list[Step]:
    """Return the steps of one occurrence: one, or several for a composition."""
    if not isinstance(request.fault, Composition):
        return [_step(request.fault, request.target, place, begin_ns, end_ns)]
    mode, parts = request.fault.mode, request.fault.parts
    if mode == "together":
        return [
            _step(part.fault, part.target, f"{place}.{number}", begin_ns, end_ns)
            for number, part in enumerate(parts, start=1)
        ]
    if mode == "any-of":
        part = stream.pick(parts)
        return [_step(part.fault, part.target, place, begin_ns, end_ns)]
    if not single:
        part = parts[(occurrence - 1) % len(parts)]
        return [_step(part.fault, part.target, place, begin_ns, end_ns)]
    share_ns = (end_ns - begin_ns) // len(parts)  # in turn, within the one span there is
    return [
        _step(
            part.fault,
            part.target,
            f"{place}.{number + 1}",
            begin_ns + number * share_ns,
            begin_ns + (number + 1) * share_ns,
        )
        for number, part in enumerate(parts)
    ]


def _step(fault: Any, target: str, place: str, begin_ns: int, end_ns: int) -> Step:
    return Step(name=f"{fault.kind} {place}", fault=fault, target=target, begin_ns=begin_ns, end_ns=end_ns)


def _conditional(request: FaultRequest, place: str, duration_ns: int, stream: Stream) -> list[Step]:
    """Return the steps that wait for a condition: armed from ``at`` on until the end of the faults."""
    schedule = request.schedule
    steps = _occurrence(request, f"{place}.1", 1, schedule.at_ns or 0, duration_ns, stream, True)
    return [attrs.evolve(step, when=schedule.when, for_ns=schedule.for_ns) for step in steps]


def _spans(schedule: Schedule, duration_ns: int, draw: Callable[[], float]) -> list[tuple[int, int]]:
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
