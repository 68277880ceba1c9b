"""Makes an invalid history small: fewer operations, still not linearizable.

Removing operations of a history can make an impossible one possible and the reverse, so every step is judged by the
search again. Two things keep that quick: what was called after the operation that cannot be placed had returned is not
needed, and operations are removed in halves, quarters, and so on (delta debugging: Zeller & Hildebrandt 2002).

An update goes only together with what was seen of it (reads of its value, a compare-and-set that found it there).
Leaving those behind would show a violation that is none: a read of a value that "nobody wrote", although somebody did.
Where a read shows what all updates together made (a sum, the balances of a bank), no update goes while it stays.
"""

from __future__ import annotations

from collections.abc import Sequence

from chaoslab.checkers.linearizable.parts import Effects, Part
from chaoslab.checkers.linearizable.search import Stuck, search
from chaoslab.history.values import frozen
from chaoslab.models import UNKNOWN

__all__ = ["minimised"]

_ATTEMPTS_MAX = 400
_CONFIGURATIONS_MAX = 20_000
_CONFIGURATIONS_IN_ALL_MAX = 400_000
"""A few seconds: people wait for the sentence."""


def minimised(part: Part, effects: Effects, suspects: list[int], blocked: int) -> tuple[list[int], int]:
    """Return the positions of few of the *suspects* that are still not linearizable, and of the one that is stuck.

    Cost: at most a few hundred searches, each of a smaller history than the one before, and 400,000 configurations.
    """
    attempts = configurations = 0

    def still_stuck(chosen: list[int]) -> int | None:
        nonlocal attempts, configurations
        attempts += 1
        result = search(part.only(chosen), effects, _CONFIGURATIONS_MAX)
        configurations += result.configurations
        return chosen[result.blocked] if isinstance(result, Stuck) else None

    current = suspects
    size = max(1, len(current) // 2)
    while attempts < _ATTEMPTS_MAX and configurations < _CONFIGURATIONS_IN_ALL_MAX:
        removed_any = False
        start = 0
        while start < len(current) and attempts < _ATTEMPTS_MAX and configurations < _CONFIGURATIONS_IN_ALL_MAX:
            chosen = _without(current, current[start : start + size], part, effects)
            found = still_stuck(chosen) if chosen else None
            if found is None:
                start += size
            else:
                current, blocked, removed_any = chosen, found, True
        if size == 1 and not removed_any:
            break
        size = max(1, size // 2)
    return current, blocked


def _without(current: list[int], removed: Sequence[int], part: Part, effects: Effects) -> list[int]:
    """Return *current* without *removed* and without everything that saw one of these updates."""
    gone = set(removed)
    numbers = part.effects
    if any(one not in gone and _shows_all(numbers[one], effects) for one in current):
        gone = {one for one in removed if _observes(numbers[one], effects)}
    values = {_written(numbers[one], effects) for one in removed if not effects.is_read[numbers[one]]}
    while True:
        orphans = [one for one in current if one not in gone and _saw_any(numbers[one], values, effects)]
        if not orphans:
            return [one for one in current if one not in gone]
        gone.update(orphans)
        values.update(_written(numbers[one], effects) for one in orphans if not effects.is_read[numbers[one]])


def _observes(effect: int, effects: Effects) -> bool:
    return effects.is_read[effect] or effects.arguments[effect][0] == "read"  # a first read may set the state


def _shows_all(effect: int, effects: Effects) -> bool:
    """Return whether an operation saw what all updates together made, and not which of them there were."""
    _, _, seen, _ = effects.arguments[effect]
    listed = seen.__class__ is tuple and seen[0] in ("list", "set")
    return effects.model.shape == "" and _observes(effect, effects) and not listed


def _written(effect: int, effects: Effects) -> object:
    f, argument, _, _ = effects.arguments[effect]
    return argument[1][1] if f == "cas" else argument


def _saw_any(effect: int, values: set[object], effects: Effects) -> bool:
    """Return whether an operation observed one of *values*, or, refused, that the value was one of them."""
    f, argument, seen, result = effects.arguments[effect]
    if not values or seen is UNKNOWN:
        return False
    if f == "cas":
        expected = argument[1][0]
        return expected in values if result != frozen(False) else values != {expected}
    if f not in effects.model.reads:
        return False
    if seen in values:
        return True
    if seen.__class__ is tuple and seen[0] in ("list", "set"):
        return not values.isdisjoint(seen[1])
    return isinstance(seen, str) and any(isinstance(value, str) and value and value in seen for value in values)
