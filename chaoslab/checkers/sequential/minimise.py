"""Makes a history without an interleaving small, so that a person can look at it and the verifier can try it plainly.

What is left must still have none *because the whole history has none*. That is so if everything stays that could have
explained what is left: of a register all updates that make a value which somebody left saw (and all updates of a key on
which a compare-and-set was refused), of other models all updates of a key that is left at all.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from chaoslab.checkers.sequential.plan import (
    Effects,
    Lived,
    is_refused,
    is_register,
    key_of,
    made_value,
    observed_value,
    plan,
)
from chaoslab.checkers.sequential.search import Budget, Nothing, search
from chaoslab.models import Model

__all__ = ["minimised"]

_ATTEMPTS_MAX = 400


def minimised(
    operations: Sequence[Lived], blocked: Sequence[int], model: Model, budget: Budget
) -> tuple[list[Lived], list[int]]:
    """Return few of *operations* that have no interleaving either, and where the search was stuck in them.

    Args:
        operations: Operations that count, of which there is no interleaving.
        blocked: Those that were next where the search came furthest, by their place.
        model: The model that accepts no order of them.
        budget: How much to search for all attempts together.

    Cost: at most a few hundred searches.
    """
    register = is_register([operation for operation, _ in operations], model)
    effects = Effects(model)
    current, stuck = list(operations), list(blocked)
    attempts = 0

    def attempt(gone: set[int]) -> bool:
        nonlocal current, stuck, attempts
        attempts += 1
        chosen = _without(current, gone, model, register)
        if not chosen or len(chosen) == len(current):
            return False
        share = Budget(min(budget.left, 20_000))
        before = share.left
        result = search(plan(chosen, model, effects), share)
        budget.left -= before - share.left
        if isinstance(result, Nothing) and result.exhausted:
            current, stuck = chosen, result.blocked
            return True
        return False

    for key in dict.fromkeys(key_of(operation, model) for operation, _ in operations):
        attempt({operation.call for operation, _ in current if key_of(operation, model) == key})
    size = max(1, len(current) // 2)
    while attempts < _ATTEMPTS_MAX and budget.left > 0:
        start = 0
        smaller = False
        while start < len(current) and attempts < _ATTEMPTS_MAX and budget.left > 0:
            if attempt({operation.call for operation, _ in current[start : start + size]}):
                smaller = True
            else:
                start += size
        if size == 1 and not smaller:
            break
        size = max(1, size // 2)
    return current, stuck


def _without(current: Sequence[Lived], gone: set[int], model: Model, register: bool) -> list[Lived]:
    """Return *current* without *gone*, and without everything that one of those may have explained."""
    gone = set(gone)
    growing = True
    while growing:
        removed = [operation for operation, _ in current if operation.call in gone and operation.f not in model.reads]
        touched: set[Hashable] = {key_of(operation, model) for operation in removed if not is_refused(operation, model)}
        made = {(key_of(operation, model), made_value(operation)) for operation in removed}
        growing = False
        for operation, _ in current:
            if operation.call in gone:
                continue
            key = key_of(operation, model)
            if not register or is_refused(operation, model):
                orphaned = key in touched
            else:
                seen = observed_value(operation)
                orphaned = seen is not None and (key, seen) in made
            if orphaned:
                gone.add(operation.call)
                growing = True
    return [one for one in current if one[0].call not in gone]
