"""How many bytes a message would have on a wire: an estimate that depends on its content alone.

Rules:

1. Structural: numbers have their machine size, text and bytes their own, everything composed a header and its parts.
2. The same content has the same size in every process, whatever the version of Python and however memory is laid out.

This file does not know who sends what, nor what bytes cost.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import attrs

__all__ = ["HEADER_BYTES", "size_bytes"]

HEADER_BYTES: Final = 4
"""What a length or a type takes in front of a composed value."""

_NUMBER_BYTES: Final = 8
_SMALL: Final = 1 << (8 * _NUMBER_BYTES)
_DEEP: Final = 50
"""Levels below which values may contain themselves, and are looked at with more care."""

_Form = Callable[[Any], "int | Iterable[Any]"]
"""Of values of one class: their size, or the parts that they are composed of."""


def size_bytes(message: Any) -> int:
    """Return about how many bytes *message* would have on a wire. Cost: O(size).

    A value that contains itself is counted once.
    """
    try:
        return _size(message, _DEEP)
    except RecursionError:
        return _size_counted_once(message, set())


def _size(value: Any, levels: int) -> int:
    form = _form_of(value)
    if form.__class__ is int:
        return form
    if not levels:
        raise RecursionError
    levels -= 1
    size = HEADER_BYTES
    for part in form:
        cls = part.__class__
        if cls is int and -_SMALL < part < _SMALL:  # most parts of messages are small numbers and plain text
            size += _NUMBER_BYTES
        elif cls is str and part.isascii():
            size += HEADER_BYTES + len(part)
        else:
            size += _size(part, levels)
    return size


def _size_counted_once(value: Any, around: set[int]) -> int:
    form = _form_of(value)
    if isinstance(form, int):
        return form
    if id(value) in around:  # only asked whether it is there: nothing depends on what the number is
        return HEADER_BYTES
    around.add(id(value))
    size = HEADER_BYTES + sum(_size_counted_once(part, around) for part in form)
    around.discard(id(value))
    return size


def _form_of(value: Any) -> Any:
    """Return the size of *value*, or the parts that it is composed of."""
    return _form(value.__class__)(value)


@functools.lru_cache(maxsize=1024)
def _form(cls: Any) -> _Form:
    if issubclass(cls, enum.Enum):
        return _tag
    for base, form in _BASES.items():
        if issubclass(cls, base):
            return form
    if issubclass(cls, Iterable):
        return _itself
    if attrs.has(cls):  # a property that is remembered beside the fields is no content
        return functools.partial(_fields, tuple(field.name for field in attrs.fields(cls)))
    if dataclasses.is_dataclass(cls):
        return functools.partial(_fields, tuple(field.name for field in dataclasses.fields(cls)))
    return functools.partial(_attributes, _slots_of(cls))


def _tag(value: Any) -> int:
    return HEADER_BYTES


def _text(value: str) -> int:
    return HEADER_BYTES + (len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass")))


def _whole(value: int) -> int:
    return max(_NUMBER_BYTES, (value.bit_length() + 7) // 8)


def _bytes(value: bytes) -> int:
    return HEADER_BYTES + len(value)


def _pairs(value: Mapping[Any, Any]) -> Iterable[Any]:
    return [part for pair in value.items() for part in pair]


def _itself(value: Iterable[Any]) -> Iterable[Any]:
    return value


def _fields(names: tuple[str, ...], value: Any) -> Iterable[Any]:
    return [part for name in names if (part := getattr(value, name, _ABSENT)) is not _ABSENT]


def _attributes(slots: tuple[str, ...], value: Any) -> Iterable[Any]:
    own = getattr(value, "__dict__", None)
    if not own:
        return _fields(slots, value)
    return [*own.values(), *(getattr(value, name) for name in slots if name not in own and hasattr(value, name))]


_ABSENT: Final = object()
_BASES: Final[dict[Any, _Form]] = {
    type(None): lambda value: 1,
    str: _text,
    bool: lambda value: 1,
    int: _whole,
    float: lambda value: _NUMBER_BYTES,
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: _bytes,
    Mapping: _pairs,
}


def _slots_of(cls: type) -> tuple[str, ...]:
    return tuple(name for one in cls.__mro__ for name in _slots(one))


def _slots(cls: type) -> tuple[str, ...]:
    slots = cls.__dict__.get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    return tuple(name for name in names if name not in ("__dict__", "__weakref__"))
