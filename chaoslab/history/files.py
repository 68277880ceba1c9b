"""Histories in files: which format it is, and reading and writing it.

A format is recognised by its first line that says anything. Whatever goes wrong is one sentence with file and line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from chaoslab.errors import HistoryError, UsageError, unknown_word
from chaoslab.history.history import History
from chaoslab.history.jepsen_log import LOG_LINE, read_jepsen_log
from chaoslab.history.jsonl import read_jsonl, write_jsonl
from chaoslab.history.kv_log import KV_LINE, read_kv_log

__all__ = ["FORMATS", "read_history", "recognised_format", "write_history"]

Reader = Callable[[Iterable[str], str], History]

FORMATS: Final[Mapping[str, Reader]] = {
    "jsonl": read_jsonl,
    "jepsen-log": read_jepsen_log,
    "kv-log": read_kv_log,
}
"""From a format's name to its reader: ``(lines, name of the file) -> History``."""


def read_history(path: str | Path, format: str = "auto") -> History:
    """Return the history in the file *path*.

    Args:
        path: The file.
        format: One of ``FORMATS``, or ``"auto"``.

    Raises:
        HistoryError: the file is missing, empty, of no known format, or damaged; names the line.
        UsageError: there is no such format.
    """
    if format != "auto" and format not in FORMATS:
        raise UsageError(unknown_word("format", format, ["auto", *FORMATS]), key="format")
    lines = _lines(path)
    if format == "auto":
        format = recognised_format(lines, str(path))
    history = FORMATS[format](lines, str(path))
    if len(history) == 0:
        raise HistoryError(f"there is no event of the format {format} in it.", file=path)
    return history


def _lines(path: str | Path) -> list[str]:
    try:
        with Path(path).open(encoding="utf-8") as file:
            lines = list(file)
    except FileNotFoundError:
        raise HistoryError("there is no such file.", file=path) from None
    except IsADirectoryError:
        raise HistoryError("this is a folder: name the history file in it.", file=path) from None
    except UnicodeDecodeError:
        raise HistoryError("this is not a text file.", file=path) from None
    except OSError as error:
        raise HistoryError(f"cannot be read: {error.strerror}.", file=path) from None
    if not any(line.strip() for line in lines):
        raise HistoryError("the file is empty.", file=path)
    return lines


def recognised_format(lines: Iterable[str], file: str) -> str:
    """Return the name of the format of *lines*.

    Raises:
        HistoryError: none fits.
    """
    for line in lines:
        if LOG_LINE.match(line):
            return "jepsen-log"
        if KV_LINE.fullmatch(line) or line.lstrip().startswith("{:"):
            return "kv-log"
        if line.lstrip().startswith("{"):
            return "jsonl"
    raise HistoryError(
        f"no format fits this file; it can be {', '.join(FORMATS)}. Name it with --format to see what is wrong.",
        file=file,
    )


def write_history(history: History, path: str | Path) -> None:
    """Write *history* to *path* as JSON Lines, replacing what is there.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        with Path(path).open("w", encoding="utf-8") as out:
            write_jsonl(history, out)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}.", file=path) from None
