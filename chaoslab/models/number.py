"""Numbers in frozen values: amounts, priorities, balances."""

from __future__ import annotations

from typing import Any

from chaoslab.errors import HistoryError
from chaoslab.history.values import thawed

__all__ = ["number_in"]


def number_in(frozen_value: Any, what: str) -> int | float:
    """Return the number that ``frozen`` made *frozen_value* of.

    Raises:
        HistoryError: it is none; the sentence says that *what* must be one.
    """
    if frozen_value.__class__ is int:
        number: int = frozen_value
        return number
    if frozen_value.__class__ is tuple and frozen_value[0] == "float" and frozen_value[1] != "nan":
        return float(frozen_value[1])
    raise HistoryError(f"{what} is a number, not {thawed(frozen_value)!r}.")
