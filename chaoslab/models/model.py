"""Sequential specifications: what an object answers when one operation follows another.

Rules:

1. A model is a value with a pure ``step``: from a state and an operation to the next state, or ``ILLEGAL``.
2. States and values are hashable and compared with ``==``; checkers freeze values before they step.
3. ``result`` None means that the operation's outcome is not known; then every outcome is allowed.

A model of one's own is one ``Model(...)`` with a function of a few lines.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final

import attrs

__all__ = ["ILLEGAL", "Model", "Step"]


class _Illegal:
    def __repr__(self) -> str:
        return "ILLEGAL"


ILLEGAL: Final = _Illegal()
"""What ``step`` returns for an operation that cannot happen in that state."""

Step = Callable[[Any, str, Any, Any, Any], Any]
"""``step(state, f, argument, value, result)``: the operation's argument, what it observed, and its further result."""


@attrs.frozen(kw_only=True)
class Model:
    """A sequential specification.

    Attributes:
        name: As users write it.
        summary: One line for people.
        initial: The state before the first operation.
        step: The next state, or ``ILLEGAL``.
        reads: Names of operations that never change the state.
        fs: Names of all operations it knows.
        keyed: Operations on different keys have nothing to do with each other: each key is an object of its own.
    """

    name: str
    summary: str
    initial: Hashable = None
    step: Step
    reads: frozenset[str]
    fs: frozenset[str]
    keyed: bool = True
