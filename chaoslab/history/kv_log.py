"""Histories of a key-value store as maps, one a line: ``{:process 0, :type :ok, :f :get, :key "3", :value "x 0 1 y"}``.

Rules:

1. Keys and values are text or nil; every key starts as the empty text, so a get never sees nil.
2. The order of lines is the order of events; a line has no other time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from chaoslab.errors import HistoryError
from chaoslab.history.history import History
from chaoslab.history.operation import Event

__all__ = ["KV_LINE", "read_kv_log"]

_TEXT = r'nil|"(?:[^"\\]|\\.)*"'
KV_LINE = re.compile(
    r"\s*\{:process (\d+), :type :(invoke|ok|fail|info), :f :(\w+), "
    rf":key ({_TEXT}), :value ({_TEXT})\}}\s*"
)


def read_kv_log(lines: Iterable[str], file: str) -> History:
    """Return the history in *lines*.

    Raises:
        HistoryError: a line that is no such map, or events that no run can have recorded; names file and line.
    """
    history = History()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        match = KV_LINE.fullmatch(line)
        try:
            if match is None:
                raise HistoryError(
                    'this is not an event of a kv log, such as {:process 0, :type :ok, :f :get, :key "k", :value "v"}.'
                )
            key, value = _text(match[4]), _text(match[5])
            history.append(
                Event(
                    index=number,
                    time_ns=number,
                    process=int(match[1]),
                    type=match[2],  # type: ignore[arg-type]
                    f=match[3],
                    key=key,
                    value=value,
                )
            )
        except HistoryError as complaint:
            raise HistoryError(complaint.message, file=file, line=number) from None
    return history


def _text(word: str) -> str | None:
    if word == "nil":
        return None
    try:
        text: str = json.loads(word, strict=False)
    except ValueError:
        raise HistoryError(f"{word} holds a backslash that begins no escape.") from None
    return text
