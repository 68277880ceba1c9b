"""Levels by name, and the one function that judges a history by several of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from chaoslab.checkers.linearizable import CONFIGURATIONS_MAX, linearizable
from chaoslab.checkers.verdict import Verdict
from chaoslab.errors import UsageError, unknown_word
from chaoslab.history import History
from chaoslab.models import Model

__all__ = ["LEVELS", "LevelChecker", "check"]

LevelChecker = Callable[[History, Model, int], Verdict]


def _linearizable(history: History, model: Model, budget: int) -> Verdict:
    return linearizable(history, model, configurations_max=budget)


LEVELS: Mapping[str, LevelChecker] = {"linearizable": _linearizable}
"""From a level's name to its checker: ``(history, model, budget) -> Verdict``."""


def check(
    history: History, *, model: Model, levels: Sequence[str], budget: int = CONFIGURATIONS_MAX
) -> tuple[Verdict, ...]:
    """Return a verdict for each of *levels*, in their order.

    Args:
        history: What clients saw.
        model: What they may see.
        levels: Names of consistency levels.
        budget: How much to search for each, in configurations.

    Raises:
        UsageError: a level that does not exist.
        HistoryError: an operation that the model does not know.
    """
    for level in levels:
        if level not in LEVELS:
            raise UsageError(unknown_word("level", level, LEVELS), key="consistency")
    return tuple(LEVELS[level](history, model, budget) for level in levels)
