"""Two runs side by side: where they part, and which of their differences decides that one fails and the other holds.

Rules:

1. Sequence numbers and remarks are left out: a fault more in the plan moves every number after it, and means nothing.
2. What differs between two runs is cut into pieces: a step of the plan, the draws of one stream, the scenario itself.
   What decides is a smallest set of pieces of the failing run that makes the passing one fail in the same way: without
   any one of them it does not.
3. The nearest passing run of a failing one is the run without one of its faults, or one stream's overrides, that holds
   and is the same for longest.

The search is Zeller & Hildebrandt, "Simplifying and isolating failure-inducing input" (TSE 2002), section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from chaoslab.choices import Overrides
from chaoslab.errors import ChaosLabError
from chaoslab.explore.outcome import FINDINGS
from chaoslab.explore.recording import Recording, record
from chaoslab.nemesis import Plan
from chaoslab.runner import Run, run
from chaoslab.sim import Difference, first_difference, is_remark

__all__ = ["RUNS_MAX", "Piece", "deciding", "nearest_passing", "parting", "rerun"]

RUNS_MAX = 300
"""Runs after which the search for what decides stops."""


@attrs.frozen(kw_only=True)
class Piece:
    """Something in which a failing run differs from a passing one.

    Attributes:
        kind: ``"with"`` or ``"without"`` a step of the plan, ``"draws"`` of a stream, ``"scenario"``.
        words: What it is, for people.
        value: The step, the stream's name and draws, or the scenario.
    """

    kind: str
    words: str
    value: Any


def rerun(recording: Recording) -> Run:
    """Run *recording* again, with its trace and its draws kept; whether it does the same is not asked."""
    return run(
        recording.scenario,
        recording.seed,
        plan=recording.plan,
        overrides=recording.overrides,
        trace_kept=True,
        recorded=True,
    )


def parting(first: Sequence[str], second: Sequence[str]) -> Difference | None:
    """Return where two traces part, sequence numbers and remarks left out; None if they do not. Cost: O(lines)."""
    one, other = ([line for line in lines if not is_remark(line)] for lines in (first, second))
    found = first_difference([_unnumbered(line) for line in one], [_unnumbered(line) for line in other])
    if found is None:
        return None
    at = found.position
    return Difference(
        position=at, first=one[at] if at < len(one) else None, second=other[at] if at < len(other) else None
    )


def _unnumbered(line: str) -> str:
    words = line.split(" ", 2)
    return f"{words[0]} {words[2]}" if len(words) == 3 and words[1].isdigit() else line


def pieces_between(failing: Run, passing: Run) -> list[Piece]:
    """Return in what *failing* differs from *passing*; both with their draws kept."""
    pieces = []
    if failing.scenario != passing.scenario:
        pieces.append(Piece(kind="scenario", words="the scenario, which is another one", value=failing.scenario))
    pieces += [
        Piece(kind="with", words=f"with {step.name}: {step.describe()}", value=step)
        for step in failing.plan
        if step not in passing.plan
    ]
    pieces += [
        Piece(kind="without", words=f"without {step.name}: {step.describe()}", value=step)
        for step in passing.plan
        if step not in failing.plan
    ]
    for name in dict.fromkeys((*passing.draws, *failing.draws)):
        ours, theirs = failing.draws.get(name, ()), passing.draws.get(name, ())
        if any(one != other for one, other in zip(ours, theirs, strict=False)) or (
            failing.seed != passing.seed and len(ours) != len(theirs)
        ):
            pieces.append(Piece(kind="draws", words=f"the draws of {name}", value=(name, dict(enumerate(ours)))))
    return pieces


def _with_pieces(passing: Run, pieces: Sequence[Piece]) -> tuple[Any, Plan, Overrides]:
    """Return scenario, plan and overrides of *passing* with *pieces* of the failing run."""
    scenario, plan = passing.scenario, list(passing.plan)
    overrides = {name: dict(draws) for name, draws in passing.overrides.items()}
    for piece in pieces:
        if piece.kind == "scenario":
            scenario = piece.value
        elif piece.kind == "with":
            plan.append(piece.value)
        elif piece.kind == "without":
            plan.remove(piece.value)
        else:
            name, draws = piece.value
            overrides[name] = {**overrides.get(name, {}), **draws}
    return scenario, tuple(sorted(plan, key=lambda step: step.begin_ns)), overrides


def deciding(failing: Run, passing: Run, *, runs_max: int = RUNS_MAX) -> tuple[list[Piece], bool]:
    """Return the pieces of *failing* that make *passing* fail in the same way, and whether none of them can be spared.

    Both with their draws kept. None at all: it does not fail even with all of them, or the search ended at once.
    """
    looks = _look(failing)
    left = runs_max
    spent: dict[tuple[int, ...], bool] = {}
    pieces = pieces_between(failing, passing)

    def fails(numbers: Sequence[int]) -> bool:
        nonlocal left
        key = tuple(numbers)
        if key not in spent:
            if not left:
                return False
            left -= 1
            spent[key] = _look_of(passing, [pieces[number] for number in numbers]) == looks
        return spent[key]

    everything = list(range(len(pieces)))
    if not fails(everything):
        return [], left > 0
    few = _least(everything, fails)
    return [pieces[number] for number in few], left > 0


def _least(items: list[int], fails: Callable[[Sequence[int]], bool]) -> list[int]:
    """Return a smallest part of *items* that still fails: without any one of them it does not."""
    parts = 2
    while len(items) > 1:
        size = -(-len(items) // parts)
        chunks = [items[at : at + size] for at in range(0, len(items), size)]
        rests = [[item for item in items if item not in chunk] for chunk in chunks]
        smaller = next((part for part in (*chunks, *rests) if len(part) < len(items) and fails(part)), None)
        if smaller is not None:
            items, parts = smaller, 2 if len(smaller) <= size else max(parts - 1, 2)
        elif size == 1:
            break
        else:
            parts = min(len(items), 2 * parts)
    return items


def _look(done: Run) -> tuple[str, str | None] | None:
    """Return by what the failure of *done* is recognised, None if it holds."""
    bad = [verdict for verdict in done.checks if verdict.outcome == "invalid"]
    bad = bad or [verdict for verdict in done.checks if verdict.outcome == "unknown"]
    return (bad[0].name, bad[0].anomaly) if bad else None


def _look_of(passing: Run, pieces: Sequence[Piece]) -> tuple[str, str | None] | None:
    scenario, plan, overrides = _with_pieces(passing, pieces)
    try:
        return _look(run(scenario, passing.seed, plan=plan, overrides=overrides))
    except ChaosLabError as error:
        if type(error) not in FINDINGS:
            raise
        return FINDINGS[type(error)][0], None


def nearest_passing(failing: Run) -> Run | None:
    """Return the run that holds and is the same as *failing* for longest, or None if none of those tried holds."""
    recording = record(failing)
    candidates = [
        attrs.evolve(recording, plan=tuple(step for step in failing.plan if step is not left_out))
        for left_out in failing.plan
    ]
    candidates += [
        attrs.evolve(recording, overrides={name: one for name, one in recording.overrides.items() if name != left_out})
        for left_out in list(recording.overrides)[: RUNS_MAX // 4]
    ]
    best: tuple[int, Run] | None = None
    for candidate in candidates:
        try:
            done = rerun(candidate)
        except ChaosLabError as error:
            if type(error) not in FINDINGS:
                raise
            continue
        if done.verdict == "valid":
            found = parting(failing.trace, done.trace)
            same = len(done.trace) if found is None else found.position
            if best is None or same > best[0]:
                best = (same, done)
    return None if best is None else best[1]
