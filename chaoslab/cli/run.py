"""``chaoslab run``: a scenario with one seed, or with a few until one shows something."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from chaoslab.checkers.ladder import ladder
from chaoslab.cli.output import CODES, INTERRUPTED, complain, print_json, print_lines, progress
from chaoslab.errors import ChaosLabError, UsageError
from chaoslab.nemesis import Plan
from chaoslab.plugins import registry
from chaoslab.report import run_document, run_lines, write_run_folder
from chaoslab.runner import Run
from chaoslab.runner import run as run_once
from chaoslab.scenario import Scenario, load_scenario
from chaoslab.scenario.plans import read_plan
from chaoslab.scenario.shipped import scenario_path

__all__ = ["SET", "overrides_of", "run"]

SEEDS = 20

SET = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the scenario.")]
"""The option ``--set`` of every command that takes scenarios."""

_LADDER_BUDGET = 20_000
"""Configurations for each level when, after a violation, the strongest that holds is looked for: about a second."""


def run(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A scenario file, or the name of a shipped one.")],
    seed: Annotated[int | None, typer.Option(min=0, metavar="N", help="Run this seed only.")] = None,
    seeds: Annotated[
        int | None,
        typer.Option(metavar="N", help=f"Without --seed: try seeds 0 to N-1 until one is not valid ({SEEDS})."),
    ] = None,
    set: SET = None,
    plan: Annotated[
        Path | None, typer.Option(help="Do these faults, a run folder's plan.toml, instead of drawing some.")
    ] = None,
    mutant: Annotated[
        str | None, typer.Option(metavar="ID", help="Plant this mistake in the protocol; see chaoslab list mutants.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the run's folder here.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Run a scenario and say what held.

    Without --seed, several seeds are tried until one is not valid.
    """
    if seed is not None and seeds is not None:
        raise UsageError("give --seed or --seeds, not both.", key="--seeds")
    if seeds is not None and seeds < 1:
        raise UsageError(f"at least one seed is tried, not {seeds}.", key="--seeds")
    path = scenario_path(scenario)
    loaded = load_scenario(path, registry(), overrides_of(set or []))
    if mutant is not None:
        loaded = _mutated(loaded, mutant, path, set or [])
    if out is not None:
        _make_folder(out)  # before the work, so that it is not done in vain
    given = None if plan is None else read_plan(plan, registry())
    options = [part for one in set or [] for part in ("--set", one)] + ([] if plan is None else ["--plan", str(plan)])
    options += [] if mutant is None else ["--mutant", mutant]
    command = shlex.join(["chaoslab", "run", scenario, *options])
    tried: list[dict[str, Any]] = []
    last: Run | None = None
    interrupted = False
    if seed is None and seeds is None:
        seed = loaded.seed
    candidates = [seed] if seed is not None else list(range(seeds or SEEDS))
    try:
        with progress("seeds", len(candidates)) as advance:
            for candidate in candidates:
                last = _run_one(loaded, candidate, command, given)
                tried.append({"seed": candidate, "verdict": last.verdict, "trace_hash": last.trace_hash})
                advance(1)
                if last.verdict != "valid":
                    break
    except KeyboardInterrupt:
        if last is None:
            raise
        interrupted = True
    assert last is not None
    repeat = f"{command} --seed {last.seed}"
    strongest = _strongest(last)
    document = run_document(last, repeat=repeat, runs=tried, strongest=strongest)
    if out is not None:
        write_run_folder(last, out, document)
    if json:
        print_json(document)
    else:
        print_lines(run_lines(last, repeat=repeat, seeds_tried=len(tried), folder=out, strongest=strongest))
    if interrupted:
        complain(f"stopped after {len(tried)} of {len(candidates)} seeds; the last finished one is shown.")
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(CODES[last.verdict])


def _mutated(scenario: Scenario, mutant: str, path: Path, settings: list[str]) -> Scenario:
    """Return *scenario*, read once more, with the mistake *mutant* planted in its protocol."""
    try:
        name = registry().mutated(mutant, of=scenario.protocol).name
    except UsageError as error:
        raise UsageError(error.message, key="--mutant") from None
    return load_scenario(path, registry(), {**overrides_of(settings), "cluster.protocol": name})


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError("is a file: --out names a folder.", file=out) from None
    except OSError as error:
        raise UsageError(f"cannot be made: {error.strerror}.", key="--out") from None


def _strongest(run: Run) -> str | None:
    """Return the strongest level that holds; searched for only where one that was expected does not."""
    consistency = [verdict for verdict in run.checks if verdict.level is not None]
    if not any(verdict.outcome == "invalid" for verdict in consistency):
        return next((verdict.level for verdict in consistency if verdict.outcome == "valid"), None)
    model = registry().model(registry().workload(run.scenario.workload).model)
    return ladder(run.history, model, budget_below=_LADDER_BUDGET).strongest


def _run_one(scenario: Scenario, seed: int, command: str, plan: Plan | None) -> Run:
    try:
        return run_once(scenario, seed, plan=plan, trace_kept=True)  # it shows which fault led to which failure
    except ChaosLabError as error:
        error.seed, error.repeat = seed, f"{command} --seed {seed}"  # type: ignore[attr-defined]
        raise


def overrides_of(settings: list[str]) -> dict[str, str]:
    """Return dotted keys and values from what ``--set`` was given."""
    found = {}
    for setting in settings:
        key, separator, value = setting.partition("=")
        if not separator:
            raise UsageError(f"{setting!r} sets nothing: write KEY=VALUE, such as cluster.nodes=5.", key="--set")
        found[key.strip()] = value.strip()
    return found
