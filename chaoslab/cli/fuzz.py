"""``chaoslab fuzz``: many seeds of some scenarios, in parallel, until they are through or the time is up."""

from __future__ import annotations

import time
from concurrent.futures import Executor
from pathlib import Path
from typing import Annotated

import typer

from chaoslab.checkers import merge
from chaoslab.cli.output import CODES, INTERRUPTED, complain, print_json, print_lines, progress
from chaoslab.cli.run import SET, overrides_of
from chaoslab.errors import UsageError
from chaoslab.explore.campaign import RUN_SECONDS, Target, campaign, local_executor, seeds_of
from chaoslab.explore.corpus import Corpus, Entry
from chaoslab.explore.known import replay_known, shrink_new
from chaoslab.explore.outcome import Outcome
from chaoslab.explore.shrink import Shrunk
from chaoslab.plugins import registry
from chaoslab.report.campaign import Tally, campaign_document, campaign_lines
from chaoslab.scenario import load_scenario, scenario_to_toml
from chaoslab.scenario.shipped import scenario_path

__all__ = ["fuzz"]

RUNS = 1000


def fuzz(
    scenarios: Annotated[
        list[str], typer.Argument(metavar="SCENARIO ...", help="Scenario files, or names of shipped ones.")
    ],
    runs: Annotated[int | None, typer.Option(min=1, help=f"How many runs in all ({RUNS}).")] = None,
    minutes: Annotated[float | None, typer.Option(min=0, help="Instead: for so many minutes.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    jobs: Annotated[int | None, typer.Option(min=1, help="How many processes; one a core if not given.")] = None,
    run_seconds: Annotated[float, typer.Option(min=0.1, help="Give a run up after so many seconds.")] = RUN_SECONDS,
    corpus: Annotated[
        Path | None, typer.Option(help="Keep what is found in this file; run what it holds already first.")
    ] = None,
    set: SET = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Run many seeds of some scenarios in parallel and tell each kind of failure once."""
    if runs is not None and minutes is not None:
        raise UsageError("give --runs or --minutes, not both.", key="--minutes")
    targets = [_target(name, set or []) for name in scenarios]
    limit = runs if runs is not None or minutes is not None else RUNS
    until = None if minutes is None else time.monotonic() + 60 * minutes
    tally = Tally()
    kept = None if corpus is None else Corpus(corpus)
    if kept is not None:
        replay_known(kept, lambda entry, state: None if json else complain(_known(entry, state)))
    stopped = False
    workers: list[Executor] = []

    def renewed() -> Executor:
        workers.append(local_executor(jobs))
        return workers[-1]

    first = local_executor(jobs)
    workers.append(first)
    outcomes = campaign(
        seeds_of(targets, seed, limit),
        first,
        workers=jobs or first._max_workers,  # type: ignore[attr-defined]  # how many cores it found
        renew=renewed,
        seconds_max=run_seconds,
        go_on=lambda: until is None or time.monotonic() < until,
    )
    began = time.monotonic()
    try:
        with progress("runs", limit or 0, total_s=None if minutes is None else 60 * minutes) as advance:
            for outcome in outcomes:
                new = bool(outcome.findings) and kept is not None and kept.add(outcome)  # kept before it is told
                if tally.add(outcome) and (new or kept is None):
                    _tell_first(outcome, as_json=json)
                advance(1)
    except KeyboardInterrupt:
        stopped = True
    finally:
        for executor in workers:
            executor.shutdown(wait=not stopped, cancel_futures=True)
    elapsed_s = time.monotonic() - began
    if kept is not None:
        kept.note_campaign(" ".join(scenarios), seed, tally.runs, tally.failed)
        if not stopped:
            shrink_new(kept, lambda entry, shrunk: None if json else complain(_made_small(entry, shrunk)))
    document = campaign_document(tally, elapsed_s=elapsed_s, set_options=set or [])
    if json:
        print_json(document)
    else:
        print_lines(campaign_lines(tally, elapsed_s=elapsed_s, set_options=set or []))
    if stopped:
        complain(f"stopped after {tally.runs} runs; what was found until then is shown.")
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(CODES[merge(tally.verdicts)])


def _known(entry: Entry, state: str) -> str:
    named = entry.signature
    return f"known failure {entry.id}, {named.protocol}: {named.check}: {named.anomaly or entry.verdict}: {state}"


def _made_small(entry: Entry, shrunk: Shrunk) -> str:
    before, after = shrunk.before, shrunk.after
    return (
        f"failure {entry.id} made small: {before.faults} faults → {after.faults}, "
        f"{before.operations} operations → {after.operations}"
    )


def _target(name: str, settings: list[str]) -> Target:
    scenario = load_scenario(scenario_path(name), registry(), overrides_of(settings))
    return Target(name=name, text=scenario_to_toml(scenario))


def _tell_first(outcome: Outcome, *, as_json: bool) -> None:
    """Say at once that a new kind of failure was found: nobody should have to wait for the end of the night."""
    if not as_json:
        finding = outcome.findings[0]
        complain(f"{outcome.scenario}, seed {outcome.seed}: {finding.check}: {finding.anomaly or finding.verdict}")
