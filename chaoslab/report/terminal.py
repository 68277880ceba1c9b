"""The report that a person reads: what was injected, what clients saw, what held, and how to see it again.

Rules:

1. The verdict stands near the end, where the eye is when a command has finished; the last line is the command that
   repeats the run.
2. Plain text. Whether the words of verdicts are coloured is decided by who prints them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chaoslab import local_code
from chaoslab.checkers import Outcome, Verdict
from chaoslab.checkers.ladder import Ladder
from chaoslab.history import Operation
from chaoslab.history.words import in_words
from chaoslab.report.causes import failures
from chaoslab.report.failures import failure_rows, failure_sentence
from chaoslab.report.service_levels import service_lines
from chaoslab.runner import Run
from chaoslab.units import NS_PER_S, counted

__all__ = ["check_lines", "ladder_lines", "operation_table", "run_lines", "table"]

_FAULTS_SHOWN = 12
_CAUSES_SHOWN = 6
_WIDTH = 110


def table(rows: Sequence[Sequence[str]], *, indent: str = "  ") -> list[str]:
    """Return *rows* of cells as lines, columns aligned; the first row is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]


def operation_table(operations: Iterable[Operation], *, indent: str = "    ") -> list[str]:
    """Return *operations* as a small table in the order of their invocations."""
    timed = any(operation.call_time_ns > operation.call + 1 for operation in operations)
    rows = [["invoked", "completed", "process", "operation"]]
    for operation in sorted(operations, key=lambda one: one.call):
        if timed:
            began = _seconds(operation.call_time_ns)
            ended = "-" if operation.ret_time_ns is None or operation.ret is None else _seconds(operation.ret_time_ns)
        else:
            began = f"#{operation.call}"
            ended = "-" if operation.ret is None else f"#{operation.ret}"
        rows.append([began, ended, str(operation.process), in_words(operation, with_process=False)])
    return table(rows, indent=indent)


def check_lines(verdict: Verdict) -> list[str]:
    """Return what one check decided, with the operations that show it."""
    anomaly = f" ({verdict.anomaly})" if verdict.anomaly and verdict.anomaly != verdict.name else ""
    lines = _wrapped(f"{verdict.name}{anomaly}: {verdict.summary}", f"  {verdict.outcome:8} ")
    if verdict.operations:
        lines += ["", *operation_table(verdict.operations), ""]
    return lines


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        width=_WIDTH,
        initial_indent=indent,
        subsequent_indent=" " * len(indent),
        break_long_words=False,
        break_on_hyphens=False,
    )


def ladder_lines(ladder: Ladder, outcome: Outcome) -> list[str]:
    """Return which levels hold, and what goes wrong on the first rung that does not."""
    broken = ladder.broken
    width = max(len(verdict.name) for verdict in ladder.verdicts)
    lines = []
    for verdict in ladder.verdicts:
        anomaly = f"  {verdict.anomaly}" if verdict.outcome == "invalid" and verdict.anomaly else ""
        implied_by = verdict.details.get("implied_by")
        why = f"  follows from {implied_by}" if implied_by else anomaly
        lines.append(f"  {verdict.outcome:8} {verdict.name:{width}}{why}".rstrip())
    for why in dict.fromkeys(why for _, why in ladder.skipped):
        names = ", ".join(name for name, reason in ladder.skipped if reason == why)
        lines += ["", *_wrapped(f"{names}: not checked: {why}", "  -        ")]
    lines.append("")
    told = [verdict for verdict in ladder.verdicts if verdict.outcome == "unknown" or verdict is broken]
    if not told and len(ladder.verdicts) == 1:
        told = list(ladder.verdicts)
    for verdict in told:
        lines += check_lines(verdict)
    if lines[-1]:
        lines.append("")
    if ladder.strongest is not None:
        strongest = f"the strongest level that holds is {ladder.strongest}"
    elif any(verdict.outcome == "unknown" for verdict in ladder.verdicts):
        strongest = "no level that was decided holds"
    else:
        strongest = "no level that was checked holds"
    return [*lines, f"{outcome.upper()}: {strongest}"]


