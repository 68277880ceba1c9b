"""The page that compares strategies, from what ``chaoslab mutants --strategy A,B --repeat N --json`` printed.

``python -m docs.compared COMMAND FILE ...``
"""

from __future__ import annotations

import datetime
import json
import statistics
import sys
from pathlib import Path
from typing import Any

__all__ = ["page"]

_PAGE = Path(__file__).parent / "strategies.md"

_HEAD = """\
# Which strategy finds what

`chaoslab fuzz --strategy NAME` says [how runs are chosen](how-to/fuzz.md). Somebody who tests a system of their
own has one scenario of it, and not twenty that were written for its stories. So planted mistakes were hunted
with one scenario each, the one called `every_fault`, whose faults are written down: with each strategy
{campaigns} times, other seeds each time. Shown is the median number of runs to the first failure, with the best
and the worst; a campaign that found nothing counts with all its runs, so the true median may be higher. Every
failure was run on the correct protocol too, and held.

`{command}`, {date}:

"""

_HARD = 100
"""What is compared in the end: mistakes for which the first strategy needs more runs than that."""


def page(told: list[dict[str, Any]], command: str, date: str) -> str:
    """Return the page in Markdown.

    Args:
        told: What each call printed.
        command: The command line that was run.
        date: When.
    """
    names = list(told[0]["strategies"])
    campaigns = len(told[0]["strategies"][names[0]][0]["campaigns"])
    text = _HEAD.format(command=command, date=date, campaigns=campaigns)
    text += f"| mistake | {' | '.join(names)} |\n|---|{'---|' * len(names)}\n"
    hard: list[list[float]] = []  # the medians of each mistake that is compared
    undecided = 0
    for one in told:
        for scores in zip(*one["strategies"].values(), strict=True):
            medians = [statistics.median(campaign["runs"] for campaign in score["campaigns"]) for score in scores]
            text += f"| {scores[0]['name']}: {scores[0]['mistake']} | {' | '.join(map(_cell, scores))} |\n"
            if all(2 * _missed(score) >= campaigns for score in scores):
                undecided += 1
            elif medians[0] > _HARD:
                hard.append(medians)
    text += (
        f"\nOf the {len(hard)} that `{names[0]}` needs more than {_HARD} runs for, and any finds in most campaigns:\n\n"
    )
    for position, name in enumerate(names[1:], start=1):
        times = [medians[0] / medians[position] for medians in hard]
        text += f"- `{name}`: {statistics.median(times):.1f} times fewer runs than `{names[0]}` in the median"
        text += f" ({min(times):.1f} to {max(times):.1f}).\n"
    return text + f"\n{undecided} more were found by none in most campaigns, and say nothing about which is better.\n"


def _missed(score: dict[str, Any]) -> int:
    return sum(not campaign["found"] for campaign in score["campaigns"])


def _cell(score: dict[str, Any]) -> str:
    runs = [campaign["runs"] for campaign in score["campaigns"]]
    missed = _missed(score)
    words = f"{statistics.median(runs):g} ({min(runs)} to {max(runs)})"
    return f"{words}, {missed} found nothing" if missed else words


if __name__ == "__main__":
    told = [json.loads(Path(file).read_text(encoding="utf-8")) for file in sys.argv[2:]]
    _PAGE.write_text(page(told, sys.argv[1], datetime.datetime.now(datetime.UTC).date().isoformat()), encoding="utf-8")
