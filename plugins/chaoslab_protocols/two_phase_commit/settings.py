"""What a scenario can set about two-phase commit."""

from __future__ import annotations

import attrs

from chaoslab.errors import UsageError
from chaoslab.parameters import COUNT, DURATION, parameter
from chaoslab.units import NS_PER_S

__all__ = ["Settings"]


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of two-phase commit."""

    tick_ns: int = parameter(
        DURATION,
        "How often what was not answered is sent again, and an aborted attempt is made again.",
        default=50_000_000,
        name="tick",
    )
    patience_ns: int = parameter(
        DURATION,
        "How long an attempt may take that is not decided, and a participant keeps locks that it may still give up.",
        default=500_000_000,
        name="patience",
    )
    attempts: int = parameter(
        COUNT, "How often a transaction is tried before its client hears that it failed.", default=5
    )
    balance: int = parameter(COUNT, "What every account of a bank holds at first.", default=10)

    def __attrs_post_init__(self) -> None:
        if not 0 < self.tick_ns < self.patience_ns:
            raise UsageError("patience is longer than a tick.", key="patience")
        if self.attempts < 1:
            raise UsageError("a transaction is tried at least once.", key="attempts")

    @property
    def tick_s(self) -> float:
        """Seconds between ticks."""
        return self.tick_ns / NS_PER_S

    @property
    def patience_s(self) -> float:
        """Seconds that an undecided attempt may take."""
        return self.patience_ns / NS_PER_S
