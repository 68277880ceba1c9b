"""Records on a disk: lines with a checksum, appended, and a file of them put in the place of another.

A record is a line: a checksum, a space, and JSON. A line that a crash cut short, or that was damaged, is told from a
whole one. This file does not know what records mean.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from chaoslab.statemachine import Effect, Invocation, Persist, Rename, Sync, Write

__all__ = ["Record", "append", "as_json", "operation_read", "operation_written", "read", "replace"]

Record = Sequence[Any]

as_json: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
"""Return a value in JSON, without spaces; ``json.dumps`` would make an encoder each time."""


def append(path: str, records: Iterable[Record]) -> Persist:
    """Append *records* to the file *path*; what follows waits until they are durable."""
    return Persist(path, _lines(records), append=True)


def replace(path: str, records: Iterable[Record]) -> list[Effect]:
    """Return the effects that put a file of *records* in the place of *path*: all of it, or nothing."""
    new = f"{path}.new"
    return [Write(new, _lines(records)), Sync(new), Rename(new, path), Sync("")]


def read(content: bytes) -> list[Record | None]:
    """Return the records in a file's *content*, None for each line that is damaged."""
    lines = content.split(b"\n")
    if not lines[-1]:
        del lines[-1]
    return [_record(line) for line in lines]


def operation_written(operation: Invocation) -> list[Any]:
    """Return *operation* as JSON can hold it."""
    return [operation.f, operation.key, operation.value]


def operation_read(written: Sequence[Any]) -> Invocation:
    """Return the operation that was written as *written*."""
    f, key, value = written
    return Invocation(f=f, key=key, value=value)


def _lines(records: Iterable[Record]) -> bytes:
    written = bytearray()
    for record in records:
        text = as_json(record).encode()
        written += b"%08x %s\n" % (zlib.crc32(text), text)
    return bytes(written)


def _record(line: bytes) -> Record | None:
    checksum, _, text = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(text):
        return None
    record: Record = json.loads(text)
    return record
