"""How long a message takes: distributions of delay.

Rules:

1. A distribution is a frozen value; in files a table such as ``{ distribution = "lognormal", median = "2ms",
   p99 = "30ms" }``, or just ``"5ms"`` for a constant.
2. One draw in [0, 1) gives one delay, through the distribution's quantile function: the smaller the draw, the
   shorter the delay, so a run can be calmed by overriding draws with 0.5, the median.
   A trace is the exception: it replays measured delays in their order, and only the first draw counts.
3. Curved quantile functions are tabulated with portable arithmetic and interpolated: quick, and the same to the
   nanosecond on every machine.

This file does not know what travels, nor where.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import ClassVar, Final

import attrs

from chaoslab.errors import UsageError, unknown_word
from chaoslab.net.delay_file import DELAYS, read_delays
from chaoslab.parameters import DURATION, FLAG, TEXT, Unit, build, parameter, written
from chaoslab.portable_math import exp, log, normal_quantile
from chaoslab.units import parse_duration

__all__ = [
    "DISTRIBUTIONS",
    "LATENCY",
    "Constant",
    "Exponential",
    "Latency",
    "Lognormal",
    "Normal",
    "Pareto",
    "Sampler",
    "Trace",
    "Uniform",
    "sampler",
]

Sampler = Callable[[float], int]
"""From a draw in [0, 1) to a delay in nanoseconds."""

_CELLS: Final = 1024
_TAIL: Final = 12
"""The last cell is cut into halves this often: the longest delay drawn is the quantile 1 - 2**-22."""
_SIGMAS_AT_P99: Final = normal_quantile(0.99)


@attrs.frozen(kw_only=True, cache_hash=True)
class Constant:
    """Always the same delay."""

    distribution: ClassVar[str] = "constant"
    value_ns: int = parameter(DURATION, "The delay.", name="value")

    def quantile(self, p: float) -> float:
        return self.value_ns


@attrs.frozen(kw_only=True, cache_hash=True)
class Uniform:
    """Any delay between two bounds, all equally likely."""

    distribution: ClassVar[str] = "uniform"
    low_ns: int = parameter(DURATION, "The shortest delay.", name="low")
    high_ns: int = parameter(DURATION, "The longest delay.", name="high")

    def __attrs_post_init__(self) -> None:
        if self.high_ns < self.low_ns:
            raise UsageError("high is below low: a uniform delay needs low <= high.", key="high")

    def quantile(self, p: float) -> float:
        return self.low_ns + p * (self.high_ns - self.low_ns)


@attrs.frozen(kw_only=True, cache_hash=True)
class Exponential:
    """Mostly short delays with a memoryless tail."""

    distribution: ClassVar[str] = "exponential"
    mean_ns: int = parameter(DURATION, "The mean delay.", name="mean")

    def quantile(self, p: float) -> float:
        return -log(1.0 - p) * self.mean_ns


@attrs.frozen(kw_only=True, cache_hash=True)
class Normal:
    """Delays around a mean; what would be negative is zero."""

    distribution: ClassVar[str] = "normal"
    mean_ns: int = parameter(DURATION, "The mean delay.", name="mean")
    deviation_ns: int = parameter(DURATION, "The standard deviation.", name="deviation")

    def quantile(self, p: float) -> float:
        return max(0.0, self.mean_ns + self.deviation_ns * normal_quantile(max(p, 1e-9)))


@attrs.frozen(kw_only=True, cache_hash=True)
class Lognormal:
    """The usual shape of a real network: a hump and a long tail, given by its median and 99th percentile."""

    distribution: ClassVar[str] = "lognormal"
    median_ns: int = parameter(DURATION, "Half of the delays are shorter than this.", name="median")
    p99_ns: int = parameter(DURATION, "99 of 100 delays are shorter than this.", name="p99")

    def __attrs_post_init__(self) -> None:
        if not 0 < self.median_ns <= self.p99_ns:
            raise UsageError("a lognormal delay needs 0 < median <= p99.", key="median")

    def quantile(self, p: float) -> float:
        sigma = log(self.p99_ns / self.median_ns) / _SIGMAS_AT_P99
        return self.median_ns * exp(sigma * normal_quantile(max(p, 1e-9)))


@attrs.frozen(kw_only=True, cache_hash=True)
class Pareto:
    """A heavy tail: rare delays that are far longer than all others."""

    distribution: ClassVar[str] = "pareto"
    minimum_ns: int = parameter(DURATION, "The shortest delay.", name="minimum")
    p99_ns: int = parameter(DURATION, "99 of 100 delays are shorter than this.", name="p99")

    def __attrs_post_init__(self) -> None:
        if not 0 < self.minimum_ns <= self.p99_ns:
            raise UsageError("a pareto delay needs 0 < minimum <= p99.", key="minimum")

    def quantile(self, p: float) -> float:
        steepness = log(self.p99_ns / self.minimum_ns) / -log(0.01)
        return self.minimum_ns * exp(-log(1.0 - p) * steepness)


@attrs.frozen(kw_only=True)
class Trace:
    """Measured delays, replayed: on each link in their order from a drawn place on, over and over.

    A file is read when the value is made, and only the delays are kept: a saved scenario needs no other file.
    """

    distribution: ClassVar[str] = "trace"
    values_ns: tuple[int, ...] = parameter(DELAYS, "The delays, in order.", default=(), name="values")
    file: str = parameter(
        TEXT, "Where they are, one a line; beside the scenario file, or from the current folder.", default=""
    )
    shuffled: bool = parameter(FLAG, "Draw each delay by itself instead.", default=False)

    def __attrs_post_init__(self) -> None:
        if bool(self.values_ns) == bool(self.file):
            raise UsageError("a trace has values or a file of them.", key="values")
        if self.file:
            object.__setattr__(self, "values_ns", read_delays(self.file))
            object.__setattr__(self, "file", "")

    def quantile(self, p: float) -> float:
        ordered = sorted(self.values_ns)
        return ordered[min(int(p * len(ordered)), len(ordered) - 1)]


Latency = Constant | Uniform | Exponential | Normal | Lognormal | Pareto | Trace

DISTRIBUTIONS: Final[Mapping[str, type[Latency]]] = {
    kind.distribution: kind for kind in (Constant, Uniform, Exponential, Normal, Lognormal, Pareto, Trace)
}


def _parse(value: object) -> Latency:
    if isinstance(value, str):
        return Constant(value_ns=parse_duration(value))
    if not isinstance(value, Mapping):
        raise UsageError(
            f'{value!r} is not a latency: write a duration such as "5ms", or a table such as '
            '{ distribution = "uniform", low = "1ms", high = "9ms" }.'
        )
    rest = dict(value)
    name = rest.pop("distribution", None)
    if not isinstance(name, str):
        raise UsageError(f"a latency table needs a distribution: one of {', '.join(DISTRIBUTIONS)}.")
    if name not in DISTRIBUTIONS:
        raise UsageError(unknown_word("distribution", name, DISTRIBUTIONS), key="distribution")
    return build(DISTRIBUTIONS[name], rest)


def _format(latency: Latency) -> object:
    values = written(latency)
    if isinstance(latency, Constant):
        return values["value"]
    return {"distribution": latency.distribution, **values}


LATENCY: Final = Unit(
    name="latency",
    parse=_parse,
    format=_format,
    example='"5ms" or { distribution = "lognormal", median = "2ms", p99 = "30ms" }',
)


def sampler(latency: Latency) -> Sampler:
    """Return the function that turns a draw in [0, 1) into a delay in nanoseconds.

    It belongs to one link: a trace remembers where it is, all others remember nothing and are shared.

    Cost: two quantiles where a distribution is first drawn from; 0.1 to 0.2 microseconds a call after that.
    """
    return _traced(latency) if isinstance(latency, Trace) else _sampler(latency)


def _traced(trace: Trace) -> Sampler:
    if trace.shuffled:
        ordered = sorted(trace.values_ns)
        return lambda draw: ordered[int(draw * len(ordered))]
    delays = trace.values_ns
    position: int | None = None

    def replayed(draw: float) -> int:
        nonlocal position
        position = int(draw * len(delays)) if position is None else (position + 1) % len(delays)
        return delays[position]

    return replayed


@functools.lru_cache(maxsize=256)
def _sampler(latency: Latency) -> Sampler:
    if isinstance(latency, Constant):
        constant_ns = latency.value_ns
        return lambda draw: constant_ns
    if isinstance(latency, Uniform):
        low_ns, span_ns = latency.low_ns, latency.high_ns - latency.low_ns
        return lambda draw: low_ns + int(draw * span_ns)
    return _tabulated(latency)


def _tabulated(latency: Latency) -> Sampler:
    # Where the quantile function begins in each cell, and how much it rises there; the halvings of the last cell come
    # behind the others. Worked out when first drawn from: a fault of a few messages needs a few cells, not all.
    cells: list[tuple[float, float] | None] = [None] * (_CELLS + _TAIL + 1)
    last = _CELLS - 1

    def worked_out(cell: int) -> tuple[float, float]:
        begin, end = latency.quantile(_begin(cell)), latency.quantile(_begin(cell + 1))
        known = cells[cell] = begin, end - begin
        return known

    def sample(draw: float) -> int:
        position = draw * _CELLS
        cell = int(position)
        if cell < last:
            begin, step = cells[cell] or worked_out(cell)
            return int(begin + (position - cell) * step)
        rest = (1.0 - draw) * _CELLS  # in (0, 1]: which halving of the last cell?
        for halving in range(_TAIL):
            if rest > 0.5:
                begin, step = cells[_CELLS + halving] or worked_out(_CELLS + halving)
                return int(begin + (1.0 - rest) * 2.0 * step)
            rest *= 2.0
        return int((cells[_CELLS + _TAIL] or worked_out(_CELLS + _TAIL))[0])

    return sample


def _begin(cell: int) -> float:
    return cell / _CELLS if cell < _CELLS else 1.0 - 1.0 / (_CELLS << (cell - _CELLS))
