"""Every random decision of a run: drawn here, from named streams, recorded and overridable.

Rules:

1. A stream per concern and place (``"latency n1>n2"``, ``"crash 2"``): whoever draws more or less on one
   stream moves no draw on another, so a fault can be added or removed and the rest of the run stays put.
2. A stream is determined by the seed and its name alone, never by the order in which streams are first used.
3. Every draw is built on ``random.Random.random()``, the one generator method that Python promises never to change.
4. A draw can be overridden by its stream's name and its position: that is how a run is shrunk and steered.
5. Whoever explores may steer a run: decide draws as they are asked for, from what was drawn before. What was decided so
   is kept as overrides, so the run happens again without them.
6. A calm run draws the median on every stream that decides how long something takes, unless that draw is overridden:
   whatever is left over then deviates from calm, and a failure needs few such deviations.

This file does not know what is being decided.
"""

from __future__ import annotations

import hashlib
from _random import Random  # what random.Random is made of: hundreds are made in a run, and its layers take time
from collections.abc import Callable, Mapping, MutableSequence, Sequence
from typing import Final, TypeVar

from chaoslab.portable_math import log

__all__ = ["CALMED", "Choices", "Overrides", "Steer", "Stream"]

CALMED: Final = ("latency ", "fsync ")
"""How the names of the streams begin that a calm run draws the median on."""

T = TypeVar("T")

Overrides = Mapping[str, Mapping[int, float]]
"""Draws that are not left to the seed: stream name, then position on the stream from 0, then the draw."""

Steer = Callable[[str], Callable[[float], float] | None]
"""Given a stream's name: what decides its draws, from what was drawn, or None to leave it alone."""


class Stream:
    """One named sequence of draws.

    The generator behind it is made with the first draw: it takes two and a half kilobytes, and most streams of a large
    cluster are never drawn from.

    Attributes:
        name: What the stream decides, and where.
        random: Draw the next number, uniform in [0, 1). A bound method of C code, as it stands on the hot path.
    """

    __slots__ = ("_source", "name", "random")

    random: Callable[[], float]

    def __init__(self, name: str, source: Callable[[str], Callable[[], float]]) -> None:
        self.name = name
        self._source = source

    def __getattr__(self, name: str) -> Callable[[], float]:
        if name != "random":  # asked only for what is not there yet
            raise AttributeError(name)
        self.random = self._source(self.name)
        return self.random

    def chance(self, ratio: float) -> bool:
        """Return True with probability *ratio*. Draws once even when the answer is certain."""
        return self.random() < ratio

    def below(self, bound: int) -> int:
        """Return an integer from 0 to *bound* - 1, all equally likely."""
        return int(self.random() * bound)

    def between(self, low: float, high: float) -> float:
        """Return a float from *low* up to *high*."""
        return low + self.random() * (high - low)

    def exponential(self, mean: float) -> float:
        """Return a waiting time of a Poisson process whose events are *mean* apart on average."""
        return -log(1.0 - self.random()) * mean

    def pick(self, options: Sequence[T]) -> T:
        """Return one of *options*."""
        return options[int(self.random() * len(options))]

    def shuffle(self, items: MutableSequence[T]) -> None:
        """Put *items* into a random order, in place (Fisher and Yates)."""
        for last in range(len(items) - 1, 0, -1):
            other = int(self.random() * (last + 1))
            items[last], items[other] = items[other], items[last]

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """Return *count* different ones of *options*, in the order in which they stand there."""
        positions = list(range(len(options)))
        self.shuffle(positions)
        return [options[position] for position in sorted(positions[:count])]


class Choices:
    """The streams of one run.

    Args:
        seed: Decides every draw that is not overridden.
        overrides: Draws that are decided otherwise.
        recorded: Keep every draw in ``record``; costs memory, for shrinking and comparing runs.
        calm: Draw the median on the streams of ``CALMED``, unless overridden.

    Attributes:
        steer: Who steers, or None; set before the first draw.
        steered: The draws that were steered, as overrides.
    """

    __slots__ = ("_overrides", "_streams", "calm", "record", "recorded", "seed", "steer", "steered")

    def __init__(
        self, seed: int, overrides: Overrides | None = None, *, recorded: bool = False, calm: bool = False
    ) -> None:
        self.seed = seed
        self.recorded = recorded
        self.calm = calm
        self.record: dict[str, list[float]] = {}
        self.steer: Steer | None = None
        self.steered: dict[str, dict[int, float]] = {}
        self._overrides: Overrides = overrides or {}
        self._streams: dict[str, Stream] = {}

    def stream(self, name: str) -> Stream:
        """Return the stream called *name*, the same one at each call."""
        stream = self._streams.get(name)
        if stream is None:
            stream = self._streams[name] = Stream(name, self._source)
        return stream

    def _source(self, name: str) -> Callable[[], float]:
        digest = hashlib.blake2b(f"{self.seed}\0{name}".encode(), digest_size=8).digest()
        draw = Random(int.from_bytes(digest, "big")).random
        if self.calm and name.startswith(CALMED):
            draw = _median
        decide = None if self.steer is None else self.steer(name)
        if decide is not None:
            draw = _steering(draw, decide, self.steered.setdefault(name, {}))
        overridden = self._overrides.get(name)
        if overridden:
            draw = _overriding(draw, overridden)
        if self.recorded:
            draw = _recording(draw, self.record.setdefault(name, []))
        return draw


def _median() -> float:
    return 0.5


def _overriding(draw: Callable[[], float], overridden: Mapping[int, float]) -> Callable[[], float]:
    position = -1

    def overriding() -> float:
        nonlocal position
        position += 1
        drawn = draw()  # even when overridden, so that later positions keep their own numbers
        return overridden.get(position, drawn)

    return overriding


def _steering(
    draw: Callable[[], float], decide: Callable[[float], float], steered: dict[int, float]
) -> Callable[[], float]:
    position = -1

    def steering() -> float:
        nonlocal position
        position += 1
        drawn = draw()
        decided = decide(drawn)
        if decided != drawn:
            steered[position] = decided
        return decided

    return steering


def _recording(draw: Callable[[], float], record: list[float]) -> Callable[[], float]:
    def recording() -> float:
        drawn = draw()
        record.append(drawn)
        return drawn

    return recording
