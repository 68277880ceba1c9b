"""A lock: acquire and release, with owners and fencing tokens where the history tells them.

The argument is the owner; without one anybody may release. A result False means "refused": somebody else held it, or
a release by one who did not hold it. The value of an ok acquire, if given, is a fencing token: larger than all before.
``True`` says no more than that it was granted.
"""

from __future__ import annotations

from typing import Any

from chaoslab.models.model import ILLEGAL, UNKNOWN, Model
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


MUTEX = Model(
    name="mutex",
    summary="acquire and release; one holder at a time; fencing tokens grow",
    initial=(False, None, None),
    step=_step,
    reads=frozenset(),
    fs=frozenset({"acquire", "release"}),
)
