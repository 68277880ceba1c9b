"""What a scenario can set about Viewstamped Replication."""

from __future__ import annotations

import attrs

from chaoslab.errors import UsageError
from chaoslab.parameters import DURATION, parameter
from chaoslab.units import NS_PER_S

__all__ = ["Settings"]


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of Viewstamped Replication."""

    tick_ns: int = parameter(
        DURATION,
        "How often a primary says that it is there, and what was not answered is sent again.",
        default=50_000_000,
        name="tick",
    )
    silence_ns: int = parameter(
        DURATION,
        "The shortest silence after which a backup begins a view change; the longest is twice that.",
        default=150_000_000,
        name="silence",
    )

    def __attrs_post_init__(self) -> None:
        if not 0 < self.tick_ns < self.silence_ns:
            raise UsageError("a silence is longer than a tick.", key="silence")

    @property
    def tick_s(self) -> float:
        """Seconds between ticks."""
        return self.tick_ns / NS_PER_S

    @property
    def silence_s(self) -> tuple[float, float]:
        """The range of seconds of silence after which a backup begins a view change."""
        return self.silence_ns / NS_PER_S, 2 * self.silence_ns / NS_PER_S
