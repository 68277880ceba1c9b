"""Histories as JSON Lines: one event a line, in the order in which the events happened.

::

    {"index": 0, "time": 1500000, "process": 3, "type": "invoke", "f": "write", "key": "x", "value": 7}

Rules:

1. ``index`` and ``time`` (nanoseconds) may be missing; if there, an index must be larger than the one before.
2. ``node``, ``error`` and ``result`` are optional. A key that is not in the list is refused: it would be ignored.
3. What cannot be read is named by its line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, TextIO

from chaoslab.errors import HistoryError, unknown_word
from chaoslab.history.history import History
from chaoslab.history.operation import Event

__all__ = ["read_jsonl", "write_jsonl"]

_KEYS: Final = ("index", "time", "process", "type", "f", "key", "value", "result", "node", "error")
_TYPES: Final = ("invoke", "ok", "fail", "info")


def read_jsonl(lines: Iterable[str], file: str) -> History:
    """Return the history in *lines*.

    Raises:
        HistoryError: a line that is no event, or events that no run can have recorded; names file and line.
    """
    history = History()
    last_index = -1
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            event = _event(json.loads(line))
            if event.index <= last_index and event.index >= 0:
                raise HistoryError(f"index {event.index} comes after index {last_index}: events stand in order.")
            last_index = max(last_index, event.index)
            history.append(event)
        except HistoryError as error:
            raise HistoryError(error.message, file=file, line=number) from None
        except ValueError as error:
            ended = not line.endswith("\n")
            why = "the file ends in the middle of this line" if ended else str(error)
            raise HistoryError(f"this is not JSON: {why}.", file=file, line=number) from None
    return history


def _event(values: Any) -> Event:
    if not isinstance(values, dict):
        raise HistoryError("an event is a JSON object such as {\"process\": 0, \"type\": \"invoke\", \"f\": \"read\"}.")
    for key in values:
        if key not in _KEYS:
            raise HistoryError(unknown_word("key", key, _KEYS))
    for key in ("process", "type", "f"):
        if key not in values:
            raise HistoryError(f"an event needs {key!r}; this one has {', '.join(values) or 'nothing'}.")
    process, type, index, time = values["process"], values["type"], values.get("index", -1), values.get("time", 0)
    if type not in _TYPES:
        raise HistoryError(unknown_word("type", str(type), _TYPES))
    if not _is_int(process) and process != "nemesis":
        raise HistoryError(f"process {process!r} is neither a whole number nor \"nemesis\".")
    if not isinstance(values["f"], str):
        raise HistoryError(f"f {values['f']!r} is not text.")
    for key, value in (("index", index), ("time", time)):
        if not _is_int(value):
            raise HistoryError(f"{key} {value!r} is not a whole number.")
    return Event(
        index=index,
        time_ns=time,
        process=process,
        type=type,
        f=values["f"],
        key=values.get("key"),
        value=values.get("value"),
        result=values.get("result"),
        node=values.get("node"),
        error=values.get("error"),
    )


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def write_jsonl(history: History, out: TextIO) -> None:
    """Write *history* to *out*; reading it back gives the same events (tuples become lists)."""
    out.writelines(json.dumps(values) + "\n" for values in _written(history))


def _written(history: History) -> Iterator[dict[str, Any]]:
    for event in history:
        values: dict[str, Any] = {
            "index": event.index,
            "time": event.time_ns,
            "process": event.process,
            "type": event.type,
            "f": event.f,
        }
        if event.key is not None:
            values["key"] = event.key
        values["value"] = event.value
        for name, value in (("result", event.result), ("node", event.node), ("error", event.error)):
            if value is not None:
                values[name] = value
        yield values
