"""The scoreboard of mutants: for people, for machines, and as a page."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from chaoslab.explore.mutants import Score, Small
from chaoslab.report.terminal import table

__all__ = ["comparison_lines", "score_document", "score_lines", "score_row", "small_document", "small_lines", "summary"]


def score_row(score: Score) -> list[str]:
    """Return one line of the scoreboard."""
    runs = [hunt.runs for hunt in score.hunts]
    missed = sum(hunt.found is None for hunt in score.hunts)
    spread = f"{score.runs:g} ({min(runs)} to {max(runs)})" if missed < len(runs) else f"> {max(runs)}"
    verdict = "found" if score.found else "missed" if missed == len(runs) else f"missed {missed} of {len(runs)} times"
    return [score.mutant.name, verdict, spread, f"{score.cpu_s:.1f}", ", ".join(score.fired), score.mutant.mistake]


def score_lines(scores: Sequence[Score]) -> list[str]:
    """Return the scoreboard for people."""
    rows = [["mutant", "", "runs", "CPU s", "what fired", "the mistake"], *map(score_row, scores)]
    return [*table(rows, indent=""), "", summary(scores)]


def summary(scores: Sequence[Score]) -> str:
    """Return in a sentence how many were found."""
    found = sum(score.found for score in scores)
    return f"{found} of {len(scores)} mutants found ({found / max(len(scores), 1):.0%})"


def score_document(score: Score) -> dict[str, Any]:
    """Return one line of the scoreboard for machines."""
    mutant = score.mutant
    return {
        "name": mutant.name,
        "id": mutant.id,
        "mistake": mutant.mistake,
        "source": mutant.source,
        "scenario": mutant.scenario,
        "check": mutant.check,
        "found": score.found,
        "runs": score.runs,
        "cpu_s": score.cpu_s,
        "fired": list(score.fired),
        "as_meant": score.as_meant,
        "campaigns": [
            {
                "found": hunt.found is not None,
                "runs": hunt.runs,
                "cpu_s": hunt.cpu_s,
                "scenario": None if hunt.found is None else hunt.found.scenario,
                "seed": None if hunt.found is None else hunt.found.seed,
            }
            for hunt in score.hunts
        ],
    }


def comparison_lines(by_strategy: Mapping[str, Sequence[Score]]) -> list[str]:
    """Return the median runs until each mutant was found, a column a strategy, and how the others fare by the first."""
    names = list(by_strategy)
    rows = [["mutant", *names]]
    for scores in zip(*by_strategy.values(), strict=True):
        rows.append([scores[0].mutant.name, *(f"{score.runs:g}" if score.found else "missed" for score in scores)])
    first = by_strategy[names[0]]
    lines = table(rows, indent="")
    for name in names[1:]:
        ratios = [one.runs / other.runs for one, other in zip(first, by_strategy[name], strict=True)]
        if ratios:
            lines.append(
                f"{name}: {statistics.median(ratios):.2f} times as quick as {names[0]}, in the median of mutants"
            )
    return lines


def small_lines(smalls: Sequence[Small]) -> list[str]:
    """Return how small the failures became, and the medians."""
    rows = [["mutant", "faults", "operations", "deviations", "runs", "CPU s", "on the correct protocol"]]
    done = [(small, small.before, small.after) for small in smalls if small.before and small.after]
    for small, before, after in done:
        sizes = (
            f"{was} → {now}"
            for was, now in (
                (before.faults, after.faults),
                (before.operations, after.operations),
                (before.deviations, after.deviations),
            )
        )
        rows.append([small.mutant.name, *sizes, str(small.runs), f"{small.cpu_s:.1f}", small.correct])
    lines = table(rows, indent="")
    if done:
        faults = statistics.median(after.faults for _, _, after in done)
        operations = statistics.median(after.operations for _, _, after in done)
        cpu_s = statistics.median(small.cpu_s for small, _, _ in done)
        lines.append(f"median of {len(done)}: {faults:g} faults, {operations:g} operations, {cpu_s:.1f} CPU s")
    return [*lines, *(f"{small.mutant.name}: could not be made smaller" for small in smalls if small.after is None)]


def small_document(small: Small) -> dict[str, Any]:
    """Return how small one failure became, for machines."""
    return {
        "name": small.mutant.name,
        "before": None if small.before is None else attrs.asdict(small.before),
        "after": None if small.after is None else attrs.asdict(small.after),
        "runs": small.runs,
        "cpu_s": small.cpu_s,
        "correct": small.correct,
    }
