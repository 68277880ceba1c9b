"""The ladder: the strongest level that a history satisfies, and what goes wrong on the next rung.

Levels are climbed down. Where one holds, all that it implies hold too and need not be checked; one that could not be
decided does not hold if something does not that it implies. Of those that do not
hold the weakest tells most about what went wrong: it is broken by the least.

This file knows no algorithm: see ``registry`` for the levels and what they imply.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from chaoslab.checkers.linearizable import CONFIGURATIONS_MAX
from chaoslab.checkers.registry import LEVELS, check, implied, levels_of
from chaoslab.checkers.verdict import Telling, Verdict
from chaoslab.errors import UsageError
from chaoslab.history import History
from chaoslab.models import Model

__all__ = ["BUDGET_BELOW", "Ladder", "ladder"]

BUDGET_BELOW = 100_000
"""Configurations for each level below the strongest: sequential consistency of a long history can take any number."""


@attrs.frozen(kw_only=True)
class Ladder:
    """What a history satisfies.

    Attributes:
        verdicts: One for each level, the strongest first.
        strongest: The strongest level that holds, or None.
        skipped: Levels that say nothing of this history, with the reason.
    """

    verdicts: tuple[Verdict, ...]
    strongest: str | None
    skipped: tuple[tuple[str, str], ...] = ()

    @property
    def broken(self) -> Verdict | None:
        """The verdict on the weakest level that does not hold, which tells most; None if everything holds."""
        broken = [verdict for verdict in self.verdicts if verdict.outcome == "invalid"]
        about_order = [verdict for verdict in broken if verdict.name != "eventual"]  # which is another question
        return (about_order or broken)[-1] if broken else None


def ladder(
    history: History, model: Model, *, budget: int = CONFIGURATIONS_MAX, budget_below: int = BUDGET_BELOW
) -> Ladder:
    """Return which levels *history* satisfies.

    Args:
        history: What clients saw: n operations.
        model: What they may see.
        budget: How much to search for the strongest level, in configurations.
        budget_below: How much to search for each of the others.

    Returns:
        The ladder. Cost: that of its levels; no more than the strongest one's if that holds.

    Raises:
        HistoryError: an operation that the model does not know.

    Source:
        Viotti & Vukolić 2016, "Consistency in non-transactional distributed storage systems", figure 1; Adya 1999.
    """
    names = levels_of(model)
    verdicts: list[Verdict] = []
    skipped: list[tuple[str, str]] = []
    holding: dict[str, str] = {}  # level: the stronger one that it follows from
    strongest: str | None = None
    for number, name in enumerate(names):
        if name in holding:
            verdicts.append(_implied_by(holding[name], name))
            continue
        try:
            (verdict,) = check(history, model=model, levels=[name], budget=budget_below if number else budget)
        except UsageError as error:
            if number == 0:
                raise
            skipped.append((name, error.message))
            continue
        if verdict.outcome == "valid" and verdict.details.get("keys_judged") == 0:
            skipped.append((name, verdict.summary))
            continue
        verdicts.append(verdict)
        if verdict.outcome == "valid":
            strongest = strongest or name
            for lower in implied(name):
                holding.setdefault(lower, name)
    return Ladder(verdicts=tuple(map(_refuted_by(verdicts), verdicts)), strongest=strongest, skipped=tuple(skipped))


def _refuted_by(verdicts: Sequence[Verdict]) -> Callable[[Verdict], Verdict]:
    """Return what makes an undecided verdict invalid if a level that would follow from it is."""
    broken = [verdict for verdict in verdicts if verdict.outcome == "invalid"]

    def settled(verdict: Verdict) -> Verdict:
        lower = next((one for one in broken if one.name in implied(verdict.name)), None)
        if verdict.outcome != "unknown" or lower is None:
            return verdict
        return Verdict(
            outcome="invalid",
            name=verdict.name,
            level=verdict.level,
            told_later=lambda: Telling(summary=lower.summary, anomaly=lower.anomaly, operations=lower.operations),
            evidence=lower.evidence,
            details={"refuted_by": lower.name},
        )

    return settled


def _implied_by(stronger: str, name: str) -> Verdict:
    return Verdict(
        outcome="valid",
        name=name,
        level=name,
        summary=f"follows from {stronger}: {LEVELS[name].summary}.",
        details={"implied_by": stronger},
    )
