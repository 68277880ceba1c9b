"""What a protocol promises to survive: the nemesis never does more, unless it is told to.

A failure within the budget is a bug of the protocol. Beyond it, nothing was promised.
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.errors import UsageError

__all__ = ["Budget"]

_WORDS = ("none", "minority", "all")


def _down(instance: Budget, attribute: attrs.Attribute[Any], value: str | int) -> None:
    if value not in _WORDS and not (isinstance(value, int) and value >= 0):
        raise UsageError(f"{value!r} is not a number of nodes: {', '.join(_WORDS)}, or a count.", key="down")


@attrs.frozen(kw_only=True)
class Budget:
    """The faults that a protocol survives without breaking its claims.

    Attributes:
        down: How many nodes may be down or paused at once, their disks kept: ``"none"``, ``"minority"`` (fewer than
            half), ``"all"``, or a number.
    """

    down: str | int = attrs.field(default="minority", validator=_down)

    def down_max(self, nodes: int) -> int:
        """Return how many of *nodes* nodes may be down or paused at once."""
        if isinstance(self.down, int):
            return self.down
        return {"none": 0, "minority": (nodes - 1) // 2, "all": nodes}[self.down]
