"""What a scenario can set about a causal store."""

from __future__ import annotations

import attrs

from chaoslab.errors import UsageError
from chaoslab.parameters import DURATION, RATIO, parameter
from chaoslab.units import NS_PER_S

__all__ = ["Settings"]


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of a causal store."""

    moves: float = parameter(RATIO, "How likely a client moves to another replica before an operation.", default=0.1)
    anti_entropy_ns: int = parameter(
        DURATION, "How often a replica tells the others what it has.", default=100_000_000, name="anti_entropy"
    )
    patience_ns: int = parameter(
        DURATION, "How long a replica that is behind lets a client wait.", default=300_000_000, name="patience"
    )

    def __attrs_post_init__(self) -> None:
        for name in ("anti_entropy", "patience"):
            if getattr(self, f"{name}_ns") <= 0:
                raise UsageError("a period is longer than nothing.", key=name)

    @property
    def anti_entropy_s(self) -> float:
        """Seconds between two rounds of anti-entropy."""
        return self.anti_entropy_ns / NS_PER_S

    @property
    def patience_s(self) -> float:
        """Seconds that a client waits at a replica that is behind."""
        return self.patience_ns / NS_PER_S
