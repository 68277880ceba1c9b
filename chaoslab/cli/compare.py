"""``chaoslab compare``: scenarios side by side, with the same seeds."""

from __future__ import annotations

from typing import Annotated

import typer

from chaoslab.cli.output import complain, print_json, print_lines, progress
from chaoslab.cli.run import SET, overrides_of
from chaoslab.errors import UsageError
from chaoslab.explore.compare import SEEDS
from chaoslab.explore.compare import compare as compare_all
from chaoslab.explore.workers import let_go, local_executor
from chaoslab.plugins import registry
from chaoslab.report.compare import compare_document, compare_lines
from chaoslab.scenario import load_scenario
from chaoslab.scenario.shipped import scenario_path

__all__ = ["compare"]


def compare(
    scenarios: Annotated[
        list[str], typer.Argument(metavar="SCENARIO ...", help="Scenario files, or the names of shipped ones.")
    ],
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds each.")] = SEEDS,
    jobs: Annotated[int | None, typer.Option(min=1, help="How many processes; one a core if not given.")] = None,
    set: SET = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Show the service levels of several scenarios side by side, run with the same seeds."""
    if len(scenarios) < 2:
        raise UsageError("one scenario has nothing to be compared with: name at least two.")
    loaded = [(name, load_scenario(scenario_path(name), registry(), overrides_of(set or []))) for name in scenarios]
    executor = local_executor(jobs)
    try:
        with progress("runs", seeds * len(loaded)) as advance:
            compared = list(compare_all(loaded, executor, seeds=seeds, tell=lambda: advance(1)))
    except KeyboardInterrupt:
        let_go(executor, wait=False)
        complain("stopped: nothing is told of a comparison that did not end.")
        raise
    let_go(executor, wait=True)
    if json:
        print_json(compare_document(compared))
    else:
        print_lines(compare_lines(compared))
    raise typer.Exit(0)
