"""Measured delays in a file: one duration a line, such as ``1.25ms``; empty lines and what follows ``#`` do not count.

This file does not know how delays are replayed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from chaoslab.errors import UsageError
from chaoslab.parameters import Unit
from chaoslab.units import format_duration, parse_duration

__all__ = ["DELAYS", "DELAYS_MAX", "beside", "read_delays"]

DELAYS_MAX: Final = 100_000
"""Recordings hold them all; so many are a few hours of one ping a tenth of a second."""


def _bounded(delays: tuple[int, ...]) -> tuple[int, ...]:
    if not delays:
        raise UsageError("there are no delays: write at least one, such as 1.25ms.")
    if len(delays) > DELAYS_MAX:
        raise UsageError(f"these are {len(delays):,} delays; at most {DELAYS_MAX:,} are replayed: take a part of them.")
    return delays


def _parse(value: object) -> tuple[int, ...]:
    if not isinstance(value, list | tuple):
        raise UsageError(f'{value!r} is not a list of durations: write ["1.2ms", "950us"].')
    return _bounded(tuple(parse_duration(one) for one in value))


def _format(values: Iterable[int]) -> list[str]:
    return [format_duration(value) for value in values]


DELAYS: Final = Unit(name="list of durations", parse=_parse, format=_format, example='["1.2ms", "950us", "3ms"]')


def read_delays(path: str | Path) -> tuple[int, ...]:
    """Return the delays in the file *path*, in nanoseconds.

    Raises:
        UsageError: it cannot be read, a line is not a duration, or there are none or too many; ``key`` is ``"file"``.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{str(path)!r} is not a text file.", key="file") from None
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read: {error.strerror}.", key="file") from None
    delays = []
    for number, line in enumerate(text.splitlines(), start=1):
        written = line.split("#")[0].strip()
        if not written:
            continue
        try:
            delays.append(parse_duration(written))
        except UsageError as error:
            raise UsageError(f"line {number} of {str(path)!r}: {error.message}", key="file") from None
    try:
        return _bounded(tuple(delays))
    except UsageError as error:
        raise UsageError(f"{str(path)!r}: {error.message}", key="file") from None


def beside(folder: Path, value: Any) -> Any:
    """Return *value*, said by a file in *folder*, with the files of traces that are in that folder named from here."""
    if isinstance(value, list):
        return [beside(folder, item) for item in value]
    if not isinstance(value, Mapping):
        return value
    table = {key: beside(folder, item) for key, item in value.items()}
    named = table.get("file")
    if table.get("distribution") == "trace" and isinstance(named, str) and (folder / named).is_file():
        table["file"] = str(folder / named)
    return table
