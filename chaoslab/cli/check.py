"""``chaoslab check``: judge a history, recorded anywhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from chaoslab.checkers import Verdict, merge
from chaoslab.checkers.ladder import BUDGET_BELOW, Ladder, ladder
from chaoslab.checkers.linearizable import CONFIGURATIONS_MAX
from chaoslab.checkers.registry import LEVELS
from chaoslab.checkers.registry import check as check_levels
from chaoslab.cli.output import CODES, print_json, print_lines, progress
from chaoslab.errors import UsageError, unknown_word
from chaoslab.history import NEMESIS
from chaoslab.history.files import recognised_history
from chaoslab.history.jepsen import JepsenMeaning
from chaoslab.models.guess import guessed_model
from chaoslab.plugins import registry
from chaoslab.report import check_document, ladder_lines
from chaoslab.report.history_html import page_of_history
from chaoslab.report.html import write_page

__all__ = ["check"]


def check(
    history: Annotated[Path, typer.Argument(metavar="HISTORY", help="The history's file.")],
    model: Annotated[str | None, typer.Option(help="What the object does; guessed from its operations.")] = None,
    format: Annotated[str, typer.Option(help="auto, jsonl, edn, jepsen-log or kv-log.")] = "auto",
    level: Annotated[list[str] | None, typer.Option(help="A level to check; may be given several times.")] = None,
    budget: Annotated[
        int | None, typer.Option(help=f"How many configurations to search through ({CONFIGURATIONS_MAX:,}).")
    ] = None,
    failed_cas: Annotated[
        str, typer.Option(help="What a failed compare-and-set of Jepsen means: observation, nothing or unknown.")
    ] = "observation",
    nil_reads: Annotated[
        str, typer.Option(help="What an ok read of nil of Jepsen means: observation or nothing.")
    ] = "observation",
    html: Annotated[
        Path | None, typer.Option(help="Write one HTML page of it, too: what held, and a picture of what did not.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Judge a history and say what held.

    Without --level: the whole ladder of levels. The exit code is then that of the strongest one.
    """
    if budget is not None and budget < 1:
        raise UsageError(f"a search of {budget} configurations finds nothing: at least 1.", key="--budget")
    for one in level or ():
        if one not in LEVELS:
            raise UsageError(unknown_word("level", one, LEVELS), key="--level")
    if html is not None:
        write_page("", html)  # a place that cannot be written to is told before the work
    with _named_as_options():
        meaning = JepsenMeaning(failed_cas=failed_cas, nil_reads=nil_reads)  # type: ignore[arg-type]
        named = None if model is None else registry().model(model)
        with progress("reading", history.stat().st_size if history.is_file() else 0) as advance:
            format, recorded = recognised_history(history, format, meaning=meaning, progress=advance)
    with _about(history):
        judged_by = named or guessed_model(recorded, format, registry().models)
        if level:
            verdicts = check_levels(recorded, model=judged_by, levels=level, budget=budget or CONFIGURATIONS_MAX)
            rungs = Ladder(verdicts=verdicts, strongest=_strongest(verdicts))
            outcome = merge(verdict.outcome for verdict in verdicts)
        else:
            below = budget or BUDGET_BELOW
            rungs = ladder(recorded, judged_by, budget=budget or CONFIGURATIONS_MAX, budget_below=below)
            outcome = rungs.verdicts[0].outcome
    count = sum(
        1 for call, type in enumerate(recorded.types) if type == "invoke" and recorded.processes[call] != NEMESIS
    )
    if html is not None:
        page = page_of_history(history.name, recorded, rungs, outcome, model=judged_by.name, format=format)
        write_page(page, html)
    if json:
        print_json(
            {
                "verdict": outcome,
                "checks": [check_document(verdict) for verdict in rungs.verdicts],
                "ops": count,
                "strongest": rungs.strongest,
                "skipped": [{"level": name, "why": why} for name, why in rungs.skipped],
                "model": judged_by.name,
                "format": format,
            }
        )
    else:
        lines = [f"{history}: {count:,} operations, format {format}, model {judged_by.name}", ""]
        lines += ladder_lines(rungs, outcome)
        print_lines(lines if html is None else [*lines, f"written to {html}"])
    raise typer.Exit(CODES[outcome])


@contextlib.contextmanager
def _named_as_options() -> Iterator[None]:
    """Give a complaint about an argument the name that it has on the command line."""
    try:
        yield
    except UsageError as error:
        if error.file is None:
            error.key = f"--{(error.key or 'model').replace('_', '-')}"
        raise


@contextlib.contextmanager
def _about(history: Path) -> Iterator[None]:
    """Say of which file a complaint is that names an operation."""
    try:
        yield
    except UsageError as error:
        if error.file is None and error.key is None:
            error.file = str(history)
        raise


def _strongest(verdicts: Sequence[Verdict]) -> str | None:
    """Return the strongest of the levels that were asked for and hold."""
    holding = [verdict.name for verdict in verdicts if verdict.outcome == "valid"]
    return min(holding, key=list(LEVELS).index, default=None)
