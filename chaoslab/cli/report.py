"""``chaoslab report``: a run's folder as one page that can be opened anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chaoslab.cli.output import print_lines
from chaoslab.errors import UsageError
from chaoslab.report.html import page_of_folder

__all__ = ["report"]


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, from chaoslab run --out.")],
    out: Annotated[Path | None, typer.Option(help="The file to write (report.html in the run's folder).")] = None,
) -> None:
    """Make one HTML page of a run: verdict, faults, a timeline of operations, messages around the anomaly."""
    file = out or run / "report.html"
    page = page_of_folder(run)
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}.", file=file) from None
    print_lines([f"written to {file}"])
