"""Histories in files: which format it is, and reading and writing it.

A format is recognised by its first line that says anything. A file compressed by gzip is read like any other. Whatever
goes wrong is one sentence with file and line.
"""

from __future__ import annotations

import gzip
import re
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from chaoslab.errors import HistoryError, UsageError, unknown_word
from chaoslab.history.edn import EDN_LINE, read_edn
from chaoslab.history.history import History
from chaoslab.history.jepsen import JepsenMeaning
from chaoslab.history.jepsen_log import LOG_LINE, read_jepsen_log
from chaoslab.history.jsonl import read_jsonl, write_jsonl
from chaoslab.history.kv_log import KV_LINE, read_kv_log
from chaoslab.history.operation import NEMESIS

__all__ = ["FORMATS", "format_of", "read_history", "recognised_history", "write_history"]

Reader = Callable[[Iterable[str], str, JepsenMeaning], History]
Progress = Callable[[int], None]

FORMATS: Final[Mapping[str, Reader]] = {
    "jsonl": lambda lines, file, meaning: read_jsonl(lines, file),
    "edn": read_edn,
    "jepsen-log": read_jepsen_log,
    "kv-log": lambda lines, file, meaning: read_kv_log(lines, file),
}
"""From a format's name to its reader: ``(lines, name of the file, meaning of Jepsen's words) -> History``."""

_LINES_LOOKED_AT = 1000
_JSON_ARRAY = re.compile(r'\s*\[\s*\{\s*"')
_JSON_EVENT = re.compile(r'\s*\{\s*"')
_MARK = "\ufeff".encode()
"""What editors on Windows put at the beginning of a file."""
_GZIP = b"\x1f\x8b"


def read_history(
    path: str | Path, format: str = "auto", *, meaning: JepsenMeaning | None = None, progress: Progress | None = None
) -> History:
    """Return the history in the file *path*.

    Args:
        path: The file.
        format: One of ``FORMATS``, or ``"auto"``.
        meaning: What Jepsen's words mean in it, for the formats ``edn`` and ``jepsen-log``.
        progress: Called now and then with the number of bytes read since the last call.

    Returns:
        The history. Cost: O(n) for n events.

    Raises:
        HistoryError: the file is missing, of no known format, damaged (names the line), or holds no operation.
        UsageError: there is no such format.
    """
    return recognised_history(path, format, meaning=meaning, progress=progress)[1]


def recognised_history(
    path: str | Path, format: str = "auto", *, meaning: JepsenMeaning | None = None, progress: Progress | None = None
) -> tuple[str, History]:
    """Return the name of the format of the file *path*, and its history; otherwise as ``read_history``."""
    if format != "auto" and format not in FORMATS:
        raise UsageError(unknown_word("format", format, ["auto", *FORMATS]), key="format")
    kept = list(_lines(path)) if _is_pipe(path) else None  # a pipe can be read only once
    recognised = _recognised(_lines(path) if kept is None else kept, path) if format == "auto" else format
    lines = _lines(path, progress) if kept is None else kept
    history = FORMATS[recognised](lines, str(path), meaning or JepsenMeaning())
    if any(
        type == "invoke" and process != NEMESIS for type, process in zip(history.types, history.processes, strict=True)
    ):
        return recognised, history
    if not any(line.strip() for line in (_lines(path) if kept is None else kept)):
        raise HistoryError("the file is empty.", file=path)
    raise HistoryError(f"there is no operation of the format {recognised} in it.", file=path)


def _is_pipe(path: str | Path) -> bool:
    """Return whether *path* is there and is neither a file nor a folder."""
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return False  # told where it is opened
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def format_of(path: str | Path) -> str:
    """Return the name of the format of the file *path*, as far as its beginning shows.

    Raises:
        HistoryError: the file is missing, empty or of no known format.
    """
    return _recognised(_lines(path), path)


def _recognised(lines: Iterable[str], path: str | Path) -> str:
    empty = True
    bracket = False  # the line before was a lone bracket: a vector of EDN, or an array of JSON
    for number, line in enumerate(lines):
        empty = empty and not line.strip()
        if LOG_LINE.match(line):
            return "jepsen-log"
        if KV_LINE.fullmatch(line):
            return "kv-log"
        if EDN_LINE.match(line):
            return "edn"
        if (bracket and _JSON_EVENT.match(line)) or _JSON_ARRAY.match(line):
            raise HistoryError("this is an array; JSON Lines has one event a line, without brackets.", file=path)
        if line.lstrip().startswith("{"):
            return "jsonl"
        bracket = line.strip() == "["
        if number >= _LINES_LOOKED_AT:
            break
    if empty:
        raise HistoryError("the file is empty.", file=path)
    raise HistoryError(
        f"no format fits this file; it can be {', '.join(FORMATS)}. Name it with --format to see what is wrong.",
        file=path,
    )


def _lines(path: str | Path, progress: Progress | None = None) -> Iterator[str]:
    """Yield the lines of a text file, and tell *progress* how many bytes they were."""
    told = 0
    try:
        with Path(path).open("rb") as file:
            packed = file.peek(2)[:2] == _GZIP
            for number, raw in enumerate(gzip.GzipFile(fileobj=file) if packed else file):
                yield (raw.removeprefix(_MARK) if number == 0 else raw).decode()
                if progress is not None and number % 4096 == 0:
                    now = file.tell()
                    progress(now - told)
                    told = now
    except FileNotFoundError:
        raise HistoryError("there is no such file.", file=path) from None
    except IsADirectoryError:
        raise HistoryError("this is a folder: name the history file in it.", file=path) from None
    except UnicodeDecodeError:
        raise HistoryError("this is not a text file.", file=path) from None
    except (EOFError, zlib.error):
        raise HistoryError("the compressed file is cut off or damaged.", file=path) from None
    except OSError as error:
        raise HistoryError(f"cannot be read: {error.strerror or error}.", file=path) from None


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
