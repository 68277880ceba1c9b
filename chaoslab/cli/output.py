"""How the command line speaks: exit codes, JSON, complaints, colour and progress."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import typer

from chaoslab.checkers import Outcome

__all__ = [
    "CODES",
    "INTERNAL",
    "INTERRUPTED",
    "INVALID",
    "UNKNOWN",
    "USAGE",
    "complain",
    "print_json",
    "print_lines",
    "progress",
]

INVALID: Final = 1
UNKNOWN: Final = 2
INTERRUPTED: Final = 130
USAGE: Final = 254
INTERNAL: Final = 255
CODES: Final[dict[Outcome, int]] = {"valid": 0, "invalid": INVALID, "unknown": UNKNOWN}
"""The exit code of a verdict."""

_COLOURS = {"valid": "green", "invalid": "red", "unknown": "yellow"}


def print_json(document: Any) -> None:
    """Print *document*, which is all that standard output gets."""
    sys.stdout.write(json.dumps(document, indent=1, default=repr) + "\n")


def print_lines(lines: Iterable[str]) -> None:
    """Print a report; on a terminal, the words of verdicts get their colour."""
    for line in lines:
        word = line.split(maxsplit=1)[0] if line.strip() else ""
        colour = _COLOURS.get(word.lower().rstrip(":")) if word in _WORDS else None
        # typer.echo takes colours out again where they would end up in a file or a pipe.
        typer.echo(line if colour is None else line.replace(word, typer.style(word, fg=colour, bold=True), 1))


_WORDS = {*_COLOURS, *(word.upper() for word in _COLOURS), *(f"{word.upper()}:" for word in _COLOURS)}


def complain(message: str) -> None:
    """Say on standard error what is wrong."""
    typer.echo(f"chaoslab: {message}", err=True)


@contextlib.contextmanager
def progress(what: str, total: int, *, total_s: float | None = None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on standard error if that is a terminal; yields the function to call with the steps done.

    Args:
        what: What is counted.
        total: How many there will be; 0 if nobody knows.
        total_s: Seconds after which it ends, where it is time that ends it.
    """
    if not sys.stderr.isatty() or total == 1:
        yield lambda steps: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    began_s = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total or None)

        def advance(steps: int) -> None:
            bar.advance(task, steps)
            if total_s is not None:  # by then as many again for the time that is left
                share = min(1.0, max(1e-3, (time.monotonic() - began_s) / total_s))
                bar.update(task, total=bar.tasks[task].completed / share)

        yield advance
