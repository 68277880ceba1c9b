"""Bounded delays: the calm run, with every choice of one late message, then of two.

Emmi, Qadeer & Rakamarić, "Delay-bounded scheduling" (POPL 2011): a deterministic scheduler explores first what takes
few deviations from it, because most bugs need few. The deterministic scheduler is the calm run, in which everything
takes the median time and so stays in order; a deviation is a message that comes late. All of it is gone through in
turn: for small cases, such as a script of a few operations on three nodes. n messages are n + n(n-1)/2 runs, then the
next seed.
"""

from __future__ import annotations

import functools
from typing import ClassVar

import attrs

from chaoslab.choices import CALMED
from chaoslab.explore.strategies.attempt import Attempt, Job, baseline, in_rounds
from chaoslab.explore.strategies.uniform import Uniform
from chaoslab.scenario import Scenario, scenario_to_toml

__all__ = ["BoundedDelay"]

_LATENCY = CALMED[0]
_LATE = 0.9999


class BoundedDelay(Uniform):
    """The calm run with every single message late, then every two: for small cases, exhaustive."""

    name: ClassVar[str] = "bounded-delay"
    in_turn: ClassVar[bool] = True

    @staticmethod
    def attempt(scenario: Scenario, job: Job) -> Attempt:
        """Return the calm run in which one or two messages come late."""
        text = scenario_to_toml(scenario)
        seed, place = in_rounds(job.seed, job.number, lambda seed: _count(len(_messages(text, seed))))
        calm = attrs.evolve(scenario, calm=True)
        if place is None:
            return Attempt(scenario=calm, seed=seed)
        overrides: dict[str, dict[int, float]] = {}
        messages = _messages(text, seed)
        for number in _chosen(place, len(messages)):
            name, position = messages[number]
            overrides.setdefault(name, {})[position] = _LATE
        return Attempt(scenario=calm, seed=seed, overrides=overrides)


@functools.lru_cache(maxsize=32)
def _messages(text: str, seed: int) -> tuple[tuple[str, int], ...]:
    """Return every message of the calm run, as its stream and its position there."""
    draws = baseline(text, seed, calm=True).draws
    names = sorted(name for name in draws if name.startswith(_LATENCY))
    return tuple((name, position) for name in names for position in range(len(draws[name])))


def _count(messages: int) -> int:
    return messages + messages * (messages - 1) // 2


def _chosen(place: int, messages: int) -> tuple[int, ...]:
    """Return which messages are late in attempt *place*: each alone, then each pair in order."""
    if place < messages:
        return (place,)
    place -= messages
    first = 0
    while place >= messages - 1 - first:
        place -= messages - 1 - first
        first += 1
    return first, first + 1 + place
