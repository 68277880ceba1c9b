"""A lock: acquire and release, with owners and fencing tokens where the history tells them.

The argument is the owner; without one anybody may release. A result False means "refused": somebody else held it, or
a release by one who did not hold it. The value of an ok acquire, if given, is a fencing token: larger than all before.
``True`` says no more than that it was granted.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from chaoslab.history.operation import Operation
from chaoslab.history.words import in_words
from chaoslab.models.growing import number_of, went_back
from chaoslab.models.model import ILLEGAL, UNKNOWN, Explanation, Model
from chaoslab.models.number import number_in

__all__ = ["MUTEX"]

_REFUSED = ("bool", "False")
_GRANTED = ("bool", "True")


def _step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    held, owner, token = state
    if f == "release":
        may = held and (owner is None or argument is None or owner == argument)
        if result == _REFUSED:
            return ILLEGAL if may else state
        return (False, None, token) if may else ILLEGAL
    if result == _REFUSED:
        return state if held else ILLEGAL
    if held:
        return ILLEGAL
    if value is UNKNOWN or value is None or value == _GRANTED:
        # Nobody knows its token. A whole number was at least one more than the last.
        return (True, argument, token + 1 if isinstance(token, int) else token)
    new = number_in(value, "a fencing token")
    return (True, argument, new) if token is None or new > token else ILLEGAL


def _explain(operations: Sequence[Operation]) -> Explanation | None:
    """Two that hold the lock at once, or a token that is not larger than one before."""
    done = [one for one in operations if one.type != "fail" and one.result is not False]
    granted = sorted((one for one in done if one.f == "acquire" and one.type == "ok"), key=lambda one: one.call)
    releases = [one for one in done if one.f == "release"]
    for first, second in pairwise(granted):
        if not any(_may_come_between(first, second, release) for release in releases):
            return (
                "two holders",
                f"{in_words(first)} and {in_words(second)}, and nobody released it in between: both hold it.",
                (first, second),
            )
    back = went_back(granted, lambda one: number_of(one.value), strictly=True)
    if back is None:
        return None
    first, second = back
    return (
        "fencing token out of order",
        f"{in_words(second)}, although before that {in_words(first)}: fencing tokens grow.",
        back,
    )


def _may_come_between(first: Operation, second: Operation, release: Operation) -> bool:
    """Return whether *release* may have ended the hold of one of two acquires before the other began its own."""
    assert first.ret is not None
    assert second.ret is not None
    return release.call < max(first.ret, second.ret) and (release.ret is None or release.ret > first.call)


MUTEX = Model(
    name="mutex",
    summary="acquire and release; one holder at a time; fencing tokens grow",
    initial=(False, None, None),
    step=_step,
    reads=frozenset(),
    fs=frozenset({"acquire", "release"}),
    explain=_explain,
)
