"""Quantities as people write them, and as integers inside.

Rules:

1. Inside ChaosLab time is an ``int`` of nanoseconds, a size an ``int`` of bytes, a ratio a ``float``.
2. In the Python API a time is a ``float`` of seconds, as in Trio; in files it is text with its unit.
3. A number without a unit is refused where a unit is meant: ``"3"`` could be anything.

This file does not know where a quantity came from; whoever reads a file adds the place to the error.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

from chaoslab.errors import UsageError

__all__ = [
    "LONGEST_NS",
    "NS_PER_S",
    "counted",
    "format_duration",
    "parse_bandwidth",
    "parse_duration",
    "parse_ppm",
    "parse_rate",
    "parse_ratio",
    "parse_size",
    "seconds_to_ns",
]

NS_PER_S = 1_000_000_000

_DURATIONS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": NS_PER_S,
    "min": 60 * NS_PER_S,
    "h": 3600 * NS_PER_S,
}
_SIZES = {
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
}
_RATES = {"/s": Fraction(1), "/min": Fraction(1, 60), "/h": Fraction(1, 3600)}
_PPM = {"ppm": Fraction(1), "%": Fraction(10_000)}

LONGEST_NS = 876_000 * 3600 * NS_PER_S
"""No duration is longer than this: a hundred years."""
_RATE_LEAST, _RATE_MOST = Fraction(1, 10**9), 10**9

_QUANTITY = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S*)\s*")
_OUTLANDISH = re.compile(r"[eE][+-]?\d{3}|[\d.]{60}")  # a slip, and exact arithmetic with it would take for ever


def _parse(text: object, units: dict[str, Fraction] | dict[str, int], what: str) -> Fraction:
    """Return the exact value of *text* in the base unit of *units*."""
    allowed = ", ".join(units)
    example = f'"10{next(iter(units))}"'
    if isinstance(text, bool) or not isinstance(text, str):
        raise UsageError(f"{text!r} is not a {what}: write text with a unit, such as {example} (units: {allowed}).")
    match = _QUANTITY.fullmatch(text)
    if match is None or _OUTLANDISH.search(text):
        raise UsageError(f"{text!r} is not a {what}: write a number and a unit, such as {example} (units: {allowed}).")
    number, unit = match.groups()
    if not unit:
        raise UsageError(f"{text!r} has no unit: a {what} takes one of {allowed}.")
    if unit not in units:
        raise UsageError(f"{text!r} has the unit {unit!r}, which is not one of a {what}: {allowed}.")
    return Fraction(number) * units[unit]


def parse_duration(text: object, *, may_be_negative: bool = False) -> int:
    """Return the nanoseconds of a duration such as ``"150ms"``, ``"2.5s"``, ``"3min"``.

    Args:
        text: A number and one of ns, us, µs, ms, s, min, h.
        may_be_negative: Allow a duration below zero (a clock offset).

    Raises:
        UsageError: not a number with such a unit, or negative where that means nothing.
    """
    value = round(_parse(text, _DURATIONS, "duration"))
    if value < 0 and not may_be_negative:
        raise UsageError(f"{text!r} is negative: a duration is zero or more.")
    if abs(value) > LONGEST_NS:
        raise UsageError(f"{text!r} is too long: a duration is at most 876000h, a hundred years.")
    return value


def parse_rate(text: object) -> float:
    """Return the events a second of a rate such as ``"40/s"`` or ``"10/min"``.

    Raises:
        UsageError: not a number with such a unit, zero or negative.
    """
    value = _parse(text, _RATES, "rate")
    if value <= 0:
        raise UsageError(f"{text!r} is not a rate: it must be above zero.")
    if not _RATE_LEAST <= value <= _RATE_MOST:
        raise UsageError(f"{text!r} is not a rate that can be run: it must be from 1e-9/s to 1e9/s.")
    return float(value)


def parse_size(text: object) -> int:
    """Return the bytes of a size such as ``"64KiB"`` or ``"10MB"``.

    Raises:
        UsageError: not a number with such a unit, or negative.
    """
    value = round(_parse(text, _SIZES, "size"))
    if value < 0:
        raise UsageError(f"{text!r} is negative: a size is zero or more.")
    return value


def parse_bandwidth(text: object) -> int:
    """Return the bytes a second of a bandwidth such as ``"1MiB/s"``.

    Raises:
        UsageError: not a size a second, zero or negative.
    """
    if not isinstance(text, str) or not text.rstrip().endswith("/s"):
        raise UsageError(f'{text!r} is not a bandwidth: write bytes a second, such as "64KiB/s" or "1MB/s".')
    value = parse_size(text.rstrip().removesuffix("/s"))
    if value == 0:
        raise UsageError(f"{text!r} is no bandwidth: it must be at least one byte a second.")
    return value


def parse_ppm(text: object) -> int:
    """Return the parts per million of a drift such as ``"20ppm"``, ``"-5ppm"`` or ``"0.1%"``.

    Raises:
        UsageError: not a number with such a unit, or a clock that would stand still or run backwards.
    """
    value = round(_parse(text, _PPM, "drift"))
    if value <= -1_000_000:
        raise UsageError(f"{text!r} would stop the clock or run it backwards: a drift is above -1000000ppm.")
    return value


def parse_ratio(value: object) -> float:
    """Return a ratio from 0 to 1, written as a number (``0.05``) or as per cent (``"5%"``).

    Raises:
        UsageError: not a number, or outside 0 to 1.
    """
    if isinstance(value, str):
        number: float = float(_parse(value, {"%": Fraction(1, 100)}, "ratio"))
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f'{value!r} is not a ratio: write a number from 0 to 1, or per cent such as "5%".')
    else:
        number = value  # compared before it is converted: an int can be too large for a float
    if not 0 <= number <= 1:  # also refuses NaN
        raise UsageError(f"{value!r} is not a ratio: it must be from 0 to 1.")
    return float(number)


def seconds_to_ns(seconds: float) -> int:
    """Return *seconds* as whole nanoseconds, rounded to the nearest.

    Raises:
        UsageError: not a finite number.
    """
    if not isinstance(seconds, int | float) or not math.isfinite(seconds):
        raise UsageError(f"{seconds!r} is not a time: it must be a finite number of seconds, such as 0.25.")
    return round(seconds * NS_PER_S)


def format_duration(time_ns: int) -> str:
    """Return *time_ns* as a person would write it: ``"1.5s"``, ``"250ms"``, ``"-20us"``.

    The result parses back to the same number of nanoseconds.
    """
    for unit, size in (("s", NS_PER_S), ("ms", 1_000_000), ("us", 1_000)):
        if abs(time_ns) >= size:
            whole, rest = divmod(abs(time_ns), size)
            digits = f"{rest:0{len(str(size)) - 1}d}".rstrip("0")
            sign = "-" if time_ns < 0 else ""
            return f"{sign}{whole}{'.' + digits if digits else ''}{unit}"
    return f"{time_ns}ns" if time_ns else "0s"


def counted(number: int, noun: str) -> str:
    """Return *number* of *noun*, a regular one, as a person would write it: ``"1 fault"``, ``"1,200 faults"``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
