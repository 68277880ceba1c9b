"""What a polynomial checker decides: an order of the operations, or few operations that have none.

A checker works on the columns of a ``Part`` and answers with positions: ``Ordered``, ``Refuted``, or None where it does
not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs

from chaoslab.history import Operation

__all__ = ["Ordered", "Refuted", "Telling", "refuted"]

Telling = Callable[[Callable[[int], Operation]], str]
"""Makes the sentence, given the function from positions to operations. Called only if somebody wants to read it."""


@attrs.frozen(kw_only=True)
class Ordered:
    """There is an order.

    Attributes:
        positions: Of the operations, in that order. Infos that never took effect are missing.
    """

    positions: list[int]


@attrs.frozen(kw_only=True)
class Refuted:
    """There is no order.

    Attributes:
        positions: Few operations that have no order by themselves, ascending. They are all operations on their values,
            so that the others cannot help.
        anomaly: Its name.
        tell: Makes the sentence for people.
    """

    positions: list[int]
    anomaly: str
    tell: Telling


def refuted(anomaly: str, positions: Iterable[int], tell: Telling) -> Refuted:
    """Return that the operations at *positions*, each named once or more, have no order."""
    return Refuted(positions=sorted(set(positions)), anomaly=anomaly, tell=tell)
