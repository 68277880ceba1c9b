"""``chaoslab fuzz``: many seeds of some scenarios, in parallel, until they are through or the time is up."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from chaoslab import local_code
from chaoslab.cli.output import (
    CODES,
    INTERRUPTED,
    USAGE,
    complain,
    let_nothing_interrupt,
    print_json,
    print_lines,
    progress,
)
from chaoslab.cli.run import SET, overrides_of
from chaoslab.errors import UsageError
from chaoslab.explore.campaign import RUN_SECONDS, Target, campaign
from chaoslab.explore.corpus import Corpus
from chaoslab.explore.crew import Crew, crew_for
from chaoslab.explore.failures import Entry
from chaoslab.explore.findings import Keeper
from chaoslab.explore.known import MadeSmall, replay_known, shrink_new
from chaoslab.explore.outcome import Outcome
from chaoslab.explore.strategies import STRATEGIES, Memory, Strategy
from chaoslab.explore.strategies import strategy as chosen_strategy
from chaoslab.plugins import registry
from chaoslab.report.campaign import Tally, campaign_document, campaign_lines
from chaoslab.report.junit import confirm_writable, junit_xml, write_junit
from chaoslab.scenario import load_scenario, parse_scenario, scenario_to_toml
from chaoslab.scenario.shipped import scenario_path
from chaoslab.units import counted, parse_size

__all__ = ["fuzz"]

RUNS = 1000


def fuzz(
    scenarios: Annotated[
        list[str], typer.Argument(metavar="SCENARIO ...", help="Scenario files, or names of shipped ones.")
    ],
    runs: Annotated[int | None, typer.Option(min=1, help=f"How many runs in all ({RUNS}).")] = None,
    minutes: Annotated[float | None, typer.Option(min=0, help="Instead: for so many minutes.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    strategy: Annotated[
        str, typer.Option(metavar="NAME", help=f"How runs are chosen: {', '.join(STRATEGIES)}.")
    ] = "uniform",
    jobs: Annotated[int | None, typer.Option(min=1, help="How many processes; one a core if not given.")] = None,
    executor: Annotated[str, typer.Option(help="Who runs them: local, or dask://HOST:PORT.")] = "local",
    run_seconds: Annotated[float, typer.Option(min=0.1, help="Give a run up after so many seconds.")] = RUN_SECONDS,
    run_memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help='Give a run up whose process needs more, such as "2GiB".')
    ] = None,
    corpus: Annotated[
        Path | None, typer.Option(help="Keep what is found in this file; run what it holds already first.")
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Write the report as JUnit XML to this file, too.")] = None,
    set: SET = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Run many seeds of some scenarios in parallel and tell each kind of failure once."""
    if runs is not None and minutes is not None:
        raise UsageError("give --runs or --minutes, not both.", key="--minutes")
    targets = [_target(name, set or []) for name in scenarios]
    chosen = chosen_strategy(strategy, targets, seed)
    crew = crew_for(executor, jobs, memory_max=None if run_memory is None else parse_size(run_memory))
    limit = runs if runs is not None or minutes is not None else RUNS
    until = None if minutes is None else time.monotonic() + 60 * minutes
    tally = Tally(first_seed=seed, strategy=strategy, expected=_expected(targets))
    if junit is not None:
        confirm_writable(junit)  # what cannot be written is told before the work
    keeper = None if corpus is None else Keeper(Corpus(corpus))
    stopped = False
    began = time.monotonic()
    try:
        if keeper is not None:
            replay_known(
                keeper.corpus,
                lambda entry, state: None if json else complain(_known(entry, state)),
                each=crew.each,
                run_seconds=run_seconds,
            )
            for target in targets:
                features, recordings = keeper.corpus.learned(target.text)
                chosen.recall(target, Memory(features=tuple(features), recordings=tuple(recordings)))
        outcomes = campaign(
            chosen,
            crew.executor,
            workers=crew.workers,
            runs=limit,
            renew=crew.renewed,
            broken=crew.broken,
            seconds_max=run_seconds,
            go_on=lambda: until is None or time.monotonic() < until,
        )
        with progress("runs", limit or 0, total_s=None if minutes is None else 60 * minutes) as advance:
            for outcome in outcomes:
                new = bool(outcome.findings) and keeper is not None and keeper.keep(outcome)  # kept before it is told
                if tally.add(outcome) and (new or keeper is None):
                    _tell_first(outcome, as_json=json)
                advance(1)
    except KeyboardInterrupt:
        stopped = True
        let_nothing_interrupt()
    finally:
        if stopped or keeper is None:
            crew.dismiss(wait=not stopped)
    elapsed_s = time.monotonic() - began
    kept: list[Entry] = []
    unfinished = False
    if keeper is not None:
        _note_learned(keeper, chosen, targets)
        _note_campaign(keeper, tally, scenarios, seed)
        if not stopped:
            unfinished = not _shrink(keeper, crew, run_seconds, quiet=json)
        kept = keeper.entries()
        _tell_trouble(keeper)
    if json:
        print_json(campaign_document(tally, elapsed_s=elapsed_s, set_options=set or [], kept=kept))
    else:
        named = "" if corpus is None else str(corpus)
        print_lines(campaign_lines(tally, elapsed_s=elapsed_s, set_options=set or [], corpus=named, kept=kept))
    if junit is not None:
        try:
            write_junit(junit, junit_xml(tally, scenarios, elapsed_s=elapsed_s, set_options=set or []))
        except UsageError as error:  # the report has been printed, and stands
            complain(str(error))
            raise typer.Exit(USAGE) from None
    if stopped:
        complain(f"stopped after {tally.runs} runs; what was found until then is shown.")
    if stopped or unfinished:
        raise typer.Exit(INTERRUPTED)
    if keeper is not None and keeper.trouble is not None:
        raise typer.Exit(USAGE)
    raise typer.Exit(CODES[tally.verdict])


