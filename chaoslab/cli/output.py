"""How the command line speaks: exit codes, JSON, complaints, colour and progress.

Who reads our output may stop reading (``| head``) or be gone: the work goes on, and the exit code still tells the
verdict. What cannot be written for another reason, such as a full disk, is wrong input.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TextIO

import typer

from chaoslab.checkers import Outcome
from chaoslab.errors import UsageError

__all__ = [
    "CODES",
    "INTERNAL",
    "INTERRUPTED",
    "INVALID",
    "UNKNOWN",
    "USAGE",
    "complain",
    "has_printed",
    "let_nothing_interrupt",
    "print_json",
    "print_lines",
    "progress",
    "ready",
]

INVALID: Final = 1
UNKNOWN: Final = 2
INTERRUPTED: Final = 130
USAGE: Final = 254
INTERNAL: Final = 255
CODES: Final[dict[Outcome, int]] = {"valid": 0, "invalid": INVALID, "unknown": UNKNOWN}
"""The exit code of a verdict."""

_COLOURS = {"valid": "green", "invalid": "red", "unknown": "yellow"}


@contextlib.contextmanager
def ready(*, as_json: bool = False) -> Iterator[None]:
    """Make standard output and error take whatever is printed, also if they are closed or know few letters.

    With *as_json* only ``print_json`` reaches standard output in the block: what nodes print goes to standard error.
    """
    global _printed, _out
    _printed = False
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - until the end
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    _out = sys.stdout
    try:
        with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
            yield
    finally:
        _out = None


def let_nothing_interrupt() -> None:
    """Let no further Ctrl-C or SIGTERM break off what is told at the end, which does not take long."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)


def has_printed() -> bool:
    """Return whether standard output has got anything yet."""
    return _printed


_printed = False
_out: TextIO | None = None


def _print(text: str) -> None:
    global _printed
    _printed = True
    try:
        typer.echo(text, file=_out)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), (_out or sys.stdout).fileno())  # nothing more can be said there
        if not isinstance(error, BrokenPipeError):
            raise UsageError(f"cannot be written: {error.strerror}.", file="standard output") from None


def print_json(document: Any) -> None:
    """Print *document*, which is all that standard output gets."""
    _print(json.dumps(document, indent=1, default=repr))


def print_lines(lines: Iterable[str]) -> None:
    """Print a report; on a terminal, the words of verdicts get their colour."""
    coloured = []
    for line in lines:
        word = line.split(maxsplit=1)[0] if line.strip() else ""
        colour = _COLOURS.get(word.lower().rstrip(":")) if word in _WORDS else None
        # typer.echo takes colours out again where they would end up in a file or a pipe.
        coloured.append(line if colour is None else line.replace(word, typer.style(word, fg=colour, bold=True), 1))
    _print("\n".join(coloured))


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
