"""Looks for a linearization: just in time, depth first, with memory.

Lowe 2017 ("Testing for linearizability", section 4): an operation is linearized only when it, or one that must come
after it, is about to return. On top of that:

* reads that are legal now are linearized at once: they change nothing, so it cannot hurt;
* a configuration is given up if one with the same state and the same updates done, but fewer info operations used up,
  was given up before: whatever this one could still do, that one could;
* of several open updates with the same effect only the one that must return first is tried.

This file does not know histories or keys: it gets one part and gives an order, or says how far it came.
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.checkers.linearizable.planner import Part, Planned
from chaoslab.models import ILLEGAL, Model

__all__ = ["Budget", "Found", "Stuck", "search"]


@attrs.define
class Budget:
    """How many configurations may still be looked at, over all parts of a history."""

    left: int


@attrs.frozen(kw_only=True)
class Found:
    """A linearization of the part.

    Attributes:
        order: The operations in the order in which they took effect; infos that never did are missing.
    """

    order: tuple[Planned, ...]


@attrs.frozen(kw_only=True)
class Stuck:
    """There is none, or none was found.

    Attributes:
        exhausted: The whole space was searched: there is none. Otherwise the budget ran out.
        order: The longest legal beginning that was found.
        blocked: The operation that could not return after it, or None.
    """

    exhausted: bool
    order: tuple[Planned, ...]
    blocked: Planned | None


_Chain = Any  # (chain before, operation) or None: the order so far, shared between configurations


def search(part: Part, model: Model, budget: Budget) -> Found | Stuck:
    """Look for a linearization of *part*.

    Cost: O(n) configurations where few operations overlap; exponential in the concurrency at worst.
    """
    returns, pending = part.returns, part.pending
    transitions: dict[tuple[Any, Any], Any] = {}
    step = model.step

    def after(state: Any, arguments: tuple[str, Any, Any, Any]) -> Any:
        key = (state, arguments)
        known = transitions.get(key)
        if known is None:
            known = transitions[key] = step(state, *arguments), None
        return known[0]

    given_up: dict[tuple[int, int, Any], list[int]] = {}
    stack: list[tuple[int, int, Any, _Chain]] = [(0, 0, model.initial, None)]
    deepest: tuple[int, _Chain] = (0, None)
    while stack:
        i, mask, state, chain = stack.pop()
        while i < len(returns):
            for read in pending[i][0]:
                if not mask & read.bit and after(state, read.arguments) is not ILLEGAL:
                    mask |= read.bit
                    chain = (chain, read)
            bit = returns[i].bit
            if not mask & bit:
                break
            mask &= ~bit
            i += 1
        else:
            return Found(order=_unrolled(chain))
        if i > deepest[0] or deepest[1] is None:
            deepest = (i, chain)
        if budget.left <= 0:
            return Stuck(exhausted=False, order=_unrolled(deepest[1]), blocked=None)
        crashed = part.crashed[i]
        used = mask & crashed
        known = given_up.setdefault((i, mask & ~crashed, state), [])
        if any(other & ~used == 0 for other in known):
            continue
        budget.left -= 1
        known[:] = [other for other in known if used & ~other]
        known.append(used)
        tried: set[Any] = set()
        branches = []
        for update in pending[i][1]:
            if mask & update.bit or update.arguments in tried:
                continue
            tried.add(update.arguments)
            following = after(state, update.arguments)
            if following is ILLEGAL or (update.bit & crashed and following == state):
                continue
            branches.append((i, mask | update.bit, following, (chain, update)))
        stack.extend(reversed(branches))
    i, chain = deepest
    return Stuck(exhausted=True, order=_unrolled(chain), blocked=returns[i])


def _unrolled(chain: _Chain) -> tuple[Planned, ...]:
    order = []
    while chain is not None:
        chain, one = chain
        order.append(one)
    return tuple(reversed(order))
