"""``chaoslab mutants``: which planted mistakes are found, after how many runs, and by which check."""

from __future__ import annotations

from typing import Annotated

import typer

from chaoslab.cli.output import INVALID, complain, print_json, print_lines, progress
from chaoslab.explore.campaign import local_executor
from chaoslab.explore.mutants import CAMPAIGNS, RUNS_MAX, chosen, hunt_all
from chaoslab.report.mutants import score_document, score_lines

__all__ = ["mutants"]


def mutants(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME ...]", help="Mutants, or protocols for all of theirs.")
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="Give a mutant up after so many runs.")] = RUNS_MAX,
    campaigns: Annotated[int, typer.Option(min=1, help="Hunt each so often, with other seeds.")] = CAMPAIGNS,
    jobs: Annotated[int | None, typer.Option(min=1, help="How many processes; one a core if not given.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Hunt planted mistakes with the shipped scenarios and say which are found.

    Exit code 1 if one was not found.
    """
    hunted = chosen(names or [])
    executor = local_executor(jobs)
    try:
        with progress("hunts", len(hunted) * campaigns) as advance:
            scores = list(hunt_all(hunted, executor, runs_max=runs, campaigns=campaigns, tell=lambda hunt: advance(1)))
    except KeyboardInterrupt:
        executor.shutdown(wait=False, cancel_futures=True)
        complain("stopped: nothing is told of hunts that did not end.")
        raise
    executor.shutdown()
    missed = [score for score in scores if not score.found]
    if json:
        print_json(
            {
                "verdict": "valid" if not missed else "invalid",
                "checks": [],
                "found": len(scores) - len(missed),
                "of": len(scores),
                "items": [score_document(score) for score in scores],
            }
        )
    else:
        print_lines(score_lines(scores))
    raise typer.Exit(INVALID if missed else 0)
