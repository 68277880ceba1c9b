"""How many bytes a message would have on a wire: an estimate that depends on its content alone.

Rules:

1. Structural: numbers have their machine size, text and bytes their own, everything composed a header and its parts.
2. The same content has the same size in every process, whatever the version of Python and however memory is laid out.

This file does not know who sends what, nor what bytes cost.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Iterable, Mapping
from typing import Any, Final

__all__ = ["HEADER_BYTES", "size_bytes"]

HEADER_BYTES: Final = 4
"""What a length or a type takes in front of a composed value."""

_NUMBER_BYTES: Final = 8
_FIXED: Final[dict[type, int]] = {type(None): 1, bool: 1, float: _NUMBER_BYTES}


def size_bytes(message: Any) -> int:
    """Return about how many bytes *message* would have on a wire. Cost: O(size).

    A value that contains itself is counted once.
    """
    return _size(message, set())


def _size(value: Any, around: set[int]) -> int:
    kind = value.__class__
    if kind in _FIXED:  # most parts of messages are of these kinds, or plain text
        return _FIXED[kind]
    if kind is str and value.isascii():
        return HEADER_BYTES + len(value)
    if isinstance(value, enum.Enum):
        return HEADER_BYTES
    if isinstance(value, str):
        return HEADER_BYTES + len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, int):
        return max(_NUMBER_BYTES, (value.bit_length() + 7) // 8)
    if isinstance(value, float):
        return _NUMBER_BYTES
    if isinstance(value, bytes | bytearray | memoryview):
        return HEADER_BYTES + len(value)
    if id(value) in around:  # only asked whether it is there: nothing depends on what the number is
        return HEADER_BYTES
    around.add(id(value))
    try:
        size = HEADER_BYTES
        for part in value if kind is tuple or kind is list else _parts(value):
            size += _size(part, around)
        return size
    finally:
        around.discard(id(value))


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return [part for pair in value.items() for part in pair]
    if isinstance(value, Iterable):
        return value
    slots = _slots_of(value.__class__)
    own = getattr(value, "__dict__", None)
    if not own:
        return [getattr(value, name) for name in slots if hasattr(value, name)]
    return [*own.values(), *(getattr(value, name) for name in slots if name not in own and hasattr(value, name))]


@functools.lru_cache(maxsize=1024)
def _slots_of(cls: type) -> tuple[str, ...]:
    return tuple(name for one in cls.__mro__ for name in _slots(one))


def _slots(cls: type) -> tuple[str, ...]:
    slots = cls.__dict__.get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    return tuple(name for name in names if name not in ("__dict__", "__weakref__"))
