"""``chaoslab sla``: how many nines a service has, and what else its clients experienced, from any history."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from chaoslab.checkers import merge
from chaoslab.cli.output import CODES, print_json, print_lines, progress
from chaoslab.errors import UsageError
from chaoslab.history.files import recognised_history
from chaoslab.parameters import build
from chaoslab.report import check_document
from chaoslab.report.service_levels import (
    experience_documents,
    experience_rows,
    in_words,
    service_document,
    service_lines,
)
from chaoslab.report.terminal import check_lines, table
from chaoslab.service_levels import (
    Objectives,
    ServiceLevels,
    error_budget_used,
    experiences,
    judge,
    service_levels,
)
from chaoslab.units import format_duration

__all__ = ["sla"]

_FAULTS_SHOWN = 20


def sla(
    history: Annotated[Path, typer.Argument(metavar="HISTORY", help="A history's file, or a run's folder.")],
    format: Annotated[str, typer.Option(help="auto, jsonl, edn, jepsen-log or kv-log.")] = "auto",
    expect: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="An objective as in [expect], such as availability=99.9%."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Say what a history's clients experienced: availability, latency, throughput, outages.

    The exit code is 1 if an objective was missed.
    """
    file = history / "history.jsonl" if history.is_dir() else history
    objectives = _objectives(expect or [])
    with progress("reading", file.stat().st_size if file.is_file() else 0) as advance:
        _, recorded = recognised_history(file, format, progress=advance)
    seen, noticed = service_levels(recorded, patience_ns=objectives.patience_ns), experiences(recorded)
    if not seen.operations:
        raise UsageError("it has no operations: there is nothing to measure.", file=file)
    verdicts = judge(objectives, seen, recorded)
    outcome = merge(verdict.outcome for verdict in verdicts) if verdicts else "valid"
    if json:
        print_json(
            {
                "verdict": outcome,
                "checks": [check_document(verdict) for verdict in verdicts],
                **service_document(seen, objective=objectives.availability),
                "faults": experience_documents(noticed),
            }
        )
    else:
        lines = [*service_lines(seen), *_nines(seen), *_budget(seen, objectives)]
        if noticed:
            lines += ["", "Faults, and the failures that clients saw under them"]
            lines += table(experience_rows(noticed[:_FAULTS_SHOWN]))
            if len(noticed) > _FAULTS_SHOWN:
                lines.append(f"  and {len(noticed) - _FAULTS_SHOWN} more")
        if verdicts:
            lines += ["", *(line for verdict in verdicts for line in check_lines(verdict))]
        print_lines(lines)
    raise typer.Exit(CODES[outcome])


def _objectives(words: list[str]) -> Objectives:
    values: dict[str, object] = {}
    for one in words:
        key, is_given, value = one.partition("=")
        if not is_given:
            raise UsageError(f"{one!r} is no objective: write KEY=VALUE, such as availability=99.9%.", key="--expect")
        values[key.strip()] = value.strip()
    return build(Objectives, values)


def _nines(seen: ServiceLevels) -> list[str]:
    amount = "infinitely many" if math.isinf(seen.nines) else f"{seen.nines:.2g}"
    return [
        f"{amount} nines: that is {in_words(seen.downtime_a_year_ns)} a year, if it goes on like this",
        f"{seen.promptness:.3%} succeeded within {format_duration(seen.patience_ns)} after they were due",
        f"{seen.throughput:.4g} operations a second succeeded, over {in_words(seen.length_ns)}",
    ]


def _budget(seen: ServiceLevels, objectives: Objectives) -> list[str]:
    if objectives.availability is None:
        return []
    used = error_budget_used(seen.availability, objectives.availability)
    return [f"of the error budget that {objectives.availability:.6g} leaves, {used:.1%} was used"]
