"""Messages changed on the way: one field of a structured message, one bit of raw bytes.

Rules:

1. The sender's own object is never changed: what contains the change is copied, the rest is shared.
2. A value keeps its type: an int becomes another int, a text another text. So a change passes a check of types, as
   a flipped bit in a well-formed packet does.
3. What is changed really is different. A message without anything to change stays as it is.
4. Objects are copied without their constructor: whatever it would validate or derive (a checksum) stays as it was.

This file does not know which messages are changed.
"""

from __future__ import annotations

import copy
import dataclasses
import enum
from collections.abc import Callable, Iterator
from typing import Any, Final

import attrs

from chaoslab.choices import Stream

__all__ = ["mutated", "truncated"]

_DEEPEST: Final = 16
"""Parts of parts are looked at no deeper than this: a message may contain itself."""

_Path = tuple[Any, ...]


def mutated(message: Any, stream: Stream) -> Any:
    """Return *message* with one of its values changed, or *message* itself where there is nothing to change.

    Args:
        message: Bytes, text, numbers; attrs and dataclass objects, dicts, lists and tuples of such.
        stream: Decides which value, and what it becomes.
    """
    paths = list(_places(message, _changes))
    return _changed(message, stream.pick(paths), lambda value: _other(value, stream)) if paths else message


def truncated(message: Any, stream: Stream) -> Any:
    """Return *message* with the end of one of its texts, byte strings, lists or dicts cut off, or *message* itself."""
    paths = list(_places(message, _shortens))
    return _changed(message, stream.pick(paths), lambda value: _cut(value, stream)) if paths else message


def _parts(value: Any) -> list[Any]:
    """Return the keys, positions or field names of the parts of *value*."""
    if isinstance(value, dict):
        return list(value)
    if isinstance(value, list | tuple):
        return list(range(len(value)))
    if isinstance(value, type):
        return []
    if attrs.has(type(value)):
        return [field.name for field in attrs.fields(type(value)) if hasattr(value, field.name)]
    if dataclasses.is_dataclass(value):
        return [field.name for field in dataclasses.fields(value) if hasattr(value, field.name)]
    return []


def _part(value: Any, key: Any) -> Any:
    return value[key] if isinstance(value, dict | list | tuple) else getattr(value, key)


def _with_part(value: Any, key: Any, part: Any) -> Any:
    if isinstance(value, tuple):
        items = [part if position == key else item for position, item in enumerate(value)]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    copied = copy.copy(value)
    if isinstance(value, dict | list):
        copied[key] = part
    else:
        object.__setattr__(copied, key, part)  # also where the class is frozen
    return copied


def _places(value: Any, wanted: Callable[[Any], bool], depth: int = 0) -> Iterator[_Path]:
    """Return the paths to the parts of *value* that are *wanted*, in the order in which they stand there."""
    if wanted(value):
        yield ()
    if depth < _DEEPEST:
        for key in _parts(value):
            for path in _places(_part(value, key), wanted, depth + 1):
                yield (key, *path)


def _changed(value: Any, path: _Path, change: Callable[[Any], Any]) -> Any:
    if not path:
        return change(value)
    key, *rest = path
    return _with_part(value, key, _changed(_part(value, key), tuple(rest), change))


def _changes(value: Any) -> bool:
    if isinstance(value, enum.Enum):
        return len(type(value)) > 1
    return isinstance(value, int | float | str) or (isinstance(value, bytes) and bool(value))


def _other(value: Any, stream: Stream) -> Any:
    """Return another value of the type of *value*."""
    if isinstance(value, enum.Enum):
        return stream.pick([member for member in type(value) if member is not value])
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        flipped = value ^ (1 << stream.below(max(8, value.bit_length())))
        return stream.pick([one for one in (flipped, value + 1, value - 1, -value, 0) if one != value])
    if isinstance(value, float):
        return stream.pick([one for one in (-value, value * 2, value / 2, value + 1.0, 0.0) if one != value])
    if isinstance(value, bytes):
        bit = stream.below(len(value) * 8)
        changed = bytearray(value)
        changed[bit // 8] ^= 1 << (bit % 8)
        return bytes(changed)
    if not value:
        return "?"
    at = stream.below(len(value))
    letter = chr((ord(value[at]) - 33 + 1 + stream.below(93)) % 94 + 33)  # a printable one that is not this one
    return f"{value[:at]}{letter}{value[at + 1 :]}"


def _shortens(value: Any) -> bool:
    if isinstance(value, tuple):
        return bool(value) and not hasattr(value, "_fields")
    return isinstance(value, str | bytes | list | dict) and bool(value)


def _cut(value: Any, stream: Stream) -> Any:
    """Return the beginning of *value*, shorter than it."""
    length = stream.below(len(value))
    return dict(list(value.items())[:length]) if isinstance(value, dict) else value[:length]
