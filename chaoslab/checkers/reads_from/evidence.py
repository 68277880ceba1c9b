"""What the weak levels show for their verdicts: patterns that must not occur, and orders that explain everything.

Operations are named by the index of their invocation, so that a verifier can look them up in the raw history.
``None`` in place of a write stands for the value that was there at the start.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

__all__ = ["Cases", "Conflict", "Pattern", "Reason", "Refutation", "Step"]

Reason = Literal["session", "reads-from", "conflict"]


@attrs.frozen(kw_only=True)
class Step:
    """One reason why an operation comes before another.

    Attributes:
        before: The operation that comes first.
        after: The one that comes later.
        reason: ``session``: one process did both, in this order. ``reads-from``: the later one saw what the first one
            wrote. ``conflict``: both wrote one key, and some read saw the later one although the first was visible.
    """

    before: int
    after: int
    reason: Reason


@attrs.frozen(kw_only=True)
class Conflict:
    """Why of two writes of one key one comes before the other: a read saw *after* although *before* was visible to it.

    Attributes:
        before: The write that comes first.
        after: The write that was seen.
        read: The read that saw it.
        path: Steps from *before* to *read*.
    """

    before: int
    after: int
    read: int
    path: tuple[Step, ...]


@attrs.frozen(kw_only=True)
class Pattern:
    """A few operations that the level forbids.

    Attributes:
        name: The pattern's name in the literature.
        read: The read at fault, or None where the pattern is a cycle.
        path: The steps that lead to it, or around the cycle.
        conflicts: Why each step of reason ``conflict`` holds, each resting at most on those ahead of it.
        observer: An operation of the session from whose point of view it is forbidden, where that matters.
        happened: For each compare-and-set of unknown outcome that takes part as a read: why it took place.
        rests_on: The reads that several writes can explain and whose choice the pattern needs.
    """

    name: str
    read: int | None = None
    path: tuple[Step, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    observer: int | None = None
    happened: tuple[Step, ...] = ()
    rests_on: tuple[int, ...] = ()


@attrs.frozen(kw_only=True)
class Cases:
    """Every write that may explain a read leads to something forbidden.

    Attributes:
        read: The read.
        cases: For each write that may have been seen (None: the initial value): what is forbidden then.
    """

    read: int
    cases: tuple[tuple[int | None, Pattern | Cases], ...]


Refutation: TypeAlias = Pattern | Cases
