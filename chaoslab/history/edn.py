"""Histories as Jepsen stores them: ``{:type :invoke, :f :read, :value nil, :process 0, :index 0}``, one a line.

Rules:

1. A map may be tagged (``#jepsen.history.Op{...}``), all maps may stand in one vector, and one map on several lines.
2. Keywords are read as text, nil as None, lists, vectors and sets as lists.
3. Lines as Jepsen prints them are read by a short way, about a hundred times as fast; whatever is unusual goes to a
   complete EDN reader.
4. The order of lines is the order of events; where there is an ``:index``, it must ascend.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from chaoslab.errors import HistoryError
from chaoslab.history.history import History
from chaoslab.history.jepsen import JepsenEvent, JepsenMeaning, append_event, split_keys

__all__ = ["EDN_LINE", "read_edn"]

EDN_LINE = re.compile(r"\s*\[?\s*(?:#[\w.]+\s*)?\{\s*:\w")
"""How a line of such a file begins."""

_TAG = re.compile(r"#(?!\{|inst\b|uuid\b)[A-Za-z][\w.\-/]*\s*")
_SYMBOLIC = re.compile(r"##(NaN|-?Inf)\b")
"""Numbers that the EDN reader does not know; it reads them as keywords."""
_NUMBERS = {f"chaoslab.number/{name}": float(name) for name in ("NaN", "Inf", "-Inf")}
_TUPLE = "#jepsen.independent/tuple"
_KEYWORD = re.compile(r":([\w\-./?!*+<>=$&]+)")
_GAP = re.compile(r"[\s,]+")
_NIL = re.compile(r"\bnil\b")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SIMPLE_VALUES: dict[str, Any] = {"nil": None, "true": True, "false": False}


def read_edn(lines: Iterable[str], file: str, meaning: JepsenMeaning) -> History:
    """Return the history in *lines*.

    Raises:
        HistoryError: what is no event, or events that no run can have recorded; names file and line.
    """
    events: list[tuple[int, JepsenEvent]] = []
    tuples = False
    last_index = -1
    for number, text in _maps(lines, file):
        try:
            values = _fast(text)
            if values is None:
                values = _slow(text)
                tuples = tuples or _TUPLE in text
            index = values.get("index", -1)
            if not isinstance(index, int):
                raise HistoryError(f":index {index!r} is not a whole number.")
            if 0 <= index <= last_index:
                raise HistoryError(f":index {index} comes after {last_index}: events stand in order.")
            last_index = max(last_index, index)
            events.append((number, _event(values, number)))
        except HistoryError as error:
            raise HistoryError(error.message, file=file, line=number) from None
    split_keys([event for _, event in events], certainly=tuples)
    history = History()
    asked: dict[Any, Any] = {}
    for number, event in events:
        try:
            append_event(history, event, meaning, asked)
        except HistoryError as error:
            raise HistoryError(error.message, file=file, line=number) from None
    return history


def _maps(lines: Iterable[str], file: str) -> Iterator[tuple[int, str]]:
    """Yield each map with the line on which it begins, without the brackets of a vector around them all."""
    pending: list[str] = []
    begun = depth = 0
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not pending:
            begun = number
            if begun and text.startswith("[") and (text == "[" or EDN_LINE.match(text)):
                text = text[1:].lstrip()
            if text in ("", "]") or text.startswith(";"):
                continue
        bare = _STRING.sub("", text) if '"' in text else text
        depth += bare.count("{") - bare.count("}")
        pending.append(text)
        if depth > 0:
            continue
        chunk = "\n".join(pending)
        pending, depth = [], 0
        if chunk.endswith("}]"):
            chunk = chunk[:-1]
        if chunk.count("}") > 1 and chunk.count("} {") + chunk.count("}{") + chunk.count("}, {") and not _is_one(chunk):
            for one in _several(chunk):
                yield begun, one
        else:
            yield begun, chunk
    if pending:
        raise HistoryError("the file ends in the middle of this event.", file=file, line=begun)


def _is_one(chunk: str) -> bool:
    """Return whether *chunk* is a single map: its first brace closes at its end."""
    depth = 0
    bare = _STRING.sub(lambda match: " " * len(match[0]), chunk)
    for position, character in enumerate(bare):
        depth += (character == "{") - (character == "}")
        if depth == 0 and character == "}":
            return not bare[position + 1 :].strip()
    return True


def _several(chunk: str) -> Iterator[str]:
    """Yield the maps that stand on one line."""
    bare = _STRING.sub(lambda match: " " * len(match[0]), chunk)
    depth = begin = 0
    for position, character in enumerate(bare):
        depth += (character == "{") - (character == "}")
        if depth == 0 and character == "}":
            yield chunk[begin : position + 1].strip(" ,\n")
            begin = position + 1


def _fast(text: str) -> dict[str, Any] | None:
    """Return the map in *text* if it is as Jepsen prints it and holds no text and no other map; else None."""
    begin = text.find("{")
    if '"' in text or text.find("{", begin + 1) >= 0 or not text.endswith("}") or (begin and text[0] != "#"):
        return None
    values: dict[str, Any] = {}
    for part in text[begin + 2 : -1].split(", :"):
        name, _, word = part.partition(" ")
        if word in _SIMPLE_VALUES:
            values[name] = _SIMPLE_VALUES[word]
        elif word[:1] == ":" and " " not in word:
            values[name] = word[1:]
        else:
            try:
                values[name] = int(word)
            except ValueError:
                if word[:1] != "[" or "#" in word or "\\" in word:
                    return None
                try:
                    values[name] = json.loads(_GAP.sub(",", _NIL.sub("null", _KEYWORD.sub(r'"\1"', word))))
                except ValueError:
                    return None
    return values


def _slow(text: str) -> dict[str, Any]:
    """Return the map in *text*, whatever EDN it is."""
    import edn_format

    pieces = _STRING.split(text)
    strings = [*_STRING.findall(text), ""]
    untagged = "".join(
        _TAG.sub("", _SYMBOLIC.sub(r":chaoslab.number/\1", piece)) + string
        for piece, string in zip(pieces, strings, strict=True)
    )  # what a tag means is known from what it stands before
    try:
        found = _plain(edn_format.loads(untagged))
    except RecursionError:
        raise HistoryError("a value is nested too deeply to be read.") from None
    except Exception as error:  # the reader raises several kinds, also of its parser's own
        raise HistoryError(f"this is not EDN: {str(error) or type(error).__name__}.") from None
    if not isinstance(found, dict):
        raise HistoryError("an event is a map such as {:process 0, :type :invoke, :f :read, :value nil}.")
    return found


def _plain(value: Any) -> Any:
    """Return a value of the EDN reader as Python's own lists, dicts, numbers and texts."""
    import datetime
    import decimal

    import edn_format

    if isinstance(value, edn_format.Keyword):
        return _NUMBERS.get(value.name, value.name)
    if isinstance(value, dict | edn_format.ImmutableDict):
        return {_hashable(_plain(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((_plain(one) for one in value), key=repr)
    if isinstance(value, list | tuple | edn_format.ImmutableList):
        return [_plain(one) for one in value]
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _hashable(key: Any) -> Any:
    return tuple(key) if isinstance(key, list) else key


def _is_transaction(value: Any) -> bool:
    """Return whether *value* is a list of micro-operations: transactions may come without a name."""
    return isinstance(value, list) and all(isinstance(one, list) and len(one) == 3 for one in value) and bool(value)


def _event(values: dict[str, Any], number: int) -> JepsenEvent:
    for key in ("process", "type", "f"):
        if key not in values and not (key == "f" and _is_transaction(values.get("value"))):
            raise HistoryError(f"an event needs :{key}; this one has {', '.join(map(str, values)) or 'nothing'}.")
    time_ns, error = values.get("time", number), values.get("error")
    if not isinstance(time_ns, int):
        raise HistoryError(f":time {time_ns!r} is not a whole number.")
    if not -(1 << 63) <= time_ns < 1 << 63:
        raise HistoryError(":time is in nanoseconds, in 64 bits.")
    return JepsenEvent(
        process=values["process"],
        type=values["type"],
        f="txn" if values.get("f") is None and _is_transaction(values.get("value")) else str(values["f"]),
        value=values.get("value"),
        error=None if error is None else str(error),
        time_ns=time_ns,
        key=values.get("key"),
    )
