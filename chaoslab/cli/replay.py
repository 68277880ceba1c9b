"""``chaoslab replay``: run a recording again, and make sure that the same happens."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from chaoslab.cli.output import CODES, print_json, print_lines
from chaoslab.errors import UsageError
from chaoslab.explore import read_recording
from chaoslab.explore import replay as replay_recording
from chaoslab.report import run_document, run_lines

__all__ = ["replay"]


def replay(
    recording: Annotated[Path, typer.Argument(metavar="RECORDING", help="A recording, or the folder of a run.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Run a recording again and make sure that the same happens."""
    path = recording / "recording.json" if recording.is_dir() else recording
    trace_file = path.with_name("trace.log")
    trace = None
    if trace_file.is_file():
        try:
            trace = trace_file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise UsageError(
                "cannot be read; without it the replay would still run: remove it.", file=trace_file
            ) from None
    run = replay_recording(read_recording(path), trace=trace)
    repeat = shlex.join(["chaoslab", "replay", str(recording)])
    if json:
        print_json(run_document(run, repeat=repeat))
    else:
        print_lines(
            [*run_lines(run, repeat=repeat)[:-1], "the replay is the same, event by event", f"repeat with: {repeat}"]
        )
    raise typer.Exit(CODES[run.verdict])
