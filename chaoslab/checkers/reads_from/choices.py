"""Decides which write each read saw, where several writes can explain it: a search that learns from what fails.

Rules:

1. A level's test gets a complete choice and answers with a forbidden pattern, which names the choices it rests on.
2. Adding observations never repairs a pattern. So whatever the other choices are, this combination is out: the search
   goes back to the latest choice that the pattern rests on (conflict-directed backjumping: Prosser 1993) and leaves
   choices in between as they are.
3. A pattern that rests on no choice settles the matter.
4. The search begins with what is likely, twice (see ``likely``), and tries older writes before later ones.
5. Each test of a history of n operations costs n configurations; the first is free.

This file does not know any guarantee.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import attrs

from chaoslab.checkers.reads_from.evidence import Cases, Pattern, Refutation
from chaoslab.checkers.reads_from.likely import latest_choices, likely_choices
from chaoslab.checkers.reads_from.preparation import INITIAL, Sessions, reading

__all__ = ["Explained", "Refuted", "Undecided", "decide"]

Result = TypeVar("Result")


@attrs.frozen(kw_only=True)
class Explained(Generic[Result]):
    """A choice that the level allows.

    Attributes:
        reads_from: From each node the write it saw.
        found: What the test returned instead of a pattern.
        configurations: How many were looked at.
    """

    reads_from: list[int]
    found: Result
    configurations: int


@attrs.frozen(kw_only=True)
class Refuted:
    """No choice is allowed.

    Attributes:
        refutation: Why.
        configurations: How many were looked at.
    """

    refutation: Refutation
    configurations: int


@attrs.frozen(kw_only=True)
class Undecided:
    """The budget ran out.

    Attributes:
        configurations: How many were looked at.
    """

    configurations: int


def decide(
    sessions: Sessions, test: Callable[[Sessions, list[int]], Pattern | Result], configurations_max: int
) -> Explained[Result] | Refuted | Undecided:
    """Look for a choice of what was read that *test* has nothing against.

    Args:
        sessions: The history.
        test: From the history and a reading to a forbidden pattern, or anything else if there is none.
        configurations_max: Search budget, in configurations.

    Cost: one test if no read is a choice; exponential in the number of choices at worst.
    """
    if sessions.unexplained:
        return Refuted(
            refutation=Pattern(name="ThinAirRead", read=sessions.calls[sessions.unexplained[0]]), configurations=0
        )
    spent = 0
    starts = (likely_choices(sessions), latest_choices(sessions)) if sessions.choices else ([],)
    for number, start in enumerate(starts, 1):
        answer = _search(sessions, test, start, (configurations_max - spent) // (len(starts) - number + 1))
        spent += answer.configurations
        if not isinstance(answer, Undecided):
            break
        spent = min(configurations_max, spent + len(sessions.calls))  # the first test of the next start
    return attrs.evolve(answer, configurations=min(spent, configurations_max))


def _search(
    sessions: Sessions, test: Callable[[Sessions, list[int]], Pattern | Result], current: list[int], allowed: int
) -> Explained[Result] | Refuted | Undecided:
    """Search from *current*: for each choice the index of its candidate."""
    variables = list(sessions.choices)
    level_of = {sessions.calls[node]: level for level, node in enumerate(variables)}
    domains = [sessions.choices[node] for node in variables]
    tried: list[list[tuple[int | None, Refutation]]] = [[] for _ in variables]
    rests: list[set[int]] = [set() for _ in variables]  # the earlier choices that the tried ones failed with
    cost = len(sessions.calls)
    spent = 0
    while True:
        reads_from = reading(sessions, {node: domains[i][current[i]] for i, node in enumerate(variables)})
        found = test(sessions, reads_from)
        if not isinstance(found, Pattern):
            return Explained(reads_from=reads_from, found=found, configurations=spent)
        refutation: Refutation = found
        conflict = {level_of[call] for call in found.rests_on}
        while conflict:
            level = max(conflict)
            for inner in range(level + 1, len(variables)):
                if tried[inner]:
                    tried[inner] = []
                    rests[inner] = set()
            write = domains[level][current[level]]
            tried[level].append((None if write == INITIAL else sessions.calls[write], refutation))
            conflict.discard(level)
            rests[level] |= conflict
            if len(tried[level]) < len(domains[level]):
                current[level] = (current[level] or len(domains[level])) - 1  # the one before, and round
                break
            refutation = Cases(read=sessions.calls[variables[level]], cases=tuple(tried[level]))
            conflict = rests[level]
            tried[level] = []
            rests[level] = set()
        else:
            return Refuted(refutation=refutation, configurations=spent)
        if spent + cost > allowed:
            return Undecided(configurations=spent)
        spent += cost
