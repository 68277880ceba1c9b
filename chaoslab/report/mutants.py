"""The scoreboard of mutants: for people, for machines, and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaoslab.explore.mutants import Score
from chaoslab.report.terminal import table

__all__ = ["score_document", "score_lines", "score_row", "summary"]


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
