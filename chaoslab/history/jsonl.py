"""Histories as JSON Lines: one event a line, in the order in which the events happened.

::

    {"index": 0, "time": 1500000, "process": 3, "type": "invoke", "f": "write", "key": "x", "value": 7}

Rules:

1. ``index`` and ``time`` (nanoseconds) may be missing; if there, an index must be larger than the one before.
2. ``node``, ``error`` and ``result`` are optional; so is ``due`` of an invocation: when it should have taken place, if
   its client was busy then. A key that is not in the list is refused: it would be ignored.
3. What cannot be read is named by its line. NaN and infinities are not JSON, whatever Python says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, TextIO

from chaoslab.errors import HistoryError, unknown_word
from chaoslab.history.history import History
from chaoslab.history.operation import NEMESIS, Event

__all__ = ["read_jsonl", "write_jsonl"]

_KEYS: Final = frozenset({"index", "time", "process", "type", "f", "key", "value", "result", "node", "error", "due"})
_TYPES: Final = ("invoke", "ok", "fail", "info")
_TIME_LIMIT: Final = 1 << 63


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a value of JSON")


_decode: Final = json.JSONDecoder(parse_constant=_refuse_constant).decode


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
            last_index = _take(history, _decode(line), last_index)
        except HistoryError as error:
            raise HistoryError(error.message, file=file, line=number) from None
        except RecursionError:
            raise HistoryError("a value is nested too deeply to be read.", file=file, line=number) from None
        except ValueError as error:
            ended = not line.endswith("\n")
            why = "the file ends in the middle of this line" if ended else str(error).partition("; use sys.")[0]
            raise HistoryError(f"this is not JSON: {why}.", file=file, line=number) from None
    return history


def _take(history: History, values: Any, last_index: int) -> int:
    """Record one event, and return the largest index so far."""
    if values.__class__ is not dict:
        raise HistoryError('an event is a JSON object such as {"process": 0, "type": "invoke", "f": "read"}.')
    if not values.keys() <= _KEYS:
        unknown = next(key for key in values if key not in _KEYS)
        raise HistoryError(unknown_word("key", unknown, _KEYS))
    try:
        process, type, f = values["process"], values["type"], values["f"]
    except KeyError as missing:
        raise HistoryError(f"an event needs {missing}; this one has {', '.join(values) or 'nothing'}.") from None
    index, time_ns, key, value = values.get("index", -1), values.get("time", 0), values.get("key"), values.get("value")
    if type not in _TYPES:
        raise HistoryError(unknown_word("type", str(type), _TYPES))
    if f.__class__ is not str:
        raise HistoryError(f"f {f!r} is not text.")
    if index.__class__ is not int or time_ns.__class__ is not int:
        name, wrong = ("index", index) if index.__class__ is not int else ("time", time_ns)
        raise HistoryError(f"{name} {wrong!r} is not a whole number.")
    if not -_TIME_LIMIT <= time_ns < _TIME_LIMIT:
        raise HistoryError("time is in nanoseconds, in 64 bits.")
    if "index" in values:
        if index < 0:
            raise HistoryError(f"index {index} is negative: events are counted from 0.")
        if index <= last_index:
            raise HistoryError(f"index {index} comes after index {last_index}: events stand in order.")
        last_index = index
    if process.__class__ is int:
        if type == "invoke":
            due_ns = values.get("due")
            if due_ns is not None and due_ns.__class__ is not int:
                raise HistoryError(f"due {due_ns!r} is not a whole number.")
            history.invoke(process, f, key, value, time_ns=time_ns, node=values.get("node"), due_ns=due_ns)
        else:
            history.complete(
                process,
                type,
                value,
                values.get("result"),
                time_ns=time_ns,
                node=values.get("node"),
                error=values.get("error"),
                f=f,
                key=key,
            )
    elif process == NEMESIS:
        history.append(Event(index=index, time_ns=time_ns, process=process, type=type, f=f, key=key, value=value))
    else:
        raise HistoryError(f'process {process!r} is neither a whole number nor "nemesis".')
    return last_index


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
        rest = (("result", event.result), ("node", event.node), ("error", event.error), ("due", event.due_ns))
        for name, value in rest:
            if value is not None:
                values[name] = value
        yield values
