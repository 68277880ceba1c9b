"""``chaoslab mutants``: which planted mistakes are found, after how many runs, and by which check."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from chaoslab.cli.output import INTERRUPTED, INVALID, complain, print_json, print_lines, progress
from chaoslab.errors import UsageError, unknown_word
from chaoslab.explore.mutants import CAMPAIGNS, RUNS_MAX, Score, Small, chosen, hunt_all, make_small, protocols_of
from chaoslab.explore.strategies import STRATEGIES
from chaoslab.explore.workers import let_go, local_executor
from chaoslab.report.mutants import comparison_lines, score_document, score_lines, small_document, small_lines

__all__ = ["mutants"]


def mutants(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME ...]", help="Mutants, or protocols for all of theirs.")
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="Give a mutant up after so many runs.")] = RUNS_MAX,
    campaigns: Annotated[int, typer.Option(min=1, help="Hunt each so often, with other seeds.")] = CAMPAIGNS,
    repeat: Annotated[int | None, typer.Option(min=1, help="The same as --campaigns.")] = None,
    strategy: Annotated[
        str,
        typer.Option(metavar="NAME,...", help=f"How runs are chosen; several are compared: {', '.join(STRATEGIES)}."),
    ] = "uniform",
    scenario: Annotated[
        list[str] | None,
        typer.Option(metavar="SCENARIO", help="Hunt with this one alone, file or shipped; may be repeated."),
    ] = None,
    shrink: Annotated[bool, typer.Option("--shrink", help="Make what was found small, and say how small.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="How many processes; one a core if not given.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Hunt planted mistakes with the shipped scenarios, or with others, and say which are found.

    Exit code 1 if one was not found.
    """
    hunted = chosen(names or (protocols_of(scenario) if scenario else []))
    campaigns = repeat or campaigns
    strategies = [one.strip() for one in strategy.split(",")]
    for one in strategies:
        if one not in STRATEGIES:
            raise UsageError(unknown_word("strategy", one, STRATEGIES), key="--strategy")
    executor = local_executor(jobs)
    by_strategy: dict[str, list[Score]] = {one: [] for one in strategies}
    smalls: list[Small | None] = []
    stopped = False
    try:
        with progress("hunts", len(hunted) * campaigns * len(strategies)) as advance:
            for one in strategies:
                for score in hunt_all(
                    hunted,
                    executor,
                    runs_max=runs,
                    campaigns=campaigns,
                    strategy_name=one,
                    only=scenario or (),
                    tell=lambda hunt: advance(1),
                ):
                    by_strategy[one].append(score)
            for small in executor.map(make_small, by_strategy[strategies[0]]) if shrink else ():
                smalls.append(small)
    except KeyboardInterrupt:
        stopped = True
        through = min(map(len, by_strategy.values()))
        by_strategy = {one: scores[:through] for one, scores in by_strategy.items()}
    finally:
        let_go(executor, wait=not stopped)
    scores = by_strategy[strategies[0]]
    missed = [score for score in scores if not score.found]
    made = [small for small in smalls if small is not None]
    if json:
        document: dict[str, Any] = {
            "verdict": "valid" if not missed else "invalid",
            "checks": [],
            "found": len(scores) - len(missed),
            "of": len(scores),
            "items": [score_document(score) for score in scores],
        }
        if len(strategies) > 1:
            document["strategies"] = {one: [score_document(score) for score in its] for one, its in by_strategy.items()}
        if shrink:
            document["shrunk"] = [small_document(small) for small in made]
        print_json(document)
    else:
        lines = score_lines(scores) if len(strategies) == 1 else comparison_lines(by_strategy)
        print_lines([*lines, *(["", *small_lines(made)] if shrink else [])])
    if stopped:
        complain(f"stopped after {len(scores)} of {len(hunted)} mutants; nothing is told of the others.")
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(INVALID if missed else 0)