def _note_learned(keeper: Keeper, chosen: Strategy, targets: list[Target]) -> None:
    """Let the next campaign's strategy go on from where this one was."""
    for target in targets:
        memory = chosen.memory(target)
        if memory.features and keeper.trouble is None:
            try:
                keeper.corpus.note_learned(target.text, memory.features, memory.recordings)
            except UsageError as error:
                keeper.trouble = str(error)


def _note_campaign(keeper: Keeper, tally: Tally, scenarios: list[str], seed: int) -> None:
    """Note what the campaign did."""
    if keeper.trouble is None:
        try:
            keeper.corpus.note_campaign(" ".join(scenarios), seed, tally.runs, tally.failed)
            for scenario, probes in tally.probes.items():
                keeper.corpus.note_probes(scenario, probes)
        except UsageError as error:
            keeper.trouble = str(error)


def _shrink(keeper: Keeper, crew: Crew, run_seconds: float, *, quiet: bool) -> bool:
    """Make what was found small, and let the crew go; return whether nobody stopped that."""
    interrupted = False
    try:
        if keeper.trouble is None:
            with progress("made small", 0) as advance:
                shrink_new(
                    keeper.corpus,
                    lambda entry, small: None if quiet else complain(_made_small(entry, small)),
                    each=crew.each,
                    advance=advance,
                    run_seconds=run_seconds,
                )
    except UsageError as error:
        keeper.trouble = str(error)
    except KeyboardInterrupt:
        interrupted = True
        let_nothing_interrupt()
        complain("stopped: the next campaign makes the other failures small.")
    finally:
        crew.dismiss(wait=not interrupted)
    return not interrupted


def _tell_trouble(keeper: Keeper) -> None:
    """Say so if the corpus could not take what was found."""
    if keeper.trouble is not None:
        complain(keeper.trouble)
    if keeper.fallback is not None:
        complain(
            f"what was found from then on is in {keeper.fallback}: "
            f"chaoslab corpus add {keeper.corpus.path} {keeper.fallback} takes it in."
        )


def _expected(targets: list[Target]) -> dict[str, tuple[str, ...]]:
    """Return the probes that some run of each scenario must pass."""
    return {target.name: parse_scenario(target.text, registry()).expect.sometimes for target in targets}


def _known(entry: Entry, state: str) -> str:
    named = entry.signature
    look = f"{named.check}: {named.anomaly or entry.verdict}{f' ({named.shape})' if named.shape else ''}"
    return f"known failure {entry.id}, {local_code.named_in(Path(), named.protocol)}: {look}: {state}"


def _made_small(entry: Entry, small: MadeSmall) -> str:
    before, after = small.before, small.after
    return (
        f"failure {entry.id} made small: {counted(before.faults, 'fault')} → {after.faults} ({small.shape}), "
        f"{counted(before.operations, 'operation')} → {after.operations}"
    )


def _target(name: str, settings: list[str]) -> Target:
    scenario = load_scenario(scenario_path(name), registry(), overrides_of(settings))
    return Target(name=name, text=scenario_to_toml(scenario))


def _tell_first(outcome: Outcome, *, as_json: bool) -> None:
    """Say at once that a new kind of failure was found: nobody should have to wait for the end of the night."""
    if not as_json:
        finding = outcome.findings[0]
        complain(f"{outcome.scenario}, seed {outcome.seed}: {finding.check}: {finding.anomaly or finding.verdict}")