def run_lines(
    run: Run, *, repeat: str, seeds_tried: int = 1, folder: Path | None = None, strongest: str | None = None
) -> list[str]:
    """Return the report of *run*.

    Args:
        run: The run.
        repeat: The command that repeats it.
        seeds_tried: How many seeds were tried, this one included.
        folder: Where the run was written, if it was.
        strongest: The strongest consistency level that holds, if that is known.
    """
    scenario, seen = run.scenario, run.service_levels
    lines = [
        scenario.title or "A scenario without a title",
        f"  {local_code.short(scenario.protocol)}, {counted(scenario.nodes, 'node')}, "
        f"{counted(scenario.clients, 'client')}, {_seconds(run.virtual_ns)} of virtual time, "
        f"{counted(run.events, 'event')}, seed {run.seed}",
        "",
        *_injected(run),
        "What clients saw",
        *(f"  {line}" for line in service_lines(seen)),
    ]
    lines += ["", *_led_to(run), "What held, and what did not"]
    for verdict in run.checks:
        lines += check_lines(verdict)
    if lines[-1]:
        lines.append("")
    if run.verdict == "invalid" and strongest is not None:
        lines += [f"  The strongest level that holds is {strongest}.", ""]
    lines += [f"  note: {warning}." for warning in run.warnings]
    if run.warnings:
        lines.append("")
    return [
        *lines,
        f"{run.verdict.upper()}{_tried(run, seeds_tried)}, trace hash {run.trace_hash}",
        *_next(repeat, folder),
    ]


def _tried(run: Run, seeds_tried: int) -> str:
    if seeds_tried == 1:
        return f" with seed {run.seed}"
    if run.verdict == "valid":
        return f" with {seeds_tried} seeds; shown is the last, {run.seed}"
    return f" with seed {run.seed}, after {seeds_tried - 1} valid ones"


def _next(repeat: str, folder: Path | None) -> list[str]:
    written = [] if folder is None else [f"written to {folder}"]
    return [*written, f"repeat with: {repeat}"]


def _injected(run: Run) -> list[str]:
    if not run.injections:
        return ["No faults were injected", ""]
    rows = [["from", "to", "fault", ""]]
    for injection in run.injections[:_FAULTS_SHOWN]:
        counts = injection.fault.counts
        effect = f"{injection.took_effect} {counts}" if counts and injection.took_effect is not None else ""
        ended = "-" if injection.healed_ns is None else _seconds(injection.healed_ns)
        rows.append([_seconds(injection.began_ns), ended, injection.describe(), effect])
        if injection.figures:
            rows.append(["", "", f"  {_figures(injection.figures)}", ""])
    more = len(run.injections) - _FAULTS_SHOWN
    return ["What was injected", *table(rows), *([f"  and {more} more"] if more > 0 else []), ""]


def _led_to(run: Run) -> list[str]:
    """Return which faults led to which failures; nothing if there were no faults, or no failures."""
    found = failures(run.history, run.injections, run.trace)
    if not run.injections or not found:
        return []
    heading, *rows = failure_rows(found, run.injections, _CAUSES_SHOWN)
    return [
        "Which fault led to which failure",
        *(table([heading, *rows]) if rows else []),
        f"  {failure_sentence(found)}",
        "",
    ]


def _figures(figures: Mapping[str, Any]) -> str:
    """Return the figures of a fault in words; tables in them stand only in the run's document."""
    single = {name: value for name, value in figures.items() if value is not None and not isinstance(value, Mapping)}
    return ", ".join(f"{name.replace('_', ' ')} {value:,.6g}" for name, value in single.items())


def _seconds(time_ns: int) -> str:
    return f"{time_ns / NS_PER_S:.3f} s"
