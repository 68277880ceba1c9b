"""Histories as lines of the log that Jepsen writes: ``INFO  jepsen.util - 3<tab>:invoke<tab>:cas<tab>[1 2]``.

Rules:

1. Lines of others (the nemesis, other loggers) are passed over; a line of a process that is not whole is refused.
2. A failed read taught nothing. ``nil`` read means that the register was absent.
3. The order of lines is the order of events; a line has no other time.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from typing import Any

from chaoslab.errors import HistoryError
from chaoslab.history.history import History
from chaoslab.history.jepsen import JepsenEvent, JepsenMeaning, append_event

__all__ = ["LOG_LINE", "read_jepsen_log"]

LOG_LINE = re.compile(r"INFO\s+jepsen\.util - (\d+)\t:(invoke|ok|fail|info)\t:(\w+)\t(.*?)\s*$")
_OF_A_PROCESS = re.compile(r"INFO\s+jepsen\.util - \d+\t")
_CAS = re.compile(r"\[(-?\d+) (-?\d+)\]")


def read_jepsen_log(lines: Iterable[str], file: str, meaning: JepsenMeaning) -> History:
    """Return the history in *lines*.

    Raises:
        HistoryError: a value that cannot be read, or events that no run can have recorded; names file and line.
    """
    history = History()
    asked: dict[Any, Any] = {}
    for number, line in enumerate(lines, start=1):
        match = LOG_LINE.match(line)
        if match is None:
            if _OF_A_PROCESS.match(line):
                raise HistoryError("this event is not whole.", file=file, line=number)
            continue
        text = match[4]
        try:
            error = text if text.startswith(":") else None
            value = None if error else _value(text)
            event = JepsenEvent(int(match[1]), match[2], match[3], value, error, number)
            append_event(history, event, meaning, asked)
        except HistoryError as complaint:
            raise HistoryError(complaint.message, file=file, line=number) from None
    return history


def _value(text: str) -> Any:
    if text == "nil":
        return None
    cas = _CAS.fullmatch(text)
    if cas is not None:
        return (int(cas[1]), int(cas[2]))
    try:
        return int(text)
    except ValueError:
        raise HistoryError(
            f"{textwrap.shorten(text, 60)!r} is not a value of a Jepsen log: nil, a number, or [from to]."
        ) from None
