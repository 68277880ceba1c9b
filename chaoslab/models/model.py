"""Sequential specifications: what an object answers when one operation follows another.

Rules:

1. A model is a value with a pure ``step``: from a state and an operation to the next state, or ``ILLEGAL``.
2. States and values are hashable and compared with ``==``; checkers freeze values before they step.
3. ``value`` is ``UNKNOWN`` for an operation of which nobody knows the outcome: if it happened, then somehow. ``result``
   None likewise tells nothing.

A model of one's own is one ``Model(...)`` with a function of a few lines.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final

import attrs

from chaoslab.errors import HistoryError
from chaoslab.history.operation import Operation
from chaoslab.history.values import thawed

__all__ = ["ILLEGAL", "UNKNOWN", "Explanation", "Model", "Step", "StepError"]


class StepError(HistoryError):
    """A model's ``step`` can do nothing with an operation.

    Attributes:
        operation: Name, argument, value and result, as the step was given them.
    """

    def __init__(self, message: str, operation: tuple[str, Any, Any, Any]) -> None:
        super().__init__(message)
        self.operation = operation


class _Illegal:
    def __repr__(self) -> str:
        return "ILLEGAL"


ILLEGAL: Final = _Illegal()
"""What ``step`` returns for an operation that cannot happen in that state."""


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()
"""What an operation observed of which nobody knows the outcome. Every outcome is allowed then."""


Explanation = tuple[str, str, tuple[Operation, ...]]
"""What is wrong with a history: the anomaly's name, a sentence, and the two or three operations that show it."""


def _resets_nothing(f: str, argument: Any, value: Any, result: Any) -> Any:
    return ILLEGAL


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
        refusable: Names of operations that change nothing when their result is false, such as a compare-and-set.
        tells_whether: Names of operations whose result, if given, is true or false: whether they did anything.
        guesses: Names of operations that, if nobody knows their outcome, may have had other effects than the one that
            ``step`` takes: a history with such ones that no order explains is undecided.
        shape: The polynomial checker that may know histories of this object, such as ``"register"``; it looks for
            itself whether it does. Empty: none.
        leads_to: Whether a state can become, without being reset, one in which an operation that observes it sees what
            it saw; called like ``step``. For values that grow; None: the model cannot tell.
        resets_to: The state that an operation leaves if it took place, whatever was before it; ``ILLEGAL`` if that
            depends on what was before.
        explain: Says what is wrong with operations on one object that are known to have no order, where two or three
            show it, and returns None where they do not. Those that failed are among them.
    """

    name: str
    summary: str
    initial: Hashable = None
    step: Step
    reads: frozenset[str]
    fs: frozenset[str]
    keyed: bool = True
    refusable: frozenset[str] = frozenset()
    tells_whether: frozenset[str] = frozenset()
    guesses: frozenset[str] = frozenset()
    shape: str = ""
    leads_to: Callable[[Any, str, Any, Any, Any], bool] | None = None
    resets_to: Callable[[str, Any, Any, Any], Any] = _resets_nothing
    explain: Callable[[Sequence[Operation]], Explanation | None] | None = None

    def after(self, state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
        """Return what ``step`` returns, for values that nobody has looked at yet.

        Raises:
            StepError: the values are not such as this model's operations have.
        """
        try:
            return self.step(state, f, argument, value, result)
        except HistoryError as error:
            raise StepError(error.message, (f, argument, value, result)) from None
        except (TypeError, ValueError, IndexError, KeyError, AttributeError) as error:
            saw = "" if value is None or value is UNKNOWN or value == argument else f" that saw {thawed(value)!r}"
            what = f if argument is None else f"{f} {thawed(argument)!r}"
            why = f"the model {self.name!r} cannot make sense of {what}{saw}: {str(error).rstrip('.')}."
            raise StepError(why, (f, argument, value, result)) from error
