"""``chaoslab report``: a run's folder as one page that can be opened anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chaoslab.cli.output import print_lines
from chaoslab.report.html import page_of_folder, write_page

__all__ = ["report"]


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, from chaoslab run --out.")],
    out: Annotated[Path | None, typer.Option(help="The file to write (report.html in the run's folder).")] = None,
) -> None:
    """Make one HTML page of a run: verdict, faults, a timeline of operations, messages around the anomaly."""
    file = out or run / "report.html"
    write_page(page_of_folder(run), file)
    print_lines([f"written to {file}"])
