"""What a scenario can set about a last-write-wins store."""

from __future__ import annotations

from typing import ClassVar, Final

import attrs

from chaoslab.errors import UsageError, unknown_word
from chaoslab.parameters import DURATION, TEXT, parameter
from chaoslab.units import NS_PER_S

__all__ = ["LEVELS", "QuorumSettings", "Settings"]

LEVELS: Final = ("one", "quorum", "all")
"""How many replicas must have answered before a client is: one, more than half, all."""


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of a last-write-wins store."""

    levels: ClassVar[tuple[str, ...]] = LEVELS

    consistency: str = parameter(TEXT, f"How many replicas must answer: {', '.join(LEVELS)}.", default="one")
    anti_entropy_ns: int = parameter(
        DURATION, "How often a replica compares itself with another one.", default=300_000_000, name="anti_entropy"
    )
    hints_ns: int = parameter(
        DURATION, "How often a coordinator tries to hand its hints over.", default=500_000_000, name="hints"
    )

    def __attrs_post_init__(self) -> None:
        if self.consistency not in self.levels:
            raise UsageError(unknown_word("consistency", self.consistency, self.levels), key="consistency")
        for name in ("anti_entropy", "hints"):
            if getattr(self, f"{name}_ns") <= 0:
                raise UsageError("a period is longer than nothing.", key=name)

    @property
    def anti_entropy_s(self) -> float:
        """Seconds between two comparisons."""
        return self.anti_entropy_ns / NS_PER_S

    @property
    def hints_s(self) -> float:
        """Seconds between two tries."""
        return self.hints_ns / NS_PER_S

    def needed(self, replicas: int) -> int:
        """Return how many of *replicas* replicas must answer."""
        return {"one": 1, "quorum": replicas // 2 + 1, "all": replicas}[self.consistency]


@attrs.frozen(kw_only=True)
class QuorumSettings(Settings):
    """The same, where any two operations meet in a replica: with less, less is promised."""

    levels: ClassVar[tuple[str, ...]] = LEVELS[1:]

    consistency: str = parameter(TEXT, "How many replicas must answer: quorum or all.", default="quorum")
