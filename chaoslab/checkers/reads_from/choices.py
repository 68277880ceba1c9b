"""Decides which write each read saw, where several writes can explain it: a search that learns from what fails.

Rules:

1. A level's test gets a complete choice and answers with a forbidden pattern, which names the choices it rests on.
2. Adding observations never repairs a pattern. So whatever the other choices are, this combination is out: the search
   goes back to the latest choice that the pattern rests on (conflict-directed backjumping: Prosser 1993) and leaves
   choices in between as they are.
3. A pattern that rests on no choice settles the matter.
4. The search begins with what is likely, twice (see ``likely``), and tries older writes before later ones.
5. Each test of a history of n operations costs n configurations; the first is free.
6. A test that notes for each operation what it knew of each of k sessions costs n * (1 + k // 64), and the first is
   free only while n * k is bounded: it is what such a test needs memory for.

This file does not know any guarantee.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import attrs

from chaoslab.checkers.reads_from.evidence import Cases, Pattern, Refutation
from chaoslab.checkers.reads_from.likely import latest_choices, likely_choices
from chaoslab.checkers.reads_from.preparation import INITIAL, NOTHING, Sessions, reading

__all__ = ["Explained", "Refuted", "Undecided", "decide", "first_is_free"]

_CLOCKS_MAX = 50_000_000
"""Numbers in the clocks of all operations, of which each takes eight bytes at worst."""

_SESSIONS_A_CONFIGURATION = 64

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

    def readings(self, sessions: Sessions) -> tuple[tuple[int, int | None], ...]:
        """Return what was assumed: reads that several writes can explain, with their write (None: the first value)."""
        seen = ((node, self.reads_from[node]) for node in sessions.choices)
        return tuple(
            (sessions.calls[node], sessions.calls[write] if write >= 0 else None)
            for node, write in seen
            if write != NOTHING
        )


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
        why: What they were needed for, as the beginning of a sentence.
    """

    configurations: int
    why: str = ""

    @property
    def summary(self) -> str:
        """What people are told."""
        return (
            f"{self.why}; raise the budget (--budget, or configurations_max in Python), or write every value "
            "once, by fewer processes."
        )


def first_is_free(sessions: Sessions) -> bool:
    """Return whether what each operation knew of each session fits into a bounded memory."""
    return len(sessions.calls) * len(sessions.nodes) <= _CLOCKS_MAX


def _price(sessions: Sessions, clocks: bool) -> int:
    return len(sessions.calls) * (1 + (len(sessions.nodes) // _SESSIONS_A_CONFIGURATION if clocks else 0))


def decide(
    sessions: Sessions,
    test: Callable[[Sessions, list[int]], Pattern | Result],
    configurations_max: int,
    *,
    clocks: bool,
) -> Explained[Result] | Refuted | Undecided:
    """Look for a choice of what was read that *test* has nothing against.

    Args:
        sessions: The history.
        test: From the history and a reading to a forbidden pattern, or anything else if there is none.
        configurations_max: Search budget, in configurations.
        clocks: Whether the test notes what each operation knew of each session.

    Cost: one test if no read is a choice; exponential in the number of choices at worst.
    """
    if sessions.unexplained:
        return Refuted(
            refutation=Pattern(name="ThinAirRead", read=sessions.calls[sessions.unexplained[0]]), configurations=0
        )
    cost = _price(sessions, clocks)
    few = first_is_free(sessions)
    if clocks and not few and cost > configurations_max:
        return Undecided(
            configurations=0,
            why=f"to find out what each of {len(sessions.calls):,} operations knew of {len(sessions.nodes):,} sessions "
            f"takes {cost:,} configurations, and {configurations_max:,} are allowed",
        )
    spent = 0
    starts: tuple[list[int], ...] = ([],)
    if sessions.choices:
        starts = (likely_choices(sessions), latest_choices(sessions)) if few else (latest_choices(sessions),)
    for number, start in enumerate(starts, 1):
        answer = _search(sessions, test, start, (configurations_max - spent) // (len(starts) - number + 1), cost)
        spent += answer.configurations
        if not isinstance(answer, Undecided):
            break
        spent = min(configurations_max, spent + cost)  # the first test of the next start
    spent = min(spent, configurations_max)
    if isinstance(answer, Undecided):
        return Undecided(
            configurations=spent,
            why=f"several writes can explain {len(sessions.choices):,} of the reads, and the search for who read what "
            f"gave up after {configurations_max:,} configurations",
        )
    return attrs.evolve(answer, configurations=spent)


def _search(
    sessions: Sessions,
    test: Callable[[Sessions, list[int]], Pattern | Result],
    current: list[int],
    allowed: int,
    cost: int,
) -> Explained[Result] | Refuted | Undecided:
    """Search from *current*: for each choice the index of its candidate."""
    variables = list(sessions.choices)
    level_of = {sessions.calls[node]: level for level, node in enumerate(variables)}
    domains = [sessions.choices[node] for node in variables]
    tried: list[list[tuple[int | None, Refutation]]] = [[] for _ in variables]
    rests: list[set[int]] = [set() for _ in variables]  # the earlier choices that the tried ones failed with
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
