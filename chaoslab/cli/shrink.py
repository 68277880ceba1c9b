"""``chaoslab shrink``: from a run that failed to the smallest scenario that fails in the same way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chaoslab import local_code
from chaoslab.cli.output import CODES, print_json, print_lines, progress
from chaoslab.errors import UsageError
from chaoslab.explore import read_recording, write_recording
from chaoslab.explore.shrink import RUNS_MAX, Shrunk, Size, shrink
from chaoslab.report import check_document
from chaoslab.report.terminal import check_lines
from chaoslab.runner import run
from chaoslab.scenario import scenario_to_toml
from chaoslab.scenario.files import placed_in
from chaoslab.units import counted

__all__ = ["shrink_recording"]

_REGRESSIONS = Path("scenarios/regressions")


def shrink_recording(
    recording: Annotated[Path, typer.Argument(metavar="RECORDING", help="A run's folder, or its recording.json.")],
    out: Annotated[
        Path | None,
        typer.Option(help=f"Write the scenario to this file (in {_REGRESSIONS} if there is such a folder)."),
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="Stop after so many runs.")] = RUNS_MAX,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Make a failing run small: fewer faults, fewer operations, nothing left to chance."""
    path = recording / "recording.json" if recording.is_dir() else recording
    with progress("runs", 0) as advance:
        done = 0

        def tell(what: str, count: int) -> None:
            nonlocal done
            advance(count - done)
            done = count

        shrunk = shrink(read_recording(path), runs_max=runs, tell=tell)
    scenario = shrunk.recording.scenario
    last = run(scenario, shrunk.recording.seed)
    failed = next(verdict for verdict in last.checks if verdict.outcome != "valid")
    what = local_code.short(scenario.protocol).rpartition(":")[2]
    words = f"{what}-{failed.anomaly or failed.name}-{last.trace_hash[:8]}"
    file = out or _place(words.replace(" ", "-"))
    _write(file, scenario_to_toml(placed_in(file.parent, scenario)), shrunk)
    repeat = f"chaoslab run {file}"
    if json:
        print_json(
            {
                "verdict": last.verdict,
                "seed": last.seed,
                "trace_hash": last.trace_hash,
                "checks": [check_document(verdict) for verdict in last.checks],
                "before": _size_document(shrunk.before),
                "after": _size_document(shrunk.after),
                "runs": shrunk.runs,
                "complete": shrunk.complete,
                "file": str(file),
                "repeat": repeat,
            }
        )
    else:
        before, after = shrunk.before, shrunk.after
        counts = ", ".join(
            f"{counted(was, what)}{rest} → {now:,}"
            for what, rest, was, now in (
                ("fault", "", before.faults, after.faults),
                ("operation", "", before.operations, after.operations),
                ("deviation", " from calm", before.deviations, after.deviations),
            )
        )
        stopped = "" if shrunk.complete else ", and stopped there: --runs allows more"
        print_lines(
            [
                f"{counts} ({shrunk.runs} runs{stopped})",
                "",
                *(f"  {injection.describe()}" for injection in last.injections),
                *check_lines(failed),
                f"written to {file}",
                f"repeat with: {repeat}",
            ]
        )
    raise typer.Exit(CODES[last.verdict])


def _size_document(size: Size) -> dict[str, int]:
    return {"faults": size.faults, "operations": size.operations, "deviations": size.deviations}


def _place(name: str) -> Path:
    folder = _REGRESSIONS if _REGRESSIONS.parent.is_dir() else Path()
    return folder / f"{name}.toml"


def _write(file: Path, text: str, shrunk: Shrunk) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}.", file=file) from None
    write_recording(shrunk.recording, file.with_suffix(".recording.json"))
