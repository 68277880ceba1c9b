"""Doubt about violations that rest on a guess.

A model takes one step at a time. Where an operation of unknown outcome may have had several effects, its step takes
one of them: an order that explains the history with it is an order; that there is none shows nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

from chaoslab.checkers.verdict import Verdict
from chaoslab.history import History
from chaoslab.models import Model

__all__ = ["doubting_guesses"]

C = TypeVar("C", bound=Callable[..., Verdict])


def doubting_guesses(checker: C) -> C:
    """Return *checker*, which takes a history and a model, so that violations that rest on a guess are unknown."""

    @functools.wraps(checker)
    def doubting(history: History, model: Model, *arguments: Any, **options: Any) -> Verdict:
        verdict = checker(history, model, *arguments, **options)
        if verdict.outcome != "invalid" or not model.guesses:
            return verdict
        # Objects are apart from each other in linearizability (Herlihy & Wing 1990, theorem 1), and in no weaker level.
        keys = {one.key for one in verdict.operations} if verdict.level == "linearizable" and model.keyed else set()
        guessed = sum(
            type == "invoke"
            and f in model.guesses
            and (partner < 0 or history.types[partner] == "info")
            and (not keys or key in keys)
            for type, f, key, partner in zip(history.types, history.fs, history.keys, history.partners, strict=True)
        )
        if not guessed:
            return verdict
        summary = f"no order was found, but of {guessed} operations nobody knows what they did, if anything."
        return Verdict(
            outcome="unknown", name=verdict.name, level=verdict.level, summary=summary, details=verdict.details
        )

    return cast(C, doubting)
