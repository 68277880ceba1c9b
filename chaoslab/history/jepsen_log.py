"""Histories from the log that Jepsen writes: ``INFO  jepsen.util - 3<tab>:invoke<tab>:cas<tab>[1 2]``.

Rules:

1. Lines that are not of this form (the nemesis, other loggers) are passed over.
2. A failed compare-and-set is an observation: the value was different. It is read as an ok with the result false.
3. A failed read taught nothing. ``nil`` read means that the register was absent.
4. The order of lines is the order of events; a line has no other time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from chaoslab.errors import HistoryError
from chaoslab.history.history import History
from chaoslab.history.operation import Event

__all__ = ["LOG_LINE", "read_jepsen_log"]

LOG_LINE = re.compile(r"INFO\s+jepsen\.util - (\d+)\t:(invoke|ok|fail|info)\t:(\w+)\t(.*?)\s*$")
_CAS = re.compile(r"\[(-?\d+) (-?\d+)\]")


def read_jepsen_log(lines: Iterable[str], file: str) -> History:
    """Return the history in *lines*.

    Raises:
        HistoryError: a value that cannot be read, or events that no run can have recorded; names file and line.
    """
    history = History()
    asked: dict[int, Any] = {}
    for number, line in enumerate(lines, start=1):
        match = LOG_LINE.match(line)
        if match is None:
            continue
        process, type, f, text = int(match[1]), match[2], match[3], match[4]
        try:
            error = text if text.startswith(":") else None
            value = None if error else _value(text)
            result = None
            if type == "invoke":
                asked[process] = value
            elif f == "cas":
                value = asked.get(process) if error else value
                if type != "info" and not error:
                    type, result = "ok", type == "ok"
            elif type == "info":
                value = asked.get(process)
            history.append(
                Event(
                    index=number,
                    time_ns=number,
                    process=process,
                    type=type,  # type: ignore[arg-type]
                    f=f,
                    value=value,
                    result=result,
                    error=error,
                )
            )
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
        raise HistoryError(f"{text!r} is not a value of a Jepsen log: nil, a number, or [from to].") from None
